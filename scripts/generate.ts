// Writes src/api/generated/ from crds/: one file for each kind, so that the compiler checks us against the schemas.
//   npm run generate              writes
//   npm run generate -- --check   writes nothing; exits 1 and names the files that differ
import { readFileSync, readdirSync, rmSync, writeFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { compile } from 'json-schema-to-typescript'
import { parse } from 'yaml'
import { ROOT } from './checkout.mjs'

type Schema = Parameters<typeof compile>[0]

interface CustomResourceDefinition {
  kind: string
  spec: {
    names: { kind: string }
    versions: { name: string; storage: boolean; schema: { openAPIV3Schema: Schema } }[]
  }
}

const CRDS = join(ROOT, 'crds')
const GENERATED = join(ROOT, 'src/api/generated')

const BANNER = '// Generated from crds/ by scripts/generate.ts: edit the schema, then `npm run generate`.'

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

function definitions(): { file: string; definition: CustomResourceDefinition }[] {
  const files = readdirSync(CRDS).filter((file) => file.endsWith('.yaml'))
  const found = files.map((file) => {
    const definition: CustomResourceDefinition = parse(readFileSync(join(CRDS, file), 'utf8'))
    return { file, definition }
  })
  return found.filter(({ definition }) => definition.kind === 'CustomResourceDefinition')
}

const expected = new Map<string, string>()
for (const { file, definition } of definitions()) {
  expected.set(file.replace('.yaml', '.ts'), await typesOf(definition))
}

mkdirSync(GENERATED, { recursive: true })
const present = new Map(
  readdirSync(GENERATED).map((file) => [file, readFileSync(join(GENERATED, file), 'utf8')]),
)
const drifted = [...new Set([...expected.keys(), ...present.keys()])].filter(
  (file) => expected.get(file) !== present.get(file),
)

if (process.argv.includes('--check')) {
  for (const file of drifted) {
    console.error(`src/api/generated/${file} does not follow from crds/: run \`npm run generate\``)
  }
  process.exitCode = drifted.length === 0 ? 0 : 1
} else {
  for (const file of drifted) {
    const text = expected.get(file)
    if (text === undefined) rmSync(join(GENERATED, file))
    else writeFileSync(join(GENERATED, file), text)
  }
}
