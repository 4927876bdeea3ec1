// The schema of each view: what fastify writes by, and what /openapi.json says.

import { COUNT, FLAG, listOf, objectOf, oneOf, type Schema, text, TIME } from './schema.ts'
import type {
  AddressView,
  AnnouncementFinding,
  AnnouncerView,
  CandidateView,
  ConditionView,
  ConflictView,
  ExhaustionForecast,
  PoolDetail,
  PoolView,
  RangeView,
  Reason,
  ServiceDetail,
  ServiceView,
  SpeakerSegment,
  SpeakerView,
  Transition,
  WithheldRange,
} from './views.ts'

const COUNT_TEXT = text('decimal: an IPv6 pool has more addresses than a JSON number can say')
const FAMILY = oneOf('IPv4', 'IPv6')

const POOL_PROPERTIES: Record<keyof PoolView, Schema> = {
  name: text(),
  addresses: listOf(text(), 'as the user wrote them'),
  autoAssign: FLAG,
  state: oneOf('Accepted', 'Draining', 'Refused'),
  reason: text('why it was refused: one stable word'),
  message: text('the same as a sentence'),
  services: COUNT,
  assignedIPv4: COUNT_TEXT,
  assignedIPv6: COUNT_TEXT,
  availableIPv4: COUNT_TEXT,
  availableIPv6: COUNT_TEXT,
}

export const POOL = objectOf<PoolView>('Pool', POOL_PROPERTIES, { reason: true, message: true })

const RANGE_PROPERTIES: Record<keyof RangeView, Schema> = { first: text(), last: text() }

export const POOL_DETAIL = objectOf<PoolDetail>(
  'PoolDetail',
  {
    ...POOL_PROPERTIES,
    ranges: listOf(
      objectOf<RangeView>('Range', RANGE_PROPERTIES, {}),
      'in the order in which addresses are given out',
    ),
    withheld: listOf(
      objectOf<WithheldRange>(
        'WithheldRange',
        { ...RANGE_PROPERTIES, because: oneOf('excluded', 'reserved'), owner: text() },
        { owner: true },
      ),
      'addresses that are not given out',
    ),
    conditions: listOf(
      objectOf<ConditionView>(
        'Condition',
        { type: text(), status: text(), reason: text(), message: text() },
        {},
      ),
    ),
    conflicts: listOf(
      objectOf<ConflictView>('Conflict', { namespace: text(), name: text(), message: text() }, {}),
      'Services whose address somebody has who does not claim it as a speaker does',
    ),
    exhaustion: objectOf<ExhaustionForecast>(
      'ExhaustionForecast',
      { family: FAMILY, at: TIME, servicesPerHour: { type: 'number' }, observedHours: COUNT },
      {},
    ),
  },
  { reason: true, message: true, exhaustion: true },
)

export const ADDRESS = objectOf<AddressView>(
  'Address',
  { ip: text(), services: listOf(text('namespace/name')) },
  {},
)

const SERVICE_PROPERTIES: Record<keyof ServiceView, Schema> = {
  namespace: text(),
  name: text(),
  state: oneOf('Assigned', 'Pending'),
  ips: listOf(text()),
  pool: text(),
  announcedBy: listOf(text(), 'nodes that say that they announce it'),
  announcement: objectOf<AnnouncementFinding>(
    'AnnouncementFinding',
    { status: text(), reason: text(), message: text() },
    {},
  ),
  reason: text('why it is pending, or why what it asks for was not done: one stable word'),
  message: text('the same as a sentence'),
}

export const SERVICE = objectOf<ServiceView>('Service', SERVICE_PROPERTIES, {
  pool: true,
  announcement: true,
  reason: true,
  message: true,
})

const REASON = objectOf<Reason>('Reason', { reason: text(), message: text() }, {})

export const SERVICE_DETAIL = objectOf<ServiceDetail>(
  'ServiceDetail',
  {
    ...SERVICE_PROPERTIES,
    createdAt: TIME,
    since: TIME,
    origin: REASON,
    announcers: listOf(
      objectOf<AnnouncerView>(
        'Announcer',
        { node: text(), interfaces: listOf(text(), 'absent: all that fit'), since: TIME },
        { interfaces: true, since: true },
      ),
    ),
    candidates: listOf(
      objectOf<CandidateView>(
        'Candidate',
        {
          node: text(),
          place: { type: 'integer', minimum: 1 },
          score: { type: 'integer' },
          interfaces: listOf(text(), 'absent: all'),
          eligible: FLAG,
          reason: text(),
          message: text(),
        },
        { place: true, interfaces: true, reason: true, message: true },
      ),
      'the candidates in their order, then the other nodes',
    ),
    withheld: REASON,
    sentences: listOf(text(), 'all of this, to be read'),
  },
  {
    pool: true,
    announcement: true,
    reason: true,
    message: true,
    createdAt: true,
    since: true,
    origin: true,
    withheld: true,
  },
)

export const SPEAKER = objectOf<SpeakerView>(
  'Speaker',
  {
    node: text(),
    pod: text(),
    ready: FLAG,
    image: text(),
    nodeAddresses: listOf(text()),
    eligible: FLAG,
    reason: text(),
    message: text(),
    services: COUNT,
    ips: listOf(text()),
    version: text('of the speaker, as it says itself'),
    segments: listOf(
      objectOf<SpeakerSegment>(
        'SpeakerSegment',
        {
          interface: text(),
          isUp: FLAG,
          isListening: FLAG,
          hasQuorum: FLAG,
          peers: listOf(text(), 'nodes of the other speakers that it hears'),
          disputed: listOf(text(), 'addresses that two others hold, who then do not hear each other'),
        },
        {},
      ),
      'as the speaker says itself',
    ),
    silence: text('why the speaker could not be asked'),
  },
  {
    pod: true,
    image: true,
    reason: true,
    message: true,
    version: true,
    segments: true,
    silence: true,
  },
)

export const TRANSITION = objectOf<Transition>(
  'Transition',
  {
    time: TIME,
    kind: oneOf('Assigned', 'Released', 'Refused', 'Announced', 'Withdrawn', 'Trouble'),
    namespace: text(),
    name: text(),
    node: text(),
    message: text(),
  },
  { node: true },
)
