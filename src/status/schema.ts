// JSON schemas that cannot forget a property: the compiler compares them with the interface that they describe.

/** JSON Schema 2020-12, as far as both OpenAPI 3.1 and fastify read it. */
export type Schema = Readonly<Record<string, unknown>>

type OptionalKey<T> = { [K in keyof T]-?: object extends Pick<T, K> ? K : never }[keyof T]

/** @param optional the properties that may be absent, each of them. */
export function objectOf<T>(
  title: string,
  properties: Readonly<Record<keyof T, Schema>>,
  optional: Readonly<Record<OptionalKey<T>, true>>,
): Schema {
  const required = Object.keys(properties).filter((name) => !Object.hasOwn(optional, name))
  return { title, type: 'object', properties, required }
}

export function listOf(items: Schema, description?: string): Schema {
  return { type: 'array', items, ...(description !== undefined && { description }) }
}

export function text(description?: string): Schema {
  return { type: 'string', ...(description !== undefined && { description }) }
}

export function oneOf(...words: readonly string[]): Schema {
  return { type: 'string', enum: words }
}

/** RFC 3339. */
export const TIME: Schema = { type: 'string', format: 'date-time' }
export const COUNT: Schema = { type: 'integer', minimum: 0 }
export const FLAG: Schema = { type: 'boolean' }
