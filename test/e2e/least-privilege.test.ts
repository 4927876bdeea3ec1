// What the programs ask of the API server, by its own audit log: nothing that it refuses, and each thing that their
// Roles allow. Needs `sandbox exec --audit`, as scripts/test.mjs starts it, which runs this file after all others: what they
// have made happen counts as well.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test, { after, before } from 'node:test'
import { parseAllDocuments } from 'yaml'
import {
  advertisement,
  apply,
  AS_ADMINISTRATOR,
  assigned,
  cleanUp,
  client,
  eventually,
  fetchSecured,
  firstAnswer,
  holderOf,
  kubectl,
  NAMESPACE,
  podAddresses,
  pool,
  status,
  web,
} from './cluster.ts'

interface AuditEvent {
  user: { username: string }
  verb: string
  requestURI: string
  objectRef?: { apiGroup?: string; resource: string; subresource?: string; namespace?: string; name?: string }
  responseStatus?: { code: number }
  annotations?: Record<string, string>
}

interface Rule {
  apiGroups?: string[]
  resources?: string[]
  resourceNames?: string[]
  verbs: string[]
}

interface RbacObject {
  kind: string
  metadata: { name: string }
  rules?: Rule[]
  roleRef?: { kind: string; name: string }
  subjects?: { name: string }[]
}

const ADDRESS = '172.25.254.50'

/** So that the same speaker announces the Service each time, and counts its event on instead of writing another. */
const ONE_NODE = advertisement('all', {
  nodeSelectors: [{ matchLabels: { 'kubernetes.io/hostname': 'node-1' } }],
})

/** What only bad weather needs: a Service whose status somebody keeps rewriting is read, to see who it is. */
const IN_BAD_WEATHER = new Set(['controller: get services'])

/** One verb on one resource, by one program: `controller: patch services/status`. */
function right(account: string, verb: string, group: string, resource: string): string {
  return `${account}: ${verb} ${resource}${group === '' ? '' : `.${group}`}`
}

function auditLog(): AuditEvent[] {
  const text = readFileSync(`${process.env.SANDBOX_DIR}/logs/audit.log`, 'utf8')
  // The last line may be half written.
  return text
    .slice(0, text.lastIndexOf('\n'))
    .split('\n')
    .map((line) => JSON.parse(line) as AuditEvent)
}

function accountOf({ user }: AuditEvent): string {
  return user.username.slice(`system:serviceaccount:${NAMESPACE}:`.length)
}

function usedRights(): Set<string> {
  return new Set(
    auditLog().flatMap((event) => {
      const { resource = '', subresource, apiGroup = '' } = event.objectRef ?? {}
      const path = subresource === undefined ? resource : `${resource}/${subresource}`
      return right(accountOf(event), event.verb, apiGroup, path)
    }),
  )
}

/**
 * An API server that has just started refuses all until it has read its Roles, and some tests take the Roles away and bring
 * them back: what is granted later is no lack of a right.
 */
function refusedForGood(events: AuditEvent[]): AuditEvent[] {
  return events.filter(
    (refused, at) =>
      isRefused(refused) &&
      !events.some((later, index) => index > at && !isRefused(later) && sameRequest(later, refused)),
  )
}

function isRefused({ responseStatus, annotations }: AuditEvent): boolean {
  return responseStatus?.code === 403 || annotations?.['authorization.k8s.io/decision'] === 'forbid'
}

function sameRequest(one: AuditEvent, other: AuditEvent): boolean {
  return one.verb === other.verb && accountOf(one) === accountOf(other) && sameObject(one, other)
}

function sameObject({ objectRef: one }: AuditEvent, { objectRef: other }: AuditEvent): boolean {
  return (
    one?.apiGroup === other?.apiGroup &&
    one?.resource === other?.resource &&
    one?.subresource === other?.subresource &&
    one?.namespace === other?.namespace &&
    // An event that was refused is not written again; another one is.
    (one?.resource === 'events' || one?.name === other?.name)
  )
}

/** What the Roles that are bound to somebody allow, each for each of them. */
function grantedRights(): string[] {
  const text = readFileSync('deploy/rbac.yaml', 'utf8')
  const objects = parseAllDocuments(text).map((document) => document.toJS() as RbacObject)
  return objects.flatMap(({ roleRef, subjects = [] }) => {
    const role = objects.find(
      ({ kind, metadata }) => kind === roleRef?.kind && metadata.name === roleRef.name,
    )
    return subjects.flatMap(({ name }) => (role?.rules ?? []).flatMap((rule) => rightsOf(name, rule)))
  })
}

function rightsOf(account: string, { apiGroups = [], resources = [], verbs }: Rule): string[] {
  return apiGroups.flatMap((group) =>
    resources.flatMap((resource) => verbs.map((verb) => right(account, verb, group, resource))),
  )
}

before(async () => {
  await apply(...web('web'), pool('lan', [`${ADDRESS}/32`]), ONE_NODE)
  await assigned('web', ADDRESS)
  await firstAnswer(ADDRESS)
})

after(cleanUp)

test('in all that happened, no request of a program was refused for good', async () => {
  await eventually('each refused request granted later', async () => {
    assert.deepEqual(
      refusedForGood(auditLog()).map((event) => `${accountOf(event)}: ${event.verb} ${event.requestURI}`),
      [],
    )
  })
})

test('each right that a Role grants is used by each program that has it', async () => {
  await kubectl(`delete secret memberlist -n ${NAMESPACE}`)
  const [controller = ''] = await podAddresses('controller')
  await fetchSecured(controller, '/metrics', ...AS_ADMINISTRATOR)
  for (const node of ['172.25.254.11', '172.25.254.12', '172.25.254.13'])
    await client('curl', '-sSk', '--max-time', '5', ...AS_ADMINISTRATOR, `https://${node}:9120/metrics`)
  await status('/api/v1/services/default/web')
  await status('/api/v1/speakers')
  // What happens again is the same event, counted.
  for (const type of ['ClusterIP', 'LoadBalancer']) {
    await kubectl(`patch service web -p {"spec":{"type":"${type}"}}`)
    await assigned('web', ...(type === 'LoadBalancer' ? [ADDRESS] : []))
  }
  await holderOf('web')
  await kubectl('delete service web')
  await eventually('all rights used', async () => {
    const used = usedRights()
    assert.deepEqual(
      grantedRights().filter((each) => !used.has(each) && !IN_BAD_WEATHER.has(each)),
      [],
    )
  })
})
