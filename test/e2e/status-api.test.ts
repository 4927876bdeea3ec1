// The status API as people and Prometheus meet it: over HTTPS with a token, and on the loopback of the pod.

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import test, { after, before, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import {
  advertisement,
  announcers,
  apply,
  AS_ADMINISTRATOR,
  assigned,
  eventually,
  fetchSecured,
  kubectl,
  NAMESPACE,
  pids,
  podAddresses,
  pool,
  signal,
  status,
  web,
} from './cluster.ts'

const run = promisify(execFile)
const IP = '172.25.254.50'

before(async () => {
  await apply(...web('web'), pool('lan', [`${IP}/32`]), advertisement('all'))
  await assigned('web', IP)
  await eventually('an announcer', async () => assert.equal((await announcers('web')).length, 1))
})

after(async () => {
  await kubectl('delete deployment,service -l!provider')
  await kubectl(`delete ipaddresspools,l2advertisements --all -n ${NAMESPACE}`)
  await kubectl('delete clusterrolebinding viewer --ignore-not-found')
  await kubectl('delete serviceaccount viewer --ignore-not-found')
})

async function codeOf(address: string, path: string, ...options: string[]): Promise<string> {
  return fetchSecured(address, path, '-o', '/dev/null', '-w', '%{http_code}', ...options)
}

test('one look at a Service answers: what it has, why, who announces it, who comes next', async () => {
  interface Detail {
    ips: string[]
    origin: { reason: string }
    announcers: { node: string }[]
    candidates: { node: string; eligible: boolean }[]
    sentences: string[]
  }
  const [holder] = await announcers('web')
  await eventually('the holder in the detail', async () => {
    const detail = await status<Detail>('/api/v1/services/default/web')
    assert.deepEqual([detail.ips, detail.origin.reason], [[IP], 'FirstPoolWithRoom'])
    assert.deepEqual(
      detail.announcers.map(({ node }) => node),
      [holder],
    )
    assert.equal(detail.candidates.filter(({ eligible }) => eligible).length, 3)
    assert.match(detail.sentences.join(' '), new RegExp(`web has ${IP} of pool lan.*${holder} announces it`))
  })
})

test('pools and speakers tell who has what', async () => {
  const { items } = await status<{ items: object[] }>('/api/v1/pools/lan/addresses')
  assert.deepEqual(items, [{ ip: IP, services: ['default/web'] }])
  const speakers = await status<{ items: { node: string; ready: boolean; ips: string[] }[] }>(
    '/api/v1/speakers',
  )
  assert.deepEqual(
    speakers.items.map(({ node, ready }) => [node, ready]),
    [
      ['node-1', true],
      ['node-2', true],
      ['node-3', true],
    ],
  )
  assert.deepEqual(
    speakers.items.flatMap(({ ips }) => ips),
    [IP],
  )
})

test('the controller tells of each speaker whom it hears and what it runs, and who follows sees a speaker fall silent', async (t) => {
  interface Speaker {
    node: string
    version?: string
    segments?: { interface: string; peers: string[] }[]
  }
  const nodes = ['node-1', 'node-2', 'node-3']
  await eventually('what the speakers say', async () => {
    const { items } = await status<{ items: Speaker[] }>('/api/v1/speakers')
    for (const { node, version, segments } of items) {
      assert.match(version ?? 'none', /^\d+\.\d+\.\d+$/)
      const peers = nodes.filter((other) => other !== node)
      // Pools of tests before may have brought them into elections elsewhere, which they leave after a minute.
      const lan = segments?.find((segment) => segment.interface === 'eth0')
      assert.deepEqual(lan?.peers, peers)
    }
  })
  const text = await following(t)
  const holders = await announcers('web')
  const silent = nodes.find((node) => !holders.includes(node)) ?? ''
  signal(`speaker-${silent}`, 'SIGSTOP')
  try {
    await eventually('the news', async () => {
      assert.match(text(), new RegExp(`event: speaker\ndata: .*"node":"${silent}".*"silence":"`))
      assert.match(text(), /event: speaker\ndata: .*"peers":\["node-\d"\]/)
    })
  } finally {
    signal(`speaker-${silent}`, 'SIGCONT')
  }
})

test('without a token nothing is shown; with one, what a ClusterRole grants; to Prometheus the metrics', async () => {
  await kubectl('create serviceaccount viewer')
  const token = (await kubectl('create token viewer')).trim()
  const asViewer = ['-H', `Authorization: Bearer ${token}`]
  const [controller = ''] = await podAddresses('controller')
  const [speaker = ''] = await podAddresses('speaker')
  const onLan = async (...options: string[]): Promise<string> => {
    const url = `https://${speaker}:9120/metrics`
    const curl = ['curl', '-sSk', '--max-time', '2', '-w', '%{http_code}', ...options, url]
    return (await run('ip', ['netns', 'exec', 'client', ...curl])).stdout
  }
  const metrics = async (...options: string[]): Promise<string> =>
    fetchSecured(controller, '/metrics', '-w', '%{http_code}', ...options)
  for (const fetch of [metrics, onLan]) {
    assert.match(await fetch(), /401$/)
    assert.match(await fetch('-H', 'Authorization: Bearer invented'), /401$/)
    assert.match(await fetch(...asViewer), /403$/)
    assert.match(await fetch(...AS_ADMINISTRATOR), /metallb_k8s_client_config_loaded_bool 1/)
  }
  await kubectl(
    'create clusterrolebinding viewer --clusterrole=metallb-system:viewer --serviceaccount=default:viewer',
  )
  await eventually('the grant', async () => {
    for (const path of ['/metrics', '/api/v1/services/default/web'])
      assert.equal(await codeOf(controller, path, ...asViewer), '200')
  })
})

test('each speaker tells whom it hears, and the holder what it holds and since when it does', async () => {
  const [holder = ''] = await announcers('web')
  const read = async <T>(node: string, path: string): Promise<T[]> => {
    const url = `https://127.0.0.1:9120/api/v1/${path}`
    const curl = ['curl', '-sSk', '--max-time', '2', ...AS_ADMINISTRATOR, url]
    const { stdout } = await run('ip', ['netns', 'exec', node, ...curl])
    return (JSON.parse(stdout) as { items: T[] }).items
  }
  for (const node of ['node-1', 'node-2', 'node-3']) {
    await eventually(`the segment of ${node}`, async () => {
      const [segment] = await read<{ interface: string; peers: number }>(node, 'segments')
      assert.deepEqual([segment?.interface, segment?.peers], ['eth0', 2])
    })
    const peers = await read<{ node: string }>(node, 'peers')
    assert.ok(peers.every((peer) => peer.node !== node))
    const held = await read<{ ip: string; services: string[] }>(node, 'held')
    assert.deepEqual(
      held.map(({ ip, services }) => [ip, services]),
      node === holder ? [[IP, ['default/web']]] : [],
    )
  }
  const [newest] = await read<{ ip: string; to: string }>(holder, 'transitions')
  assert.deepEqual([newest?.ip, newest?.to], [IP, 'active'])
})

test('on the loopback of the pod, where kubectl port-forward ends, no token is asked for', async () => {
  const [pid] = pids('controller')
  const inPod = ['-t', String(pid), '-n', 'curl', '-sS', '--max-time', '2']
  const { stdout } = await run('nsenter', [...inPod, 'http://127.0.0.1:9121/api/v1/services/default/web'])
  assert.deepEqual((JSON.parse(stdout) as { ips: string[] }).ips, [IP])
  const foreign = await run('nsenter', [
    ...inPod,
    '-H',
    'Host: evil.example',
    'http://127.0.0.1:9121/api/v1/pools',
  ])
  assert.match(foreign.stdout, /MisdirectedRequest/)
  const [address = ''] = await podAddresses('controller')
  await assert.rejects(run('curl', ['-sS', '--max-time', '2', `http://${address}:9121/api/v1/pools`]))
})

/** What the event stream has said up to now. */
async function following(t: TestContext): Promise<() => string> {
  const [address = ''] = await podAddresses('controller')
  const url = `https://${address}:9120/api/v1/events`
  const reader = spawn('curl', ['-sSkN', ...AS_ADMINISTRATOR, url])
  t.after(() => reader.kill())
  let text = ''
  reader.stdout.setEncoding('utf8').on('data', (part: string) => (text += part))
  await eventually('the beginning', async () => assert.match(text, /^id: .*\nevent: reset\n/))
  return () => text
}

test('who follows the events sees a Service come, get its address, and go', async (t) => {
  const text = await following(t)
  await kubectl(
    `patch ipaddresspool lan -n ${NAMESPACE} --type=merge -p {"spec":{"addresses":["172.25.254.50-172.25.254.51"]}}`,
  )
  await kubectl('create service loadbalancer other --tcp=80')
  await eventually('its address', async () =>
    assert.match(
      text(),
      /event: service\ndata: \{"namespace":"default","name":"other","state":"Assigned","ips":\["172\.25\.254\.51"\]/,
    ),
  )
  assert.match(text(), /event: pool\ndata: \{"name":"lan"/)
  await kubectl('delete service other')
  await eventually('its end', async () =>
    assert.match(text(), /event: service-gone\ndata: \{"key":"default\/other"\}/),
  )
  assert.match(text(), /event: transition\ndata: .*"kind":"Released"/)
})
