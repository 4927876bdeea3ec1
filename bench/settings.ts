// The command line of a benchmark, as bench/run.mjs hands it on: `--NAME=VALUE` (or `--NAME VALUE`) for what it lets be
// set, `--out=DIR`, and `--peer=NAME=MANIFEST`.

import { ROOT } from '../scripts/checkout.mjs'

export type Settings = Readonly<Record<string, number | string>>

interface Option {
  readonly name: string
  readonly value: string
}

const OWN = new Set(['out', 'peer'])

function* read(args: readonly string[]): Generator<Option> {
  const rest = args.values()
  for (const text of rest) {
    const [, name, value = rest.next().value] = /^--([\w-]+)(?:=(.*))?$/s.exec(text) ?? []
    if (name === undefined || value === undefined) throw new Error(`${text}: expected --NAME=VALUE`)
    yield { name, value }
  }
}

const options = [...read(process.argv.slice(2))]

/** What is given instead of `defaults`; throws for a setting that there is not, or no number where one has to be. */
export function settings<S extends Settings>(defaults: S): S {
  const read: Record<string, number | string> = { ...defaults }
  for (const { name, value } of options.filter((each) => !OWN.has(each.name))) {
    const before = read[name]
    if (before === undefined)
      throw new Error(`--${name}: there is no such setting, but ${Object.keys(defaults)}`)
    const number = Number(value)
    if (typeof before === 'number' && !(number >= 0))
      throw new Error(`--${name}=${value}: expected a number, 0 or more`)
    read[name] = typeof before === 'number' ? number : value
  }
  return read as S
}

/** Where results go. */
export function outFolder(): string {
  return options.find(({ name }) => name === 'out')?.value ?? `${ROOT}/bench/results`
}

interface Peer {
  readonly name: string
  /** Path of its manifest. */
  readonly manifest: string
}

export function peers(): Peer[] {
  return options
    .filter(({ name }) => name === 'peer')
    .map(({ value }) => {
      const separator = value.indexOf('=')
      return { name: value.slice(0, separator), manifest: value.slice(separator + 1) }
    })
}
