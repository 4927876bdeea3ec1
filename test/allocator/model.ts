// The rules of allocation once more, slow and by the letter: every address is a text in a list, every Service is
// asked. Knows nothing of how src/allocator finds its answers. What a random history does with it: history.ts.
import type { IPAddressPool, Namespace, Service } from '../../src/api/index.ts'
import { formatAddress, parseAddress, parseRange } from '../../src/ip/index.ts'

type Labels = Readonly<Record<string, string>>

/** What an administrator and the cluster itself decide. */
export interface World {
  readonly pools: readonly IPAddressPool[]
  readonly namespaces: readonly Namespace[]
  /** Address to owner. */
  readonly reserved: Readonly<Record<string, string>>
}

export interface PoolRules {
  readonly name: string
  /** In the order of assignment. */
  readonly listed: readonly string[]
  /** Of `listed`, what is not given out, and why. */
  readonly withheld: ReadonlyMap<string, 'AddressAvoided' | 'AddressExcluded' | 'AddressReserved'>
  readonly autoAssign: boolean
  readonly drain: boolean
  /** `null`: not made for anybody in particular. */
  readonly priority: number | null
  readonly forbids: (wish: Wish) => 'namespace' | 'labels' | null
}

export interface Rules {
  /** By name. */
  readonly pools: readonly PoolRules[]
  readonly refused: readonly { readonly name: string; readonly listed: readonly string[] }[]
}

export function readRules({ pools, namespaces, reserved }: World): Rules {
  const byAge = [...pools].sort((a, b) => (ageOf(a) < ageOf(b) ? -1 : 1))
  const accepted: PoolRules[] = []
  const refused: Rules['refused'][number][] = []
  for (const { metadata, spec } of byAge) {
    const name = metadata.name ?? ''
    const texts = [...spec.addresses, ...(spec.excludeAddresses ?? [])]
    const listed = spec.addresses.flatMap(addressesOf)
    const common = accepted.some((older) => older.listed.some((address) => listed.includes(address)))
    const sound =
      texts.every((text) => addressesOf(text).length > 0) && new Set(listed).size === listed.length
    if (!sound || common || listed.length === 0) {
      refused.push({ name, listed })
      continue
    }
    const withheld: [string, 'AddressAvoided' | 'AddressExcluded' | 'AddressReserved'][] = []
    const excluded = new Set((spec.excludeAddresses ?? []).flatMap(addressesOf))
    for (const address of listed) {
      if (spec.avoidBuggyIPs === true && /\.(0|255)$/.test(address))
        withheld.push([address, 'AddressAvoided'])
      else if (excluded.has(address)) withheld.push([address, 'AddressExcluded'])
      else if (Object.hasOwn(reserved, address)) withheld.push([address, 'AddressReserved'])
    }
    const { serviceAllocation: allocation, autoAssign = true, drain = false } = spec
    accepted.push({
      name,
      listed,
      withheld: new Map(withheld),
      autoAssign,
      drain,
      priority: allocation === undefined ? null : (allocation.priority ?? 0) || Infinity,
      forbids: (wish) => forbids(allocation, namespaces, wish),
    })
  }
  return { pools: accepted.sort((a, b) => (a.name < b.name ? -1 : 1)), refused }
}

function ageOf({ metadata }: IPAddressPool): string {
  return `${metadata.creationTimestamp ?? ''} ${metadata.name ?? ''}`
}

function forbids(
  allocation: IPAddressPool['spec']['serviceAllocation'],
  namespaces: readonly Namespace[],
  { namespace, labels }: Wish,
): 'namespace' | 'labels' | null {
  const { namespaces: names = [], namespaceSelectors = [], serviceSelectors = [] } = allocation ?? {}
  const has = (own: Labels, wanted: Labels = {}): boolean =>
    Object.entries(wanted).every(([name, value]) => own[name] === value)
  const own = namespaces.find(({ metadata }) => metadata?.name === namespace)?.metadata?.labels ?? {}
  const restricted = names.length + namespaceSelectors.length > 0
  const exists = namespaces.some(({ metadata }) => metadata?.name === namespace)
  const inside =
    names.includes(namespace) ||
    (exists && namespaceSelectors.some(({ matchLabels }) => has(own, matchLabels)))
  if (restricted && !inside) return 'namespace'
  if (serviceSelectors.length === 0) return null
  return serviceSelectors.some(({ matchLabels }) => has(labels, matchLabels)) ? null : 'labels'
}

const listedBefore = new Map<string, string[]>()

