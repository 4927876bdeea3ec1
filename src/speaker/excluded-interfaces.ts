// The file that names interfaces on which nothing is announced: mounted from the ConfigMap metallb-excludel2.

import { existsSync, readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { FlagError } from '../flags.ts'

const KEY = 'announcedInterfacesToExclude'

/** The file's regular expressions; none when there is no file. Throws `FlagError` for what cannot be used. */
export function readExcludedInterfaces(path: string): RegExp[] {
  return existsSync(path) ? parseExcludedInterfaces(readFileSync(path, 'utf8'), path) : []
}

export function parseExcludedInterfaces(text: string, path: string): RegExp[] {
  const document = readYaml(text, path)
  const list: unknown =
    typeof document === 'object' && document !== null ? Reflect.get(document, KEY) : undefined
  if (!Array.isArray(list)) throw new FlagError(`${path}: expected a list under ${KEY}`)
  return list.map((pattern: unknown) => {
    try {
      return new RegExp(String(pattern))
    } catch {
      throw new FlagError(`${path}: ${JSON.stringify(pattern)} is not a regular expression`)
    }
  })
}

function readYaml(text: string, path: string): unknown {
  try {
    return parse(text)
  } catch (error) {
    throw new FlagError(`${path}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
