// The controller's status API: what there is, who has what, and why. Reads; never changes anything.

import type { FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import { metricsServer } from './metrics.ts'

/** A pool as the API shows it. Counts are decimal text: an IPv6 pool has more addresses than a JSON number can say. */
export interface PoolView {
  name: string
  addresses: readonly string[]
  autoAssign: boolean
  state: 'Accepted' | 'Refused'
  /** Why it was refused. */
  reason?: string
  message?: string
  assignedIPv4: string
  assignedIPv6: string
  availableIPv4: string
  availableIPv6: string
}

/** A Service of type LoadBalancer as the API shows it. */
export interface ServiceView {
  namespace: string
  name: string
  state: 'Assigned' | 'Pending'
  ips: readonly string[]
  pool?: string
  /** Nodes that say that they announce it. */
  announcedBy: readonly string[]
  /** What its holder says of the announcement; absent while nobody should announce it. */
  announcement?: { status: string; reason: string; message: string }
  /** Why it is pending, or why what it asks for was not done. */
  reason?: string
  message?: string
}

export interface StatusSource {
  pools(): PoolView[]
  services(): ServiceView[]
}

const text = { type: 'string' } as const
const texts = { type: 'array', items: text } as const

const POOL = {
  type: 'object',
  properties: {
    name: text,
    addresses: texts,
    autoAssign: { type: 'boolean' },
    state: text,
    reason: text,
    message: text,
    assignedIPv4: text,
    assignedIPv6: text,
    availableIPv4: text,
    availableIPv6: text,
  },
} as const

const SERVICE = {
  type: 'object',
  properties: {
    namespace: text,
    name: text,
    state: text,
    ips: texts,
    pool: text,
    announcedBy: texts,
    announcement: { type: 'object', properties: { status: text, reason: text, message: text } },
    reason: text,
    message: text,
  },
} as const

const list = (items: object) => ({
  schema: { response: { 200: { type: 'object', properties: { items: { type: 'array', items } } } } },
})

/** The controller's server: the API and the metrics. */
export function statusServer(source: StatusSource, registry: Registry): FastifyInstance {
  const server = metricsServer(registry)
  server.get('/api/v1/pools', list(POOL), async () => ({ items: source.pools() }))
  server.get('/api/v1/services', list(SERVICE), async () => ({ items: source.services() }))
  return server
}
