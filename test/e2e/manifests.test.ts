// What is installed, in its several forms: as kustomize makes it, as one file, and what is optional.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { parseAllDocuments } from 'yaml'
import { client, eventually, fetchSecured, get, kubectl, NAMESPACE, podAddresses } from './cluster.ts'

/** Where only the LAN leads. */
const SPEAKER = 'https://172.25.254.11:9120'

interface KubernetesObject {
  kind: string
  metadata: { name: string; namespace?: string; labels?: Record<string, string> }
}

function objects(yaml: string): KubernetesObject[] {
  const found = parseAllDocuments(yaml).map((document) => document.toJS() as KubernetesObject)
  return found.sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1))
}

function nameOf({ kind, metadata: { namespace = '', name } }: KubernetesObject): string {
  return `${kind} ${namespace} ${name}`
}

test('deploy/typemetal.yaml has the objects that kustomize makes of deploy/', async () => {
  assert.deepEqual(
    objects(readFileSync('deploy/typemetal.yaml', 'utf8')),
    objects(await kubectl('kustomize deploy')),
  )
})

test('the label app=metallb is on all that may go without the objects of the users', async () => {
  const unlabelled = objects(await kubectl('kustomize deploy')).filter(
    ({ metadata: { labels } }) => labels?.app !== 'metallb',
  )
  const kinds = new Set(unlabelled.map(({ kind }) => kind))
  assert.deepEqual(kinds, new Set(['CustomResourceDefinition', 'Namespace']))
})

test('the API server accepts the network policies', async () => {
  const answer = await kubectl('apply --dry-run=server -k deploy/optional/network-policy')
  assert.match(answer, /networkpolicy.networking.k8s.io\/default-deny created/)
  assert.match(answer, /networkpolicy.networking.k8s.io\/controller created/)
})

test("Prometheus' token reads the metrics of both programs, and nothing else", async () => {
  // The Prometheus operator's own kind is not known here.
  await assert.rejects(kubectl('apply -k deploy/optional/monitoring'), /no matches for kind "PodMonitor"/)
  try {
    const token = await eventually('the token', async () => {
      const { data } = await get<{ data?: { token?: string } }>(`secret metrics-reader -n ${NAMESPACE}`)
      return Buffer.from(data?.token ?? assert.fail('none yet'), 'base64').toString()
    })
    const answer = ['-o', '/dev/null', '-w', '%{http_code}', '--oauth2-bearer', token]
    const [controller = ''] = await podAddresses('controller')
    for (const [path, code] of [
      ['/metrics', '200'],
      ['/api/v1/pools', '403'],
    ] as const) {
      assert.equal(await fetchSecured(controller, path, ...answer), code)
      assert.equal(await client('curl', '-sSk', '--max-time', '5', ...answer, SPEAKER + path), code)
    }
  } finally {
    await kubectl('delete -k deploy/optional/monitoring --ignore-not-found').catch(() => undefined)
  }
})
