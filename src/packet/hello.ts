// The hello, by which speakers tell each other that they live and what they claim: value to bytes and back, signed.
// The layout is documented in docs/protocol.md. What a hello means is election/; the datagram around it, hello-frame.ts.
import type { Address, Family } from '../ip/index.ts'
import { EndOfBytes, Reader, Writer } from './cursor.ts'
import { type HelloKey, SIGNATURE_BYTES, isSignedBy, sign } from './hello-key.ts'

const MAGIC = 0x5459_504d // "TYPM"
const MAJOR = 1
const MINOR = 0
/** Magic, version, length: what every major version begins with. */
const PREAMBLE_BYTES = 8
const HEADER_BYTES = 36

const FIELD_NODE = 1
const FIELD_IPV4_CLAIMS = 2
const FIELD_IPV6_CLAIMS = 3
const FIELD_KEYS = 4
const FIELD_HEADER_BYTES = 3
const KEY_ID_BYTES = 4

/** RFC 1123: the longest name of a Kubernetes node. */
const MAX_NODE_BYTES = 253
/** While one key replaces another there are two; more are not worth the room. */
export const MAX_KEYS = 4
/** 1,280 bytes of packet less the headers of IP and UDP, everything but claims, and two field headers for them. */
const CLAIM_ROOM =
  1280 -
  28 -
  HEADER_BYTES -
  (MAX_NODE_BYTES + MAX_KEYS * KEY_ID_BYTES + 4 * FIELD_HEADER_BYTES) -
  SIGNATURE_BYTES

const ADDRESS_BYTES = { IPv4: 4, IPv6: 16 } as const satisfies Record<Family, number>
/** State and epoch. */
const CLAIM_TAIL_BYTES = 5

/** By their code on the wire. */
export const CLAIM_STATES = ['none', 'probing', 'blocked', 'active', 'yielding'] as const
export type ClaimState = (typeof CLAIM_STATES)[number]

/** By their bit on the wire, lowest first. */
const FLAGS = ['listening', 'leaving', 'gone', 'stale', 'quorum', 'asking'] as const

/** What one speaker says of one address. `epoch`: uint32. */
export interface HelloClaim {
  readonly address: Address
  readonly state: ClaimState
  readonly epoch: number
}

/** What the election sends and receives. */
export interface Hello extends Readonly<Record<(typeof FLAGS)[number], boolean>> {
  /** 64 random bits drawn at each start, as 16 lower-case hexadecimal digits. */
  readonly instance: string
  readonly node: string
  /** uint32, higher in each hello of an instance. */
  readonly sequence: number
  /** ms of silence after which the sender is to be taken for dead; at most 65,535. */
  readonly deadInterval: number
  /** Some of the sender's claims: what is not listed has not changed. */
  readonly claims: readonly HelloClaim[]
}

/** What the speaker adds around a hello. */
export interface Sealing {
  /** As `Hello.instance`: speakers of other clusters on the same LAN are told apart by it. */
  readonly cluster: string
  /** The first signs; all are accepted, and told to the others. At most `MAX_KEYS`. */
  readonly keys: readonly [HelloKey, ...HelloKey[]]
}

export interface ReceivedHello {
  readonly hello: Hello
  /** Of the keys that the sender accepts. */
  readonly keyIds: readonly number[]
}

/**
 * - `truncated`: ends before it says so, or inside a field.
 * - `malformed`: no hello at all, or a field that makes no sense.
 * - `unknownVersion`: of a major version that this release does not speak.
 * - `otherCluster`: of another cluster's speaker.
 * - `unknownKey`: signed with a key that is not ours.
 * - `forged`: the signature is wrong.
 */
export type HelloRefusal =
  'truncated' | 'malformed' | 'unknownVersion' | 'otherCluster' | 'unknownKey' | 'forged'

/** The claims in as many parts as hellos are needed for them: one at least. */
export function splitClaims(claims: readonly HelloClaim[]): HelloClaim[][] {
  const parts: HelloClaim[][] = [[]]
  let room = CLAIM_ROOM
  for (const claim of claims) {
    const size = claimBytes(claim.address.family)
    if (size > room) {
      parts.push([])
      room = CLAIM_ROOM
    }
    room -= size
    parts.at(-1)?.push(claim)
  }
  return parts
}

/** The hello as the payload of one datagram; `claims` no more than one part of `splitClaims`. */
export function encodeHello(hello: Hello, { cluster, keys }: Sealing): Uint8Array {
  const node = Buffer.from(hello.node)
  if (node.length === 0 || node.length > MAX_NODE_BYTES) throw new RangeError(`node name ${hello.node}`)
  if (keys.length > MAX_KEYS) throw new RangeError(`${keys.length} keys`)
  const claims = { IPv4: [] as HelloClaim[], IPv6: [] as HelloClaim[] }
  for (const claim of hello.claims) claims[claim.address.family].push(claim)
  const length =
    HEADER_BYTES +
    fieldBytes(node.length) +
    fieldBytes(KEY_ID_BYTES * keys.length) +
    claimFieldBytes('IPv4', claims.IPv4) +
    claimFieldBytes('IPv6', claims.IPv6) +
    SIGNATURE_BYTES
  const writer = new Writer(length)
    .number(4, MAGIC)
    .number(1, MAJOR)
    .number(1, MINOR)
    .number(2, length)
    .put(Buffer.from(cluster, 'hex'))
    .put(Buffer.from(hello.instance, 'hex'))
    .number(4, hello.sequence)
    .number(4, keys[0].id)
    .number(2, hello.deadInterval)
    .number(1, flagBits(hello))
    .number(1, MAJOR) // the highest that this release speaks
  beginField(writer, FIELD_NODE, node.length).put(node)
  beginField(writer, FIELD_KEYS, KEY_ID_BYTES * keys.length)
  for (const { id } of keys) writer.number(KEY_ID_BYTES, id)
  writeClaims(writer, FIELD_IPV4_CLAIMS, 'IPv4', claims.IPv4)
  writeClaims(writer, FIELD_IPV6_CLAIMS, 'IPv6', claims.IPv6)
  return writer.put(sign(writer.bytes.subarray(0, length - SIGNATURE_BYTES), keys[0])).bytes
}

