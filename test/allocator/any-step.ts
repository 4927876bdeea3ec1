// Random steps of a history, over few addresses and few Services, so that they meet all the time.
import type { IPAddressPool, Namespace } from '../../src/api/index.ts'
import { pool } from '../config/objects.ts'
import { fc } from '../fast-check.ts'
import type { Draft, Step } from './history.ts'
import type { World } from './model.ts'

const SLOTS = 8
const anySlot = fc.nat(SLOTS - 1)

const anyEntry = fc.constantFrom(
  '10.0.0.254-10.0.1.0',
  '10.0.1.0/31',
  '10.0.1.1/32',
  '10.0.1.2-10.0.1.3',
  '10.0.2.0/32',
  'fd00::/127',
  'fd00::2/128',
  'fd00::2-fd00::3',
  'fd00::8/128',
)
/** What Services may ask for, nodes have, and strangers write. */
const SOME_ADDRESSES = ['10.0.1.0', '10.0.1.1', '10.0.1.3', '10.0.2.0', 'fd00::', 'fd00::2', 'fd00::8']
const anyAddress = fc.constantFrom(...SOME_ADDRESSES)
const anyPair = fc.constantFrom('10.0.1.1,fd00::2', 'fd00::,10.0.1.0', '10.0.2.0,fd00::8')

/** `value` most of the time. */
function mostly<T>(value: T, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 4, arbitrary: fc.constant(value) }, { weight: 1, arbitrary })
}

type Allocation = NonNullable<IPAddressPool['spec']['serviceAllocation']>

const anyAllocation: fc.Arbitrary<Allocation | undefined> = fc.option(
  fc.record(
    {
      priority: fc.constantFrom(0, 1, 2),
      namespaces: fc.constantFrom<string[]>(['blue'], ['blue', 'green']),
      namespaceSelectors: fc.constant([{ matchLabels: { team: 'a' } }]),
      serviceSelectors: fc.constantFrom(
        [{ matchLabels: { app: 'x' } }],
        [{ matchLabels: { app: 'y' } }, { matchLabels: { app: 'x' } }],
      ),
    },
    { requiredKeys: [] },
  ),
  { nil: undefined },
)

function anyPool(name: string): fc.Arbitrary<IPAddressPool> {
  return fc
    .record({
      addresses: fc.uniqueArray(
        mostly('', fc.constant('garbage')).chain((bad) =>
          bad === ''
            ? anyEntry
            : fc.oneof({ weight: 9, arbitrary: anyEntry }, { weight: 1, arbitrary: fc.constant(bad) }),
        ),
        { minLength: 1, maxLength: 3 },
      ),
      age: fc.nat(2),
      autoAssign: mostly(true, fc.constant(false)),
      avoidBuggyIPs: mostly(false, fc.constant(true)),
      drain: mostly(false, fc.constant(true)),
      excludeAddresses: mostly<string[]>(
        [],
        fc.constantFrom(['10.0.1.1/32'], ['10.0.1.0-10.0.1.2', 'fd00::2/127'], ['nonsense']),
      ),
      serviceAllocation: anyAllocation,
    })
    .map(({ addresses, serviceAllocation, ...rest }) =>
      pool(name, addresses, { ...rest, ...(serviceAllocation !== undefined && { serviceAllocation }) }),
    )
}

const POOL_NAMES = ['a', 'b', 'c']
const anyPools = fc
  .tuple(...POOL_NAMES.map((name) => fc.option(anyPool(name))))
  .map((pools) => pools.flatMap((one) => one ?? []))
const anyPoolEdit = fc
  .constantFrom(...POOL_NAMES)
  .chain((name) => fc.record({ name: fc.constant(name), pool: fc.option(anyPool(name), { freq: 4 }) }))

const anyNamespaces: fc.Arbitrary<Namespace[]> = fc
  .tuple(fc.constantFrom('a', 'b'), fc.constantFrom('a', 'b'))
  .map(([blue, green]) => [
    { metadata: { name: 'blue', labels: { team: blue } } },
    { metadata: { name: 'green', labels: { team: green } } },
  ])

const anyReserved = fc
  .uniqueArray(anyAddress, { maxLength: 2 })
  .map((list) => Object.fromEntries(list.map((address) => [address, `Node of ${address}`])))

export const anyWorld: fc.Arbitrary<World> = fc.record({
  pools: anyPools,
  namespaces: anyNamespaces,
  reserved: mostly<Record<string, string>>({}, anyReserved),
})

const CLUSTER_IPS = { IPv4: '10.96.0.1', IPv6: 'fd00:96::1' }
const anyFamilies = fc.constantFrom<('IPv4' | 'IPv6')[]>(
  ['IPv4'],
  ['IPv4'],
  ['IPv6'],
  ['IPv4', 'IPv6'],
  ['IPv6', 'IPv4'],
  [],
)

