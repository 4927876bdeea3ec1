// docs/events.md: every event, condition and reason that users see. The sentences are the programs' own; the compiler
// sees to it that no reason is missing.

import { explain, type Refusal, type ServiceEvent } from '../../src/allocator/index.ts'
import { ANNOUNCED_CONDITION, ALLOCATED_CONDITION } from '../../src/api/index.ts'
import {
  explainIneligibility,
  explainWithheld,
  type Ineligibility,
  type Withheld,
} from '../../src/candidates/index.ts'
import type { ConfigurationRefusal } from '../../src/config/index.ts'
import type { Address } from '../../src/ip/index.ts'
import type { Finding, News } from '../../src/speaker/standing.ts'
import { PROBLEMS } from '../../src/status/problem.ts'
import { markdown, table } from './markdown.ts'
import type { Generated } from './sources.ts'

const FILE = 'docs/events.md'

const address: Address = { family: 'IPv4', value: 0xc0000201n } // 192.0.2.1
const pool = 'lan'

/** One of each, for its sentence. */
const REFUSALS: { readonly [R in Refusal['reason']]: Refusal & { readonly reason: R } } = {
  NoPool: { reason: 'NoPool', refused: [], provisional: false },
  NoClusterIP: { reason: 'NoClusterIP' },
  InvalidClusterIPs: { reason: 'InvalidClusterIPs', value: '10.96.0.1,10.96.0.2' },
  NotDualStack: { reason: 'NotDualStack' },
  InvalidAddressRequest: { reason: 'InvalidAddressRequest', message: '"192.0.2" is not an IP address' },
  UnknownPool: { reason: 'UnknownPool', pool },
  PoolRefused: { reason: 'PoolRefused', pool },
  PoolForbidsService: { reason: 'PoolForbidsService', pool, because: 'namespace' },
  PoolExhausted: { reason: 'PoolExhausted', pool, families: ['IPv4'] },
  SecondFamilyUnavailable: {
    reason: 'SecondFamilyUnavailable',
    pool,
    family: 'IPv6',
    draining: false,
    elsewhere: [],
  },
  NoAddressAvailable: {
    reason: 'NoAddressAvailable',
    pools: [pool],
    draining: [],
    refused: [],
    families: ['IPv4'],
  },
  AddressOutsidePools: { reason: 'AddressOutsidePools', addresses: [address] },
  AddressOfOtherPool: { reason: 'AddressOfOtherPool', address, pool, asked: 'wan' },
  PoolDraining: { reason: 'PoolDraining', pool },
  AddressExcluded: { reason: 'AddressExcluded', address, pool },
  AddressReserved: { reason: 'AddressReserved', address, pool, owner: 'Node worker-1' },
  AddressAvoided: { reason: 'AddressAvoided', address, pool },
  FamilyMismatch: { reason: 'FamilyMismatch', asked: ['IPv6'], families: ['IPv4'] },
  AddressInUse: { reason: 'AddressInUse', address, holder: 'default/web', obstacle: { kind: 'key' } },
}

const CONTROLLER_EVENTS: Readonly<Record<ServiceEvent['reason'] | 'ContestedStatus', string>> = {
  IPAllocated: 'it has its addresses, or one more',
  ClearAssignment: 'no pool permits its addresses any more: they are taken back',
  AdditionalAssignFailed: 'it prefers two families, and there is an address of one',
  AllocationFailed: 'it does not get what it asks for; the message has the reason below as a sentence',
  LoadBalancerFailed: 'what it asks for in place of its addresses cannot be read: it keeps them',
  'not enough clusterips': 'it requires two families, and has one cluster IP',
  nolbIPsIPFamily: 'its ingress was nothing that can be: it is written anew',
  noclusterIPsIPFamily: 'its cluster IPs are not one address of each family',
  deprecatedAnnotation: 'an annotation with the prefix metallb.universe.tf',
  ContestedStatus: 'somebody else keeps writing its status: it is left to them',
}

const SPEAKER_EVENTS: Readonly<Record<News['reason'], string>> = {
  nodeAssigned: 'a node announces it; the message names the node',
  AddressConflict:
    'somebody else has its address; the message names his MAC, and his node if it has a speaker',
  announceFailed: 'the node that should announce it has no interface that can',
}

const ANNOUNCED: Readonly<Record<Finding['reason'], string>> = {
  Announced: 'its holder answers for all its addresses',
  AddressConflict: 'somebody else has one of them; with status True it is announced all the same',
  NoMatchingInterface: 'the node that should has no interface that can',
}

