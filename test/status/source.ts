// A status source made of plain lists, for the tests of the server.

import { ChangeLog, type PoolView, type ServiceDetail, type StatusSource } from '../../src/status/index.ts'

export const POOL: PoolView = {
  name: 'lan',
  addresses: ['fd00::/64'],
  autoAssign: true,
  state: 'Accepted',
  services: 1,
  assignedIPv4: '0',
  assignedIPv6: '1',
  availableIPv4: '0',
  availableIPv6: '9223372036854775807',
}

export const PENDING: ServiceDetail = {
  namespace: 'a',
  name: 'b',
  state: 'Pending',
  ips: [],
  announcedBy: [],
  reason: 'NoPool',
  message: 'why',
  announcers: [],
  candidates: [],
  withheld: { reason: 'noIPAllocated', message: 'it has no address yet' },
  sentences: ['a/b has no address: why.'],
}

/** One pool, the Services given by `namespace/name`, and nothing else. */
export function sourceOf(services: Map<string, ServiceDetail> = new Map([['a/b', PENDING]])) {
  return {
    notReady: (): string | undefined => undefined,
    pools: {
      keys: () => ['lan'],
      view: (name: string) => (name === 'lan' ? POOL : undefined),
      detail: (name: string) =>
        name === 'lan' ? { ...POOL, ranges: [], withheld: [], conditions: [], conflicts: [] } : undefined,
      addresses: (name: string) =>
        name === 'lan'
          ? { keys: () => ['1'], view: () => ({ ip: 'fd00::1', services: ['a/c'] }) }
          : undefined,
    },
    services: {
      keys: ({ namespace, state }: { namespace?: string; state?: string }) =>
        [...services.keys()]
          .filter((key) => namespace === undefined || key.startsWith(`${namespace}/`))
          .filter((key) => state === undefined || services.get(key)?.state === state)
          .sort(),
      view: (key: string) => services.get(key),
      detail: async (key: string) => services.get(key),
    },
    speakers: { keys: () => [], view: () => undefined, refresh: async () => undefined },
    transitions: { keys: () => [], view: () => undefined },
    changes: new ChangeLog(),
  } satisfies StatusSource
}
