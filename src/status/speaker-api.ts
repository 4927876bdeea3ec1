// A speaker's status API: what this node hears, holds and gave up. Reads; never changes anything.

import type { FastifyInstance } from 'fastify'
import { apiRoutes, queryOf } from './api-routes.ts'
import { NODE_VIEW, type NodeView } from './node-view.ts'
import { type Page, PAGE_QUERY, pageOf, pageOfEntries, type PageQuery, pageSchema } from './paging.ts'
import type { Recent } from './recent.ts'
import { COUNT, FLAG, listOf, objectOf, type Schema, text, TIME } from './schema.ts'

/** This node's part in the election of one segment. */
export interface SegmentView {
  readonly interface: string
  /** Whether the interface has a carrier and can be listened on. */
  readonly isUp: boolean
  /** It hears first who is there, and claims nothing new. */
  readonly isListening: boolean
  /** It hears a majority of the speakers that it knows of. */
  readonly hasQuorum: boolean
  readonly peers: number
  /** Addresses that two others hold; for longer than a moment only when those do not hear each other. */
  readonly disputed: readonly { readonly ip: string; readonly nodes: readonly string[] }[]
}

/** Another speaker, as heard on one interface. */
export interface PeerView {
  readonly interface: string
  readonly node: string
  /** Drawn at each start. */
  readonly instance: string
  /** Lower case with colons. */
  readonly mac: string
  readonly isListening: boolean
  readonly isLeaving: boolean
  /** What it knows of the cluster may be old. */
  readonly isStale: boolean
  readonly hasQuorum: boolean
  /** It hears next to nobody, and counts as dead. */
  readonly isDeaf: boolean
  /** How many addresses it answers for. */
  readonly held: number
}

/** An address that this node answers for. */
export interface HeldView {
  readonly ip: string
  readonly interfaces: readonly string[]
  /** RFC 3339. */
  readonly since: string
  /** As `namespace/name`. */
  readonly services: readonly string[]
}

/** Somebody has an address that this node should hold, and does not claim it as a speaker does. */
export interface StrangerView {
  readonly ip: string
  readonly interface: string
  readonly mac: string
  /** Whose speaker has that MAC; `null`: no speaker has it. */
  readonly node: string | null
  readonly isAnnounced: boolean
  readonly services: readonly string[]
}

/** What happened to this node's claim on an address in one segment. */
export interface ClaimTransition {
  /** RFC 3339. */
  readonly at: string
  readonly ip: string
  readonly interface: string
  readonly from: string
  readonly to: string
  readonly cause: string
  /** Who answered for the address last, or does now; `null`: nobody was heard to. */
  readonly peer: string | null
  /** For how long that one had not been heard: ms. */
  readonly silentMs: number | null
}

/** Asked anew for each answer. */
export interface SpeakerSource {
  node(): NodeView
  segments(): readonly SegmentView[]
  peers(): readonly PeerView[]
  held(): readonly HeldView[]
  conflicts(): readonly StrangerView[]
  readonly transitions: Recent<ClaimTransition>
}

const DISPUTE = objectOf<SegmentView['disputed'][number]>(
  'Dispute',
  { ip: text(), nodes: listOf(text()) },
  {},
)

const SEGMENT = objectOf<SegmentView>(
  'Segment',
  {
    interface: text(),
    isUp: FLAG,
    isListening: FLAG,
    hasQuorum: FLAG,
    peers: COUNT,
    disputed: listOf(DISPUTE, 'addresses that two others hold, who then do not hear each other'),
  },
  {},
)

const PEER = objectOf<PeerView>(
  'Peer',
  {
    interface: text('on which it is heard'),
    node: text(),
    instance: text('drawn at each start'),
    mac: text(),
    isListening: FLAG,
    isLeaving: FLAG,
    isStale: { ...FLAG, description: 'what it knows of the cluster may be old' },
    hasQuorum: FLAG,
    isDeaf: { ...FLAG, description: 'it hears next to nobody, and counts as dead' },
    held: COUNT,
  },
  {},
)

const SERVICES = listOf(text('namespace/name'))

const HELD = objectOf<HeldView>(
  'HeldAddress',
  { ip: text(), interfaces: listOf(text()), since: TIME, services: SERVICES },
  {},
)

const STRANGER = objectOf<StrangerView>(
  'Stranger',
  {
    ip: text(),
    interface: text(),
    mac: text(),
    node: { type: ['string', 'null'], description: 'whose kernel has it, if that node has a speaker' },
    isAnnounced: { ...FLAG, description: 'this node announces the address all the same: it had it first' },
    services: SERVICES,
  },
  {},
)

const CLAIM_TRANSITION = objectOf<ClaimTransition>(
  'ClaimTransition',
  {
    at: TIME,
    ip: text(),
    interface: text(),
    from: text(),
    to: text(),
    cause: text(),
    peer: { type: ['string', 'null'], description: 'who answered for the address last, or does now' },
    silentMs: { type: ['number', 'null'], description: 'for how long that one had not been heard' },
  },
  {},
)

export function serveSpeakerApi(server: FastifyInstance, source: SpeakerSource): void {
  const get = apiRoutes(server, { title: 'Typemetal speaker', notReady: () => undefined })
  type Answer = (asked: PageQuery) => Page<object>
  const list = (path: string, summary: string, items: Schema, answer: Answer): void => {
    const response = { 200: pageSchema(items) }
    get(`/api/v1/${path}`, { summary, querystring: queryOf(PAGE_QUERY), response }, answer)
  }
  const summary = 'The node: its interfaces and routers'
  get('/api/v1/node', { summary, response: { 200: NODE_VIEW } }, () => source.node())
  list('segments', 'The segments that this node takes part in', SEGMENT, (asked) =>
    pageOfEntries(source.segments(), asked, (segment) => segment.interface),
  )
  list('peers', 'The other speakers that it hears', PEER, (asked) =>
    pageOfEntries(source.peers(), asked, (peer) => `${peer.interface} ${peer.node} ${peer.instance}`),
  )
  list('held', 'The addresses that it answers for', HELD, (asked) =>
    pageOfEntries(source.held(), asked, ({ ip }) => ip),
  )
  list('conflicts', 'Those that somebody has who does not claim them as a speaker does', STRANGER, (asked) =>
    pageOfEntries(source.conflicts(), asked, ({ ip, mac, ...at }) => `${ip} ${at.interface} ${mac}`),
  )
  list('transitions', 'What became of its claims lately, the newest first', CLAIM_TRANSITION, (asked) =>
    pageOf(source.transitions.keys(), asked, (key) => source.transitions.view(key)),
  )
}
