// Reads the YAML that files are generated from. Paths are relative to the checkout.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { ROOT } from '../checkout.mjs'

/** What a generator makes: path -> text. */
export type Generated = Map<string, string>

export interface KubernetesObject {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; labels?: Record<string, string> }
}

export function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

export function yamlFiles(folder: string): string[] {
  const files = readdirSync(join(ROOT, folder)).filter((file) => file.endsWith('.yaml'))
  return files.sort().map((file) => join(folder, file))
}

/** The objects of a YAML file; throws with the file's name where it is not YAML. */
export function documents(file: string): KubernetesObject[] {
  return parseAllDocuments(read(file)).map((document) => {
    const [error] = document.errors
    if (error !== undefined) throw new Error(`${file}: ${error.message}`)
    return document.toJS() as KubernetesObject
  })
}
