// src/api/generated/: one file for each kind of crds/, so that the compiler checks us against the schemas.

import { compile } from 'json-schema-to-typescript'
import { documents, type Generated, type KubernetesObject, yamlFiles } from './sources.ts'

type Schema = Parameters<typeof compile>[0]

interface CustomResourceDefinition extends KubernetesObject {
  spec: { names: { kind: string }; versions: { storage: boolean; schema: { openAPIV3Schema: Schema } }[] }
}

const BANNER = '// Generated from crds/ by scripts/generate.ts: edit the schema, then `npm run generate`.'

export async function apiTypes(): Promise<Generated> {
  const files = yamlFiles('crds').flatMap((file) =>
    documents(file)
      .filter((each): each is CustomResourceDefinition => each.kind === 'CustomResourceDefinition')
      .map(async (definition): Promise<[string, string]> => {
        const name = file.replace('crds/', '').replace('.yaml', '.ts')
        return [`src/api/generated/${name}`, await typesOf(definition)]
      }),
  )
  return new Map(await Promise.all(files))
}

/** The text of the kind's type, `Spec` and `Status` below it, without what every object has. */
async function typesOf(definition: CustomResourceDefinition): Promise<string> {
  const { kind } = definition.spec.names
  const version = definition.spec.versions.find(({ storage }) => storage)
  if (version === undefined) throw new Error(`crds/: ${kind} has no storage version`)
  const {
    apiVersion: _,
    kind: __,
    metadata: ___,
    ...properties
  } = version.schema.openAPIV3Schema.properties ?? {}
  return compile({ ...version.schema.openAPIV3Schema, properties }, `${kind}Content`, {
    additionalProperties: false,
    bannerComment: BANNER,
    ignoreMinAndMaxItems: true,
    style: { semi: false, singleQuote: true, printWidth: 110 },
  })
}
