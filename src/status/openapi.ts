// The document at /openapi.json: made from the routes themselves, so that it cannot say anything else.

import type { RouteOptions } from 'fastify'
import { PROBLEM } from './problem.ts'
import type { Schema } from './schema.ts'

/** What a route says of itself; routes without a summary are not listed. */
export interface RouteSchema {
  readonly summary: string
  readonly params?: Schema
  readonly querystring?: Schema
  readonly response: { readonly 200: Schema }
  /** Content type of the answer; default application/json. */
  readonly produces?: readonly string[]
}

/** OpenAPI 3.1 of the routes. */
export function openApi(title: string, version: string, routes: readonly RouteOptions[]): object {
  const paths: Record<string, { get: object }> = {}
  for (const { url, schema } of routes) {
    const { summary, params, querystring, response, produces } = (schema ?? {}) as Partial<RouteSchema>
    if (summary === undefined) continue
    const path = url.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = {
      get: {
        summary,
        parameters: [...parametersOf('path', params), ...parametersOf('query', querystring)],
        responses: {
          200: {
            description: 'what was asked for',
            content: { [produces?.[0] ?? 'application/json']: { schema: response?.[200] ?? {} } },
          },
          default: {
            description: 'a problem, RFC 9457',
            content: { 'application/problem+json': { schema: PROBLEM } },
          },
        },
        security: [{}, { bearer: [] }],
      },
    }
  }
  const bearer = {
    type: 'http',
    scheme: 'bearer',
    description: "a token of the cluster; on the pod's loopback none is asked for",
  }
  return {
    openapi: '3.1.0',
    info: { title, version, license: { name: 'Apache-2.0' } },
    paths,
    components: { securitySchemes: { bearer } },
  }
}

function parametersOf(where: 'path' | 'query', schema: Schema | undefined): object[] {
  const { properties = {}, required = [] } = (schema ?? {}) as {
    properties?: Record<string, Schema>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    ...(description !== undefined && { description }),
    schema: rest,
  }))
}
