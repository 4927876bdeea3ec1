// Process ids by name: pids/speaker-node-1 is one node's, pids/speaker those of all nodes, one a line.

import { readdirSync, readFileSync, rmSync, watch } from 'node:fs'
import { replaceFile } from './supervisor.ts'

const ON_NODE = /^(.+)-(node-\d+)$/
/** These are no containers: a node has one of each. */
const NODE_PROGRAMS = new Set(['kubelet', 'kube-proxy'])

/** Keeps `folder`'s files without a node's name in step with those that have one. */
export function collectPids(folder: string): void {
  let planned: NodeJS.Immediate | undefined
  watch(folder, (_, file) => {
    if (file === null || !ON_NODE.test(file)) return
    planned ??= setImmediate(() => {
      planned = undefined
      collect(folder)
    })
  })
}

function collect(folder: string): void {
  const pids = new Map<string, string>()
  const files = readdirSync(folder)
  for (const file of files) {
    const [, name] = ON_NODE.exec(file) ?? []
    if (name && !NODE_PROGRAMS.has(name))
      pids.set(name, (pids.get(name) ?? '') + readPids(`${folder}/${file}`))
  }
  for (const [name, text] of pids) {
    if (text === '') rmSync(`${folder}/${name}`, { force: true })
    else replaceFile(`${folder}/${name}`, text)
  }
}

function readPids(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // gone since the folder was read
  }
}
