// The controller's status API: what there is, who has what, and why. Reads; never changes anything.

import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { ChangeKind, ChangeLog } from './change-log.ts'
import { followChanges } from './event-stream.ts'
import { apiRoutes, paramsOf, queryOf } from './api-routes.ts'
import type { RouteSchema } from './openapi.ts'
import { PAGE_QUERY, pageOf, type PageQuery, pageSchema } from './paging.ts'
import { Problem } from './problem.ts'
import { oneOf, text } from './schema.ts'
import { ADDRESS, POOL, POOL_DETAIL, SERVICE, SERVICE_DETAIL, SPEAKER, TRANSITION } from './schemas.ts'
import type {
  AddressView,
  PoolDetail,
  PoolView,
  ServiceDetail,
  ServiceView,
  SpeakerView,
  Transition,
} from './views.ts'

/** Things of one kind, by key. */
export interface Collection<View, Filter> {
  /** Of those that the filter lets through, sorted. */
  keys(filter: Filter): readonly string[]
  view(key: string): View | undefined
}

export interface PoolFilter {
  readonly state?: PoolView['state']
}

export interface ServiceFilter {
  readonly namespace?: string
  readonly state?: ServiceView['state']
  readonly pool?: string
  /** One that says that it announces it. */
  readonly node?: string
}

export interface TransitionFilter {
  readonly namespace?: string
  readonly name?: string
  readonly node?: string
}

/** Asked anew for each answer. */
export interface StatusSource {
  /** Why nothing can be said yet. */
  notReady(): string | undefined
  /** By name. */
  readonly pools: Collection<PoolView, PoolFilter> & {
    detail(name: string): PoolDetail | undefined
    /** Its addresses in use, by text. */
    addresses(name: string): Collection<AddressView, object> | undefined
  }
  /** By `namespace/name`. */
  readonly services: Collection<ServiceView, ServiceFilter> & {
    detail(key: string): Promise<ServiceDetail | undefined>
  }
  /** By the name of the node. */
  readonly speakers: Collection<SpeakerView, object> & {
    /** Resolves soon, when what the speakers say of themselves is known as well as can be. */
    refresh(): Promise<void>
  }
  /** The newest first. */
  readonly transitions: Collection<Transition, TransitionFilter>
  readonly changes: ChangeLog
}

/** Readers of the event stream at a time. */
const STREAMS = 32
const NAMESPACE = text('only of this namespace')
const NODE = text('only what this node says that it announces')

export function serveControllerApi(server: FastifyInstance, source: StatusSource): void {
  const get = apiRoutes(server, { title: 'Typemetal controller', notReady: () => source.notReady() })
  const { pools, services, speakers, transitions } = source

  get(
    '/api/v1/pools',
    {
      summary: 'The pools',
      querystring: queryOf({ ...PAGE_QUERY, state: oneOf('Accepted', 'Draining', 'Refused') }),
      response: { 200: pageSchema(POOL) },
    },
    (asked: PageQuery & PoolFilter) => pageOf(pools.keys(asked), asked, (name) => pools.view(name)),
  )
  get(
    '/api/v1/pools/:name',
    { summary: 'One pool in detail', params: paramsOf('name'), response: { 200: POOL_DETAIL } },
    (_, { name }: { name: string }) =>
      pools.detail(name) ?? missing(`no IPAddressPool ${JSON.stringify(name)}`),
  )
  get(
    '/api/v1/pools/:name/addresses',
    {
      summary: 'The addresses of a pool that are in use, and who has them',
      params: paramsOf('name'),
      querystring: queryOf(PAGE_QUERY),
      response: { 200: pageSchema(ADDRESS) },
    },
    (asked: PageQuery, { name }: { name: string }) => {
      const addresses = pools.addresses(name) ?? missing(`no IPAddressPool ${JSON.stringify(name)}`)
      return pageOf(addresses.keys({}), asked, (ip) => addresses.view(ip))
    },
  )
  get(
    '/api/v1/services',
    {
      summary: 'The Services of type LoadBalancer',
      querystring: queryOf({
        ...PAGE_QUERY,
        namespace: NAMESPACE,
        state: oneOf('Assigned', 'Pending'),
        pool: text('only those that have an address of this pool'),
        node: NODE,
      }),
      response: { 200: pageSchema(SERVICE) },
    },
    (asked: PageQuery & ServiceFilter) => pageOf(services.keys(asked), asked, (key) => services.view(key)),
  )
  get(
    '/api/v1/services/:namespace/:name',
    {
      summary: 'One Service: what it has, why, who announces it, and who could',
      params: paramsOf('namespace', 'name'),
      response: { 200: SERVICE_DETAIL },
    },
    async (_, { namespace, name }: { namespace: string; name: string }) => {
      const key = `${namespace}/${name}`
      return (await services.detail(key)) ?? missing(`no Service ${key} of type LoadBalancer`)
    },
  )
  get(
    '/api/v1/speakers',
    {
      summary: 'The nodes and their speakers',
      querystring: queryOf(PAGE_QUERY),
      response: { 200: pageSchema(SPEAKER) },
    },
    async (asked: PageQuery) => {
      await speakers.refresh()
      return pageOf(speakers.keys({}), asked, (node) => speakers.view(node))
    },
  )
  get(
    '/api/v1/transitions',
    {
      summary: 'What happened lately, as this replica saw it, the newest first',
      querystring: queryOf({ ...PAGE_QUERY, namespace: NAMESPACE, name: text(), node: NODE }),
      response: { 200: pageSchema(TRANSITION) },
    },
    (asked: PageQuery & TransitionFilter) =>
      pageOf(transitions.keys(asked), asked, (key) => transitions.view(key)),
  )
  serveEvents(server, source)
}

function missing(what: string): never {
  throw new Problem('NotFound', `there is ${what}`)
}

function serveEvents(server: FastifyInstance, source: StatusSource): void {
  const { pools, services, speakers, transitions, changes } = source
  const instance = randomBytes(4).toString('hex')
  const collections: Record<ChangeKind, Pick<Collection<object, never>, 'view'>> = {
    pool: pools,
    service: services,
    speaker: speakers,
    transition: transitions,
  }
  let open = 0
  const schema: RouteSchema = {
    summary: 'Changes as they happen: server-sent events',
    produces: ['text/event-stream'],
    response: {
      200: text(
        'events pool, service, speaker and transition with what the lists show, pool-gone and the like with the key; ' +
          'reset: list everything anew',
      ),
    },
  }
  server.get('/api/v1/events', { schema }, async (request, reply) => {
    if (open >= STREAMS) throw new Problem('Busy', `${STREAMS} others follow the events already`)
    reply.hijack()
    // Who left while it was asked whether he may look has closed already: nothing would end his stream.
    if (request.raw.socket.destroyed) return
    open++
    const { raw } = reply
    raw.once('close', () => open--)
    raw.writeHead(200, {
      ...reply.getHeaders(),
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
    } as Record<string, string>)
    const id = request.headers['last-event-id']
    followChanges(raw, {
      changes,
      instance,
      lastEventId: Array.isArray(id) ? id[0] : id,
      view: (kind, key) => collections[kind].view(key),
    })
  })
}
