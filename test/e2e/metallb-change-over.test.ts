// From MetalLB to us and back by the commands of docs/migrate-from-metallb.md: no Service is renumbered, nothing that is
// not ours is touched, and nothing of MetalLB is left in the way.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after, before } from 'node:test'
import { promisify } from 'node:util'
import { AssignmentHistory } from './assignment-history.ts'
import {
  advertisement,
  apply,
  assigned,
  cleanUp,
  eventually,
  firstAnswer,
  get,
  kubectl,
  loadBalancer,
  NAMESPACE,
  pool,
  poolOf,
  web,
} from './cluster.ts'
import { BGP_PEER, bgpPeerDefinition, layer2Status, MANIFEST } from './metallb-stand-in.ts'

const ADDRESSES = { web: '172.25.254.57', other: '172.25.254.51', dual: '172.25.254.50,fd00:172:25:254::50' }

const history = new AssignmentHistory()
const folder = mkdtempSync(join(tmpdir(), 'typemetal-change-over-'))

/** Runs the commands of sections of the guide, those in blocks marked `sh`, as somebody would who pastes them. */
async function follow(...sections: string[]): Promise<void> {
  const guide = readFileSync('docs/migrate-from-metallb.md', 'utf8')
  for (const section of sections) {
    const [, text = ''] = new RegExp(`^## ${section}\\n(.*?)(?=^## |$(?![^]))`, 'ms').exec(guide) ?? []
    const commands = [...text.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block]) => block)
    assert.notEqual(commands.length, 0, `no commands in section ${section}`)
    await promisify(execFile)('bash', ['-eo', 'pipefail', '-c', commands.join('')], { cwd: folder })
  }
}

/** As MetalLB's controller does: an Update of the status with the annotation. */
async function assignAsMetalLB(name: string, addresses: string): Promise<void> {
  const service = await get<{ metadata: { annotations?: object }; status: object }>(`service ${name}`)
  service.metadata.annotations = {
    ...service.metadata.annotations,
    'metallb.io/ip-allocated-from-pool': 'lan',
  }
  service.status = { loadBalancer: { ingress: addresses.split(',').map((ip) => ({ ip })) } }
  await kubectl('replace --subresource=status --field-manager=controller -f -', JSON.stringify(service))
}

async function metalLBWritesStatuses(): Promise<void> {
  const { items } = await get<{
    items: { metadata: { name: string; uid: string }; spec: { nodeName: string } }[]
  }>(`pods -n ${NAMESPACE} -l component=speaker`)
  for (const [index, service] of Object.keys(ADDRESSES).entries()) {
    const { metadata, spec } = items[index % items.length] ?? assert.fail('no speaker of MetalLB')
    const { name, uid } = metadata
    const status = layer2Status(service, spec.nodeName, { name, uid })
    await kubectl('create -f -', JSON.stringify(status))
  }
}

before(async () => {
  for (const name of ['deploy', 'crds']) symlinkSync(join(process.cwd(), name), join(folder, name))
  const list = { apiVersion: 'v1', kind: 'List', items: MANIFEST }
  writeFileSync(join(folder, 'metallb-native.yaml'), JSON.stringify(list))
  await kubectl('delete -k deploy -l app=metallb')
  await apply(
    pool('lan', ['172.25.254.50-172.25.254.59', 'fd00:172:25:254::50/124']),
    advertisement('all'),
    bgpPeerDefinition({ strategy: 'None' }),
    ...web('web'),
    loadBalancer('other'),
    loadBalancer('dual', { spec: { ipFamilyPolicy: 'RequireDualStack' } }),
  )
  await kubectl('wait crd bgppeers.metallb.io --for=condition=Established')
  await eventually('a BGPPeer', () => apply(BGP_PEER))
  for (const [service, addresses] of Object.entries(ADDRESSES)) await assignAsMetalLB(service, addresses)
  await apply(...MANIFEST)
  await kubectl(`rollout status daemonset speaker -n ${NAMESPACE} --timeout=60s`)
  await metalLBWritesStatuses()
  await history.start()
})

after(async () => {
  await history.stop()
  await kubectl('delete crd bgppeers.metallb.io')
  await cleanUp()
  rmSync(folder, { recursive: true, force: true })
})

function nothingMoved(): void {
  for (const [service, addresses] of Object.entries(ADDRESSES))
    assert.deepEqual(history.of(service), [addresses], service)
}

/** Everything there is of a workload's containers and volumes, by name. */
async function partsOf(workload: string): Promise<string[]> {
  const { spec } = await get<{
    spec: {
      template: {
        spec: { containers: { name: string; env: { name: string }[] }[]; volumes?: { name: string }[] }
      }
    }
  }>(`${workload} -n ${NAMESPACE}`)
  const { containers, volumes = [] } = spec.template.spec
  return [...containers, ...containers.flatMap(({ env }) => env), ...volumes].map(({ name }) => name)
}

test('left alone by its pods, MetalLB’s webhook would refuse pools, and its conversion hide BGPPeers', async () => {
  await assert.rejects(apply(pool('refused', ['10.9.0.0/24'])), /failed calling webhook/)
  await assert.rejects(
    kubectl(`get bgppeers.v1beta1.metallb.io router -n ${NAMESPACE}`),
    /conversion webhook/,
  )
})

test('by the commands of the guide we take over, and every Service keeps its address', async () => {
  await follow('Before', 'Change over: manifests', 'Look at it')
  await firstAnswer(ADDRESSES.web)
  nothingMoved()
  await apply(pool('new', ['172.25.254.90-172.25.254.99']))
  await apply(loadBalancer('newcomer'))
  await eventually('an address', async () => (history.of('newcomer').at(-1) ?? '') !== '')
  assert.equal(await poolOf('newcomer'), 'lan')
})

test('nothing of MetalLB is left in our pods', async () => {
  const ours = (name: string): boolean => !/^(cert|METALLB_DEPLOYMENT)$/.test(name)
  for (const workload of ['deployment/controller', 'daemonset/speaker']) {
    const parts = await partsOf(workload)
    assert.deepEqual(parts.filter(ours), parts, workload)
  }
})

test('objects of BGP are as they were, in both versions', async () => {
  for (const version of ['v1beta1', 'v1beta2']) {
    const { spec } = await get<typeof BGP_PEER>(`bgppeers.${version}.metallb.io router -n ${NAMESPACE}`)
    assert.deepEqual(spec, BGP_PEER.spec)
  }
})

test("MetalLB's ServiceL2Statuses give way to ours", () =>
  eventually('our own statuses alone', async () => {
    const { items } = await get<{ items: { metadata: { name: string }; status?: object }[] }>(
      `servicel2statuses -n ${NAMESPACE}`,
    )
    // Ours have names that follow from Service and node, MetalLB's five characters of chance.
    for (const { metadata } of items) assert.match(metadata.name, /^l2-[0-9a-f]{16}$/)
    assert.notEqual(items.length, 0)
  }))

test('by the commands of the guide MetalLB takes over again, and finds every address', async () => {
  await follow('Go back')
  nothingMoved()
  const { items } = await get<{ items: object[] }>(`pods -n ${NAMESPACE}`)
  assert.ok(JSON.stringify(items).includes('quay.io/metallb/speaker'))
  assert.ok(!JSON.stringify(items).includes('typemetal'))
  assert.equal(await poolOf('web'), 'lan')
})

test('we take over once more, from a MetalLB that knows nothing of us', async () => {
  await follow('Change over: manifests')
  await firstAnswer(ADDRESSES.web)
  nothingMoved()
  await assigned('web', ADDRESSES.web)
})
