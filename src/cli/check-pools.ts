// What is wrong with the configuration: pools and advertisements that are refused, or that do not do what they seem to. Pure.

import { type Advertisement, advertises, anySelects, type Pool, type RefusedPool } from '../config/index.ts'
import { formatRange, intersect, parseRange, type Range } from '../ip/index.ts'
import type { Cluster } from './cluster.ts'
import type { Finding } from './finding.ts'
import { type PoolReport, poolReports } from './pool-report.ts'

export function checkConfiguration(cluster: Cluster): Finding[] {
  if (cluster.unseen.some(({ kind }) => kind === 'IPAddressPool' || kind === 'L2Advertisement')) return []
  const { configuration } = cluster
  return [
    ...refused(cluster),
    ...nothingThere(cluster),
    ...poolReports(cluster).flatMap((report) => ofPool(report)),
    ...[...configuration.pools.values()].flatMap((pool) => inPodNetwork(pool, cluster)),
    ...configuration.advertisements.flatMap((advertisement) => ofAdvertisement(advertisement, cluster)),
  ]
}

function refused({ configuration }: Cluster): Finding[] {
  return configuration.refusals.map(({ object: { kind, name }, reason, message }) => ({
    level: 'error',
    reason,
    object: `${kind} ${name}`,
    what: `it is refused: ${message}`,
    why:
      kind === 'IPAddressPool'
        ? 'it gives no address out; what it gave stays'
        : 'what only it announced is announced no more, at the latest when the speakers restart',
    remedy: 'correct the value; all other objects go on working meanwhile',
  }))
}

function nothingThere({ pools, advertisements }: Cluster): Finding[] {
  const lacks = (kind: string, why: string, remedy: string): Finding => {
    return { level: 'warning', reason: `No${kind}`, object: kind, what: `there is no ${kind}`, why, remedy }
  }
  return [
    ...(pools.length > 0
      ? []
      : [lacks('IPAddressPool', 'no Service can get an address', 'create an IPAddressPool')]),
    ...(advertisements.length > 0
      ? []
      : [
          lacks(
            'L2Advertisement',
            'nobody answers for any address',
            'create an L2Advertisement; without a spec it is for all pools',
          ),
        ]),
  ]
}

function ofPool({ name, state, services, advertisements, remarks }: PoolReport): Finding[] {
  const object = `IPAddressPool ${name}`
  const found: Finding[] = []
  if (advertisements.length === 0 && state !== 'Refused') {
    found.push({
      level: services > 0 ? 'error' : 'warning',
      reason: 'NotAdvertised',
      object,
      what: 'no L2Advertisement is for it',
      why: 'its Services get addresses, and nobody answers for them',
      remedy: `add ${name} to spec.ipAddressPools of an L2Advertisement, or create one without a spec`,
    })
  }
  for (const { reason, message } of remarks) {
    const said = SAID[reason]
    if (said !== undefined) found.push({ ...said, reason, object, what: message })
  }
  return found
}

/** The conditions of a pool that are worth a finding. */
const SAID: Readonly<Record<string, Pick<Finding, 'level' | 'why' | 'remedy'>>> = {
  Exhausted: {
    level: 'warning',
    why: 'the next Service that needs one stays pending',
    remedy: 'add addresses to the pool, or another pool',
  },
  FewAddressesLeft: {
    level: 'warning',
    why: 'soon Services will stay pending',
    remedy: 'add addresses to the pool, or another pool',
  },
  UsedByCluster: {
    level: 'warning',
    why: 'a Service with the address of a node would take that node off the network',
    remedy: 'take these addresses out of spec.addresses, or name them in spec.excludeAddresses',
  },
  Draining: {
    level: 'note',
    why: 'it gives nothing more out',
    remedy: 'delete the pool when its last Service has gone, or take spec.drain away',
  },
}

/** Whether pods may get its addresses too. */
function inPodNetwork({ name, addresses }: Pool | RefusedPool, { nodes }: Cluster): Finding[] {
  for (const { metadata, spec } of nodes) {
    const networks = (spec?.podCIDRs ?? (spec?.podCIDR === undefined ? [] : [spec.podCIDR])).flatMap(rangeOf)
    const common = networks
      .flatMap((network) => [...addresses].map((run) => intersect(run, network)))
      .find((found) => found !== null)
    if (common === undefined) continue
    return [
      {
        level: 'error',
        reason: 'PoolInPodNetwork',
        object: `IPAddressPool ${name}`,
        what: `${formatRange(common)} belongs to the pods of node ${metadata?.name}`,
        why: 'a pod and a Service with one address take turns in losing their traffic',
        remedy: 'take these addresses out of the pool',
      },
    ]
  }
  return []
}

function rangeOf(cidr: string): Range[] {
  const parsed = parseRange(cidr)
  return 'range' in parsed ? [parsed.range] : []
}

function ofAdvertisement(advertisement: Advertisement, cluster: Cluster): Finding[] {
  const object = `L2Advertisement ${advertisement.name}`
  const { configuration, view } = cluster
  const pools = [...configuration.pools.values(), ...configuration.refusedPools.values()]
  const known = new Set(pools.map(({ name }) => name))
  const unknown = [...advertisement.pools].filter((name) => !known.has(name))
  const nodes = view.nodes.filter(({ labels }) => anySelects(advertisement.nodeSelectors, labels))
  const able = nodes.filter(({ name }) => cluster.readySpeakers.has(name) && !view.bars.has(name))
  const found: Finding[] = []
  const warn = (reason: string, what: string, remedy: string, why: string): void => {
    found.push({ level: 'warning', reason, object, what, why, remedy })
  }
  if (unknown.length > 0) {
    const what = `it names ${unknown.join(', ')}, and there is no such pool`
    warn(
      'UnknownPool',
      what,
      'correct the name, or create the pool',
      'what it was meant for is not announced by it',
    )
  } else if (pools.length > 0 && !pools.some((pool) => advertises(advertisement, pool))) {
    const remedy = 'correct spec.ipAddressPoolSelectors, or the labels of the pools'
    warn('SelectsNoPool', 'its selectors match no pool', remedy, 'it announces nothing')
  }
  if (cluster.nodes.length > 0 && nodes.length === 0) {
    const remedy = 'correct spec.nodeSelectors, or the labels of the nodes'
    warn('SelectsNoNode', 'its nodeSelectors match no node', remedy, 'it announces nothing')
  } else if (!cluster.isPartial && nodes.length > 0 && able.length === 0) {
    const what = `none of its nodes can announce now: ${nodes.map(({ name }) => name).join(', ')}`
    warn(
      'NoNodeAble',
      what,
      'see to the speakers of these nodes, or let it select more',
      'it announces nothing',
    )
  }
  return found
}
