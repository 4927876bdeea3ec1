// A volume's files, replaced all at once as the kubelet does it: `..data` is a link to a folder that never changes,
// each file a link through it, so that a reader sees all old or all new files.

import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

export interface VolumeFile {
  content: string | Buffer
  /** Permission bits. */
  mode: number
}

/** Makes `folder` hold exactly `files` (paths relative to it); does nothing when it does already. */
export function replaceFiles(folder: string, files: ReadonlyMap<string, VolumeFile>): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  if (isSame(folder, files)) return
  const fresh = mkdtempSync(join(folder, '..'.concat(String(Date.now()), '_')))
  chmodSync(fresh, 0o755)
  for (const [path, { content, mode }] of files) {
    mkdirSync(dirname(join(fresh, path)), { recursive: true })
    writeFileSync(join(fresh, path), content)
    chmodSync(join(fresh, path), mode)
  }
  const before = currentData(folder)
  symlinkSync(fresh.slice(folder.length + 1), join(folder, '..data_tmp'))
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
  const entries = new Set([...files.keys()].map((path) => path.split('/')[0] ?? path))
  for (const name of readdirSync(folder)) {
    if (!name.startsWith('..') && !entries.delete(name)) rmSync(join(folder, name))
  }
  for (const name of entries) symlinkSync(join('..data', name), join(folder, name))
  if (before !== undefined) rmSync(join(folder, before), { recursive: true })
}

function currentData(folder: string): string | undefined {
  try {
    return readlinkSync(join(folder, '..data'))
  } catch {
    return undefined // first time
  }
}

function isSame(folder: string, files: ReadonlyMap<string, VolumeFile>): boolean {
  const data = currentData(folder)
  if (data === undefined) return false
  const existing = readdirSync(join(folder, data), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  if (existing.length !== files.size) return false
  try {
    return [...files].every(([path, { content }]) =>
      readFileSync(join(folder, data, path)).equals(Buffer.from(content)),
    )
  } catch {
    return false // a file of another name
  }
}
