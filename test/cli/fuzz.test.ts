// Objects of other programs lack whatever is optional, and carry what nobody expects: every command still answers.

import assert from 'node:assert/strict'
import test from 'node:test'
import { understand } from '../../src/cli/cluster.ts'
import { parseCommandLine } from '../../src/cli/command-line.ts'
import { CommandFailed } from '../../src/cli/exit-code.ts'
import { painter } from '../../src/cli/text.ts'
import { LOOKS, type LookingCommand } from '../../src/cli/views.ts'
import { fc } from '../fast-check.ts'
import { announces, clusterOf, condition, endpoints, lease, NODES, NOW, service } from './objects.ts'

const whole = clusterOf({
  services: [
    service('web', {
      ips: ['192.0.2.100', '192.0.2.101'],
      conditions: [condition('typemetal.io/Allocated', 'True', 'Allocated')],
    }),
    service('waiting'),
  ],
  slices: [endpoints('web', NODES)],
  statuses: [announces('node-1', 'web', ['eth0'])],
  nodeLeases: [lease('node-1')],
  proxyConfig: [{ data: { 'config.conf': 'mode: ipvs' } }],
  events: [{ metadata: {}, involvedObject: {}, reason: 'IPAllocated', message: 'it', count: 2 }],
})

const OBJECTS = [
  ...(['services', 'slices', 'nodes', 'namespaces', 'serviceCidrs', 'statuses', 'states', 'pods'] as const),
  ...(['leases', 'nodeLeases', 'proxyConfig', 'events'] as const),
]

/** What objects, pods, addresses and conditions always have. */
const REQUIRED: ReadonlySet<string> = new Set(['metadata', 'containers', 'address', 'reason', 'message'])

/** Paths of everything inside that may be missing. */
function pathsIn(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const here = [...path, name]
    const isKept = path.length < 2 || REQUIRED.has(name)
    return [...(isKept ? [] : [here]), ...pathsIn(inner, here)]
  })
}

const read = Object.fromEntries(OBJECTS.map((name) => [name, whole[name]]))
const PATHS = pathsIn(JSON.parse(JSON.stringify(read)))

/** The objects without what is at the paths, or with a number, which is of another type than anything there. */
function damaged(paths: readonly string[][], withNumber: boolean): object {
  const copy = JSON.parse(JSON.stringify(read)) as Record<string, unknown>
  for (const path of paths) {
    let at: Record<string, unknown> | undefined = copy
    for (const name of path.slice(0, -1)) at = at?.[name] as Record<string, unknown> | undefined
    const last = path.at(-1) ?? ''
    if (typeof at !== 'object' || at === null) continue
    if (withNumber && typeof at[last] === 'string') at[last] = '\u001b[31m7'
    else if (!Array.isArray(at)) delete at[last]
  }
  return copy
}

test('whatever is missing or odd in the objects, every command answers or says what is not there', () => {
  const some = fc.array(fc.constantFrom(...PATHS), { minLength: 1, maxLength: 6 })
  const lines = [
    'status',
    'pools',
    'services -A',
    'explain web',
    'explain waiting',
    'where 192.0.2.100',
    'doctor',
  ]
  fc.assert(
    fc.property(some, fc.boolean(), (paths, withNumber) => {
      const cluster = understand({ ...whole, ...damaged(paths, withNumber) })
      for (const text of lines) {
        const line = parseCommandLine(text.split(' '), {})
        assert.ok(line)
        try {
          const look = LOOKS[line.command as LookingCommand]
          const view = look({ cluster, hearings: [], namespace: 'default' }, line)
          const shown = view.text({ paint: painter(false), now: NOW })
          assert.ok(!shown.includes('\u001b'), shown)
        } catch (error) {
          if (!(error instanceof CommandFailed)) throw error
        }
      }
    }),
    { numRuns: 300 },
  )
})
