// What the controller's status API shows: one plain value for each thing. Nothing here says where it comes from.

/** A pool. Counts are decimal text: an IPv6 pool has more addresses than a JSON number can say. */
export interface PoolView {
  readonly name: string
  readonly addresses: readonly string[]
  readonly autoAssign: boolean
  readonly state: 'Accepted' | 'Draining' | 'Refused'
  /** Why it was refused. */
  readonly reason?: string
  readonly message?: string
  /** Services that have an address of it. */
  readonly services: number
  readonly assignedIPv4: string
  readonly assignedIPv6: string
  readonly availableIPv4: string
  readonly availableIPv6: string
}

/** A run of addresses, both ends included. */
export interface RangeView {
  readonly first: string
  readonly last: string
}

/** Addresses of a pool that are not given out. */
export interface WithheldRange extends RangeView {
  readonly because: 'excluded' | 'reserved'
  /** Who uses them, where the cluster itself does. */
  readonly owner?: string
}

/** When the pool has no address left if Services come as they do now. */
export interface ExhaustionForecast {
  readonly family: 'IPv4' | 'IPv6'
  /** RFC 3339. */
  readonly at: string
  readonly servicesPerHour: number
  /** How long the Services were counted for that. */
  readonly observedHours: number
}

export interface ConditionView {
  readonly type: string
  readonly status: string
  readonly reason: string
  readonly message: string
}

/** Somebody has an address of the pool, and does not claim it as a speaker does. */
export interface ConflictView {
  readonly namespace: string
  readonly name: string
  readonly message: string
}

export interface PoolDetail extends PoolView {
  /** In the order in which addresses are given out. */
  readonly ranges: readonly RangeView[]
  readonly withheld: readonly WithheldRange[]
  readonly conditions: readonly ConditionView[]
  readonly conflicts: readonly ConflictView[]
  /** Absent while it fills so slowly that nothing can be said. */
  readonly exhaustion?: ExhaustionForecast
}

/** An address of a pool that is in use. */
export interface AddressView {
  readonly ip: string
  /** As `namespace/name`; several share it. */
  readonly services: readonly string[]
}

/** A Service of type LoadBalancer. */
export interface ServiceView {
  readonly namespace: string
  readonly name: string
  readonly state: 'Assigned' | 'Pending'
  readonly ips: readonly string[]
  readonly pool?: string
  /** Nodes that say that they announce it. */
  readonly announcedBy: readonly string[]
  /** What its holder says of the announcement; absent while nobody should announce it. */
  readonly announcement?: AnnouncementFinding
  /** Why it is pending, or why what it asks for was not done. */
  readonly reason?: string
  readonly message?: string
}

export interface AnnouncementFinding {
  readonly status: string
  readonly reason: string
  readonly message: string
}

/** A word that stays and a sentence that may change. */
export interface Reason {
  readonly reason: string
  readonly message: string
}

/** One node that says that it announces the Service. */
export interface AnnouncerView {
  readonly node: string
  /** Named when the advertisements name them; absent: all that fit. */
  readonly interfaces?: readonly string[]
  /** RFC 3339. */
  readonly since?: string
}

/** A node in the light of one Service. */
export interface CandidateView {
  readonly node: string
  /** From 1; absent: not a candidate. */
  readonly place?: number
  /** How much it is preferred; 0 for none. */
  readonly score: number
  /** Absent: all. */
  readonly interfaces?: readonly string[]
  readonly eligible: boolean
  /** Why it is not eligible. */
  readonly reason?: string
  readonly message?: string
}

export interface ServiceDetail extends ServiceView {
  /** RFC 3339. */
  readonly createdAt?: string
  /** Since when it has, or has not, what it asks for; RFC 3339. */
  readonly since?: string
  /** Why its addresses are from this pool. */
  readonly origin?: Reason
  readonly announcers: readonly AnnouncerView[]
  /** The candidates in their order, then the other nodes. */
  readonly candidates: readonly CandidateView[]
  /** Why no node is a candidate, where that has nothing to do with nodes. */
  readonly withheld?: Reason
  /** All of this in sentences. */
  readonly sentences: readonly string[]
}

/** A speaker's part in one segment, as it says itself. */
export interface SpeakerSegment {
  readonly interface: string
  readonly isUp: boolean
  readonly isListening: boolean
  readonly hasQuorum: boolean
  /** Nodes of the other speakers that it hears, sorted. */
  readonly peers: readonly string[]
  /** Addresses that two others hold, who then do not hear each other. */
  readonly disputed: readonly string[]
}

/** What a speaker said of itself when it was asked a moment ago. */
export interface SpeakerWords {
  /** Absent: a release that does not tell it. */
  readonly version?: string
  readonly segments?: readonly SpeakerSegment[]
  /** Why it could not be asked. */
  readonly silence?: string
}

/** A node and its speaker; what the speaker said of itself as far as it was asked. */
export interface SpeakerView extends SpeakerWords {
  readonly node: string
  /** Its speaker's pod; absent: there is none. */
  readonly pod?: string
  readonly ready: boolean
  /** Of the pod's container. */
  readonly image?: string
  readonly nodeAddresses: readonly string[]
  /** Whether it may hold addresses at all. */
  readonly eligible: boolean
  /** Why not. */
  readonly reason?: string
  readonly message?: string
  /** Services that it says it announces. */
  readonly services: number
  /** Their addresses, sorted. */
  readonly ips: readonly string[]
}

/** Something that happened, seen by this replica. */
export interface Transition {
  /** RFC 3339. */
  readonly time: string
  readonly kind: 'Assigned' | 'Released' | 'Refused' | 'Announced' | 'Withdrawn' | 'Trouble'
  readonly namespace: string
  readonly name: string
  readonly node?: string
  readonly message: string
}