const CONFIGURATION: Readonly<Record<ConfigurationRefusal['reason'], string>> = {
  InvalidAddresses: 'an entry of spec.addresses or spec.excludeAddresses cannot be read, or two overlap',
  InvalidServiceAllocation:
    'spec.serviceAllocation has a selector that cannot be read, or names something twice',
  OverlappingPool: 'it has addresses of an older pool',
  InvalidAdvertisement: 'a selector of an L2Advertisement cannot be read, or something stands twice',
}

const POOL_CONDITIONS: readonly (readonly [string, string, string])[] = [
  ['Accepted', 'Accepted, Draining, or why not, as in the table below', 'whether the pool is in use'],
  ['NearlyExhausted', 'EnoughAddresses, FewAddressesLeft, Exhausted', 'whether less than a tenth is left'],
  [
    'AddressesSkipped',
    'UsedByCluster',
    'addresses of it that nodes or the Service network use; absent: none',
  ],
]

const INELIGIBLE: readonly Ineligibility[] = keysOf<Ineligibility>({
  NoSpeaker: true,
  ExcludedByLabel: true,
  OutOfService: true,
  NetworkUnavailable: true,
  NotSelected: true,
  NoLocalEndpoint: true,
})

const WITHHELD: readonly Withheld[] = keysOf<Withheld>({
  notLoadBalancer: true,
  noIPAllocated: true,
  invalidIP: true,
  ipNotAllowed: true,
  noEndpoints: true,
  NoMatchingAdvertisement: true,
  SharedAddressWithServiceSelector: true,
  noEligibleNode: true,
})

function keysOf<Word extends string>(words: Readonly<Record<Word, true>>): Word[] {
  return Object.keys(words) as Word[]
}

export async function reasonsDocs(): Promise<Generated> {
  const parts = [
    '# Events, conditions and reasons',
    '<!-- Generated by scripts/generate/reasons-docs.ts from the programs: `npm run generate`. -->',
    'A reason is one word that stays; the sentence beside it says what is wrong, and where it helps, what to do. The same ' +
      'word stands in the event, the condition, the status API, the page and the command line.',
    '## Events of Services',
    table(
      ['reason', 'from', 'when'],
      [...rowsOf(CONTROLLER_EVENTS, 'metallb-controller'), ...rowsOf(SPEAKER_EVENTS, 'metallb-speaker')],
    ),
    `## Condition ${ALLOCATED_CONDITION} of a Service`,
    'True: it has addresses; reason `Allocated`, or why it does not get something else that it asks for. False: it has ' +
      'none. `ContestedStatus`: somebody else keeps writing its status.',
    table(
      ['reason', 'for example'],
      Object.values(REFUSALS).map((refusal) => [code(refusal.reason), explain(refusal)]),
    ),
    `## Condition ${ANNOUNCED_CONDITION} of a Service`,
    'Its message begins with the node whose speaker says it. Where several announce one address, each on its LAN, it is ' +
      'the one that began last. What nobody announces any more, that speaker takes back; 10 s after it was lost, another.',
    table(['reason', 'when'], entries(ANNOUNCED)),
    '## Conditions of an IPAddressPool',
    table(
      ['type', 'reasons', 'what it tells'],
      POOL_CONDITIONS.map(([type, ...rest]) => [code(type), ...rest]),
    ),
    '## Why an object of the configuration is refused',
    'In ConfigurationState, in the condition `Accepted` of the pool, and in the status API. The others stay in force.',
    table(['reason', 'when'], entries(CONFIGURATION)),
    '## Why nobody announces a Service',
    table(
      ['reason', 'sentence'],
      WITHHELD.map((reason) => [code(reason), explainWithheld(reason)]),
    ),
    '## Why a node is no candidate',
    table(
      ['reason', 'the node…'],
      INELIGIBLE.map((reason) => [code(reason), explainIneligibility(reason)]),
    ),
    '## Problems of the status API',
    'As application/problem+json (RFC 9457), with the reason as member `reason`.',
    table(
      ['reason', 'HTTP status'],
      Object.entries(PROBLEMS).map(([reason, status]) => [code(reason), String(status)]),
    ),
  ]
  return new Map([[FILE, await markdown(FILE, parts.join('\n\n'))]])
}

function rowsOf(events: Readonly<Record<string, string>>, from: string): string[][] {
  return Object.entries(events).map(([reason, when]) => [code(reason), from, when])
}

function entries(reasons: Readonly<Record<string, string>>): string[][] {
  return Object.entries(reasons).map(([reason, when]) => [code(reason), when])
}

function code(word: string): string {
  return `\`${word}\``
}
