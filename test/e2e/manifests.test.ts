// What is installed, in its several forms: as kustomize makes it, as one file, and what is optional.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { parseAllDocuments } from 'yaml'
import { kubectl } from './cluster.ts'

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