const anyAsked = fc.oneof(
  { weight: 12, arbitrary: fc.constant<Record<string, string>>({}) },
  {
    weight: 5,
    arbitrary: anyAddress.map((address): Record<string, string> => ({
      'metallb.io/loadBalancerIPs': address,
    })),
  },
  {
    weight: 4, // the one that everybody wants
    arbitrary: fc
      .constantFrom('10.0.1.2', 'fd00::2')
      .map((address): Record<string, string> => ({ 'metallb.io/loadBalancerIPs': address })),
  },
  {
    weight: 3,
    arbitrary: anyPair.map((pair): Record<string, string> => ({ 'metallb.io/loadBalancerIPs': pair })),
  },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(...POOL_NAMES, 'nowhere')
      .map((name): Record<string, string> => ({ 'metallb.io/address-pool': name })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(anyAddress, fc.constantFrom(...POOL_NAMES))
      .map(([address, name]): Record<string, string> => ({
        'metallb.io/loadBalancerIPs': address,
        'metallb.io/address-pool': name,
      })),
  },
  { weight: 1, arbitrary: fc.constant<Record<string, string>>({ 'metallb.io/loadBalancerIPs': 'nonsense' }) },
)

/** @param shared of ten Services so many have a sharing key. */
function anyDraft(shared: number): fc.Arbitrary<Draft> {
  return fc
    .record({
      families: anyFamilies,
      required: fc.boolean(),
      asked: anyAsked,
      key: fc.oneof(
        { weight: 10 - shared, arbitrary: fc.constant('') },
        { weight: shared, arbitrary: fc.constantFrom('k', 'k', 'l') },
      ),
      ports: fc.constantFrom<[string, number][]>(
        [['TCP', 1]],
        [['TCP', 2]],
        [['UDP', 1]],
        [
          ['TCP', 1],
          ['TCP', 2],
        ],
        [['TCP', 3]],
      ),
      local: fc.constantFrom(undefined, undefined, { app: 'one' }, { app: 'two' }),
      labels: fc.constantFrom<Record<string, string>>({}, { app: 'x' }, { app: 'y' }),
      type: fc.constantFrom(
        'LoadBalancer',
        'LoadBalancer',
        'LoadBalancer',
        'LoadBalancer',
        'LoadBalancer',
        'LoadBalancer',
        'ClusterIP',
      ),
      loadBalancerClass: mostly<string | undefined>(
        undefined,
        mostly<string | undefined>(undefined, fc.constant('example.com/other')),
      ),
    })
    .map(({ families, required, asked, key, ports, local, labels, type, loadBalancerClass }) => ({
      labels,
      annotations: { ...asked, ...(key !== '' && { 'metallb.io/allow-shared-ip': key }) },
      spec: {
        type,
        clusterIPs: families.map((family) => CLUSTER_IPS[family]),
        ipFamilyPolicy: required
          ? 'RequireDualStack'
          : families.length > 1
            ? 'PreferDualStack'
            : 'SingleStack',
        ports: ports.map(([protocol, port]) => ({ protocol, port })),
        ...(local !== undefined && { externalTrafficPolicy: 'Local', selector: local }),
        ...(loadBalancerClass !== undefined && { loadBalancerClass }),
      },
    }))
}

const anyIngress = fc.oneof(
  fc.constant<object[]>([]),
  anyAddress.map((ip): object[] => [{ ip }]),
  fc.tuple(anyAddress, anyAddress).map((ips): object[] => ips.map((ip) => ({ ip }))),
  fc.constantFrom<object[]>(
    [{ hostname: 'lb.example' }],
    [{ ip: '203.0.113.9' }],
    [{ ip: 'x' }],
    [{ ip: '10.0.1.1', ipMode: 'Proxy' }],
  ),
)

/** How often what happens, by kind. */
export type Weights = Partial<Record<Step['kind'], number>>

/** @param shared of ten Services so many have a sharing key. */
export function anyStep(weights: Weights, shared: number): fc.Arbitrary<Step> {
  const kinds: { [Kind in Step['kind']]: fc.Arbitrary<Extract<Step, { kind: Kind }>> } = {
    put: fc.record({ kind: fc.constant('put'), slot: anySlot, draft: anyDraft(shared) }),
    delete: fc.record({ kind: fc.constant('delete'), slot: anySlot }),
    configure: fc
      .oneof(
        anyPools.map((pools) => ({ pools })),
        anyNamespaces.map((namespaces) => ({ namespaces })),
        anyReserved.map((reserved) => ({ reserved })),
      )
      .map((change) => ({ kind: 'configure', change })),
    pool: anyPoolEdit.map((edit) => ({ kind: 'pool', ...edit })),
    overwrite: fc.record({ kind: fc.constant('overwrite'), slot: anySlot, ingress: anyIngress }),
    duplicate: fc.record({ kind: fc.constant('duplicate'), slot: anySlot, from: anySlot }),
    work: fc.record({
      kind: fc.constant('work'),
      pick: fc.nat(SLOTS),
      count: fc.integer({ min: 1, max: 4 }),
      lands: fc.boolean(),
      lags: mostly(false, fc.constant(true)),
    }),
    land: fc.record({ kind: fc.constant('land'), pick: fc.nat(SLOTS), lost: fc.boolean() }),
    restart: fc.constant({ kind: 'restart' }),
    wait: fc.constantFrom(1_000, 60_000, 600_000, 600_000).map((ms) => ({ kind: 'wait', ms })),
    settle: fc.constant({ kind: 'settle' }),
  }
  const weighted = Object.entries(weights).map(([kind, weight]) => ({
    weight,
    arbitrary: kinds[kind as Step['kind']] as fc.Arbitrary<Step>,
  }))
  return fc.oneof(...weighted)
}