/** All addresses of an entry, which has to be a small one; none when it cannot be read. */
export function addressesOf(entry: string): string[] {
  const before = listedBefore.get(entry)
  if (before !== undefined) return before
  const parsed = parseRange(entry)
  const all: string[] = []
  if ('range' in parsed) {
    const { family, first, last } = parsed.range
    for (let value = first; value <= last; value++) all.push(formatAddress({ family, value }))
  }
  listedBefore.set(entry, all)
  return all
}

export type FamilyName = 'IPv4' | 'IPv6'

export function familyOf(address: string): FamilyName {
  return address.includes(':') ? 'IPv6' : 'IPv4'
}

/** What a Service asks for. */
export interface Wish {
  readonly key: string
  readonly createdAt: string
  readonly ours: boolean
  readonly namespace: string
  readonly labels: Labels
  /** Empty where they do not suit the policy: then nothing is said against either family. */
  readonly families: readonly FamilyName[]
  readonly required: boolean
  readonly pool: string
  readonly addresses: readonly string[]
  readonly shareKey: string
  readonly backend: string
  readonly ports: readonly string[]
  /** Why it cannot be granted, whatever the pools hold. */
  readonly problem: string | null
}

export function readWish({ metadata = {}, spec = {} }: Service): Wish {
  const { annotations = {} } = metadata
  const clusterFamilies = (spec.clusterIPs ?? []).map(familyOf)
  const required = spec.ipFamilyPolicy === 'RequireDualStack'
  const asked = (annotations['metallb.io/loadBalancerIPs'] ?? '').split(',').filter((text) => text !== '')
  const addresses = asked.map(canonical)
  return {
    key: `${metadata.namespace}/${metadata.name}`,
    createdAt: metadata.creationTimestamp ?? '',
    ours: spec.type === 'LoadBalancer' && spec.loadBalancerClass === undefined,
    namespace: metadata.namespace ?? '',
    labels: metadata.labels ?? {},
    families: required && clusterFamilies.length < 2 ? [] : clusterFamilies,
    required,
    pool: annotations['metallb.io/address-pool'] ?? '',
    addresses: addresses.flatMap((address) => address ?? []),
    shareKey: annotations['metallb.io/allow-shared-ip'] ?? '',
    backend: spec.externalTrafficPolicy === 'Local' ? JSON.stringify(spec.selector) : '',
    ports: (spec.ports ?? []).map(({ protocol, port }) => `${protocol}/${port}`),
    problem:
      clusterFamilies.length === 0
        ? 'NoClusterIP'
        : required && clusterFamilies.length < 2
          ? 'NotDualStack'
          : addresses.includes(null)
            ? 'InvalidAddressRequest'
            : null,
  }
}

/** The one text of an address, or `null`. */
export function canonical(text: string): string | null {
  const address = parseAddress(text)
  return address === null ? null : formatAddress(address)
}

/** Whether two lists without doubles have the same members. */
export function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item) => b.includes(item))
}

export function mayShare(a: Wish, b: Wish): boolean {
  return (
    a.shareKey !== '' &&
    a.shareKey === b.shareKey &&
    a.backend === b.backend &&
    !a.ports.some((port) => b.ports.includes(port))
  )
}

/** Older first, of the same second by key. */
export function isOlder(a: Wish, b: Wish): boolean {
  return a.createdAt === b.createdAt ? a.key < b.key : a.createdAt < b.createdAt
}

/** What the controller knows of one Service since it looked last. */
export interface Known {
  readonly wish: Wish
  readonly addresses: readonly string[]
  readonly pool: string | null
  /** Of `addresses`, what an older Service turned out to have: it will have to go. */
  readonly yielding: ReadonlySet<string>
  /** What the object showed; nobody else gets it before it shows it no more. */
  readonly shown: readonly string[]
}

export type Book = ReadonlyMap<string, Known>

/** Others who hold or show the address and do not share it. */
export function whoBars(book: Book, wish: Wish, address: string): string[] {
  return [...book]
    .filter(
      ([key, known]) =>
        key !== wish.key && (known.addresses.includes(address) || known.shown.includes(address)),
    )
    .filter(([, known]) => !mayShare(known.wish, wish))
    .map(([key]) => key)
}

/** Others who hold the address for good and do not share it. */
export function whoExpels(book: Book, wish: Wish, address: string): string[] {
  return [...book]
    .filter(
      ([key, known]) => key !== wish.key && known.addresses.includes(address) && !known.yielding.has(address),
    )
    .filter(([, known]) => !mayShare(known.wish, wish))
    .map(([key]) => key)
}
