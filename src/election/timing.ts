// Every interval of the protocol, in ms, and the two that grow with the number of speakers.

/** What an administrator may set; all speakers of a segment may differ, because each announces its own. */
export interface Settings {
  /** ms between hellos. */
  readonly helloInterval: number
  /** ms of silence after which the others take this speaker for dead. */
  readonly deadInterval: number
  /** ms for which a reason to take an address from its holder has to last. */
  readonly holdDown: number
  /** `preferred`: only for a higher score; `always`: for a better place in the order too, as MetalLB does. */
  readonly failback: 'preferred' | 'always'
}

/** 50/375 tolerates seven lost hellos and leaves 125 ms of half a second for all the rest. */
export const DEFAULT_SETTINGS: Settings = {
  helloInterval: 50,
  deadInterval: 375,
  holdDown: 5000,
  failback: 'preferred',
}

/** Without claims, to hear who is there; longer than the second in which every claim is repeated. */
export const LISTEN_MS = 1200
/** Without hellos, after a freeze in which the others took this speaker for dead: it hears them first. */
export const QUIET_MS = 250
/** Listening after each sign that the others hear more than this speaker does. */
export const TROUBLED_MS = 3000
/** Such signs count after so many hello intervals. */
export const TROUBLE_HELLOS = 4

/** Between one candidate's turn and the next's. */
export const STAGGER_MS = 50
export const STAGGER_STEPS = 4
/** A claim given up and the one that replaced it can arrive in the wrong order, this far apart. */
export const GAVE_UP_MS = 100
/** For how long a holder that has to go waits for somebody to take over. */
export const YIELD_MS = 1000

/** RFC 5227 asks for 4 to 7 s; on a switched LAN an answer comes within milliseconds. */
export const PROBE_INTERVAL_MS = 75
export const PROBES = 2
/**
 * Cold claims of an interface that begin together, and ms until the next may: 10,000 a second. Thousands at one stroke
 * would make the loop late, and who was late ends what it probes.
 */
export const COLD_BATCH = 100
export const COLD_BATCH_MS = 10
/** An address whose holder was heard this long ago is probed before it is taken over. */
export const WARM_MS = 10_000
export const RETRY_MS = 5000
export const RETRY_JITTER = 0.2
/** All retries of an interface together: 100 a second. */
export const RETRY_SPACING_MS = 10
/** After a living peer answered for an address that it does not claim. */
export const PAUSE_MS = 1000
/** Who goes on so for so long, and so many times, has the address in its kernel: its claim would have been heard. */
export const UNCLAIMED_MS = 2000
export const UNCLAIMED_ANSWERS = 3
/** Longer than from one retry to the next. */
export const UNCLAIMED_GAP_MS = 10_000

/** At most every so often the greater of two claims repeats itself. */
export const REPEAT_MS = 100
export const REPEAT_TO_DEAF_MS = 1000
/** A lesser claim that stays for so long did not hear the greater one. */
export const ONE_WAY_MS = 2000
export const DEAF_MS = 2000
/** What has to pass without a gap of half a dead interval before a peer counts for the quorum. */
export const STEADY_MS = 1000

export const MAX_HOLD_DOWN_MS = 300_000
/** Names, epochs and preemptions are remembered for so long. */
export const MEMORY_MS = 600_000
/** Of the dead: years of restarts of a cluster of a hundred nodes, in some 400 kB. */
export const MAX_REMEMBERED_INSTANCES = 4096
/** A claim younger than this gives way to a stranger that goes on using the address. */
export const YOUNG_MS = 10_000
export const DEFEND_MS = 400
export const EVIDENCE_FROM_MS = 300
export const EVIDENCE_UNTIL_MS = 3000

/** Claims changed so recently are in every hello. */
export const CHANGED_MS = 250
/** All claims are in every hello for so long after a peer appeared. */
export const INTRODUCE_MS = 150
/** Each claim is in a hello once in so many ms. */
export const SLICE_MS = 1000
/** A claim given up is listed as `none` for so long. */
export const GIVEN_UP_MS = 3000
/** A claim that its living owner did not list for so long has ended. */
export const CLAIM_EXPIRY_MS = 10_000
export const BURST_SPACING_MS = 10
export const GONE_HELLOS = 3

/** Nodes see a changed secret within so long of each other: as a rule the kubelet brings it within two minutes. */
export const KEY_ROLLOVER_MS = 300_000
/** Longer than twice the spread: who saw the change last may go on signing with the old key for a whole rollover. */
export const OLD_KEYS_MS = 600_000

const MAX_HELLO_INTERVAL_MS = 500
/** Lost hellos that are tolerated, and a half. */
const DEAD_FACTOR = 4.5

/** A ms more for each living peer beyond the setting: a segment sees at most 1,000 hellos a second. */
export function helloIntervalFor(peers: number, { helloInterval }: Settings): number {
  return Math.max(helloInterval, Math.min(peers, MAX_HELLO_INTERVAL_MS))
}

export function deadIntervalFor(helloInterval: number, { deadInterval }: Settings): number {
  return Math.max(deadInterval, Math.ceil(DEAD_FACTOR * helloInterval))
}