/** What a payload says, or why it is refused. Bytes behind the length that it states are ignored. */
export function decodeHello(bytes: Uint8Array, sealing: Sealing): ReceivedHello | HelloRefusal {
  try {
    return readHello(bytes, sealing)
  } catch (error) {
    if (error instanceof EndOfBytes) return 'truncated'
    throw error
  }
}

function readHello(bytes: Uint8Array, { cluster, keys }: Sealing): ReceivedHello | HelloRefusal {
  const preamble = new Reader(bytes)
  if (preamble.number(4) !== MAGIC) return 'malformed'
  if (preamble.number(1) !== MAJOR) return 'unknownVersion'
  preamble.number(1)
  const length = preamble.number(2)
  if (length < HEADER_BYTES + SIGNATURE_BYTES) return 'malformed'
  const signed = new Reader(bytes).bytes(length - SIGNATURE_BYTES)
  const signature = new Reader(bytes.subarray(signed.length)).bytes(SIGNATURE_BYTES)

  const reader = new Reader(signed)
  reader.bytes(PREAMBLE_BYTES)
  if (hex(reader.bytes(8)) !== cluster) return 'otherCluster'
  const instance = hex(reader.bytes(8))
  const sequence = reader.number(4)
  const keyId = reader.number(4)
  const key = keys.find(({ id }) => id === keyId)
  if (key === undefined) return 'unknownKey'
  if (!isSignedBy(key, signed, signature)) return 'forged'
  const deadInterval = reader.number(2)
  const flags = flagsOf(reader.number(1))
  reader.number(1)
  const { node, keyIds, claims } = readFields(reader)
  if (node === null || deadInterval === 0) return 'malformed'
  return { hello: { instance, node, sequence, deadInterval, ...flags, claims }, keyIds }
}

function readFields(reader: Reader): { node: string | null; keyIds: number[]; claims: HelloClaim[] } {
  const found = { node: null as string | null, keyIds: [] as number[], claims: [] as HelloClaim[] }
  while (reader.rest > 0) {
    const kind = reader.number(1)
    const content = reader.bytes(reader.number(2))
    // A kind that this release does not know is skipped: a newer minor version may add some.
    if (kind === FIELD_NODE) found.node = readName(content)
    else if (kind === FIELD_KEYS) found.keyIds.push(...readKeys(new Reader(content)))
    else if (kind === FIELD_IPV4_CLAIMS) found.claims.push(...readClaims(new Reader(content), 'IPv4'))
    else if (kind === FIELD_IPV6_CLAIMS) found.claims.push(...readClaims(new Reader(content), 'IPv6'))
  }
  return found
}

function readName(content: Uint8Array): string | null {
  if (content.length === 0 || content.length > MAX_NODE_BYTES) return null
  return Buffer.from(content.buffer, content.byteOffset, content.length).toString()
}

function* readKeys(reader: Reader): Iterable<number> {
  while (reader.rest > 0) yield reader.number(KEY_ID_BYTES)
}

function* readClaims(reader: Reader, family: Family): Iterable<HelloClaim> {
  while (reader.rest > 0) {
    const value = family === 'IPv4' ? BigInt(reader.number(4)) : reader.big(16)
    const state = CLAIM_STATES[reader.number(1)]
    const epoch = reader.number(4)
    // A state that this release does not know: of a newer minor version, which lists the claim in no other way.
    if (state !== undefined) yield { address: { family, value }, state, epoch }
  }
}

function beginField(writer: Writer, kind: number, contentBytes: number): Writer {
  return writer.number(1, kind).number(2, contentBytes)
}

function fieldBytes(contentBytes: number): number {
  return FIELD_HEADER_BYTES + contentBytes
}

/** Without claims there is no field. */
function claimFieldBytes(family: Family, claims: readonly HelloClaim[]): number {
  return claims.length === 0 ? 0 : fieldBytes(claims.length * claimBytes(family))
}

function writeClaims(writer: Writer, kind: number, family: Family, claims: readonly HelloClaim[]): void {
  if (claims.length === 0) return
  beginField(writer, kind, claims.length * claimBytes(family))
  for (const { address, state, epoch } of claims) {
    if (family === 'IPv4') writer.number(4, Number(address.value))
    else writer.big(16, address.value)
    writer.number(1, CLAIM_STATES.indexOf(state)).number(4, epoch)
  }
}

function claimBytes(family: Family): number {
  return ADDRESS_BYTES[family] + CLAIM_TAIL_BYTES
}

function flagBits(hello: Hello): number {
  return FLAGS.reduce((bits, flag, bit) => (hello[flag] ? bits | (1 << bit) : bits), 0)
}

function flagsOf(bits: number): Pick<Hello, (typeof FLAGS)[number]> {
  const is = (flag: (typeof FLAGS)[number]): boolean => (bits & (1 << FLAGS.indexOf(flag))) !== 0
  return {
    listening: is('listening'),
    leaving: is('leaving'),
    gone: is('gone'),
    stale: is('stale'),
    quorum: is('quorum'),
    asking: is('asking'),
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}
