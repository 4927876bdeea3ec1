// Others on the LAN: who has an address already, who wants one of ours, who has an old idea of where it is.

import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import {
  advertisement,
  announcers,
  apply,
  assigned,
  cleanUp,
  eventually,
  firstAnswer,
  holderOf,
  kubectl,
  loadBalancer,
  pool,
  status,
  told,
  unannounced,
  web,
} from './cluster.ts'
import { announced, answeredBy, learned, macOf, mislead, NODES, on, says } from './lan.ts'

const FREE = '172.25.254.60'
const TAKEN = '172.25.254.61'
const TAKEN6 = 'fd00:172:25:254::61'

before(async () => {
  await apply(
    ...web('web', { replicas: 1 }),
    pool('lan', ['172.25.254.60-172.25.254.69', 'fd00:172:25:254::60-fd00:172:25:254::69']),
    advertisement('all'),
  )
  await kubectl('rollout status deployment web --timeout=60s')
  await assigned('web', FREE)
  await firstAnswer(FREE)
})

after(async () => {
  await on('client', `ip addr flush dev eth0 to ${TAKEN}/32`)
  await on('client', `ip -6 addr flush dev eth0 to ${TAKEN6}/128`)
  await cleanUp()
})

test('the holder says in a condition that it announces the address', async () => {
  const message = await says('web', 'True Announced')
  assert.equal(message, `node "${await holderOf('web')}" announces ${FREE} on eth0`)
})

test('a neighbour with an old entry is corrected by a takeover, without asking', async () => {
  const before = await holderOf('web')
  await mislead(FREE)
  await kubectl(`label node ${before} node.kubernetes.io/exclude-from-external-load-balancers=`)
  try {
    await eventually('another MAC', async () => {
      const mac = await learned(FREE)
      const others = NODES.filter((node) => node !== before)
      return (await Promise.all(others.map((node) => macOf(node)))).includes(mac)
    })
    const now = await eventually('another holder', async () => {
      const [node] = await announcers('web')
      return node !== undefined && node !== before && node
    })
    assert.equal(await learned(FREE), await macOf(now))
  } finally {
    await kubectl(`label node ${before} node.kubernetes.io/exclude-from-external-load-balancers-`)
  }
  const now = await holderOf('web')
  await answeredBy(await macOf(now), FREE)
  assert.notEqual(now, before) // nothing moves back merely because it could
})

for (const [family, ip, length] of [
  ['IPv4', TAKEN, 32],
  ['IPv6', TAKEN6, 128],
] as const) {
  test(`an ${family} address that a stranger has is not announced; it is when the stranger has gone`, async () => {
    const service = `taken-${family.toLowerCase()}`
    await on('client', `ip addr add ${ip}/${length} dev eth0${family === 'IPv6' ? ' nodad' : ''}`)
    const annotations = { 'metallb.io/loadBalancerIPs': ip }
    const spec = { selector: { app: 'web' }, ipFamilies: [family] }
    await apply(loadBalancer(service, { annotations, spec }))
    await assigned(service, ip)
    const message = await says(service, 'False AddressConflict')
    const mac = await macOf('client')
    assert.ok(message.includes(`${ip} is not announced on eth0, because ${mac} has it`), message)
    await told(service, new RegExp(`^AddressConflict: .*${mac}`))
    assert.deepEqual(await announcers(service), [])
    const { items } = await status<{ items: { name: string; announcement?: object }[] }>('/api/v1/services')
    const { announcement } = items.find(({ name }) => name === service) ?? {}
    assert.deepEqual(announcement, { status: 'False', reason: 'AddressConflict', message })

    await on('client', `ip addr del ${ip}/${length} dev eth0`)
    await says(service, 'True Announced')
    await firstAnswer(ip)
    assert.equal((await announcers(service)).length, 1)
  })
}

test('a host that asks by DAD whether it may have our address is told no, and nothing changes', async () => {
  const [service, before] = ['taken-ipv6', await holderOf('taken-ipv6')]
  await on('client', 'sysctl -q net.ipv6.conf.eth0.accept_dad=1')
  await on('client', `ip addr add ${TAKEN6}/128 dev eth0`)
  await eventually('its failure', async () =>
    (await on('client', 'ip -6 addr show dev eth0 dadfailed')).includes(TAKEN6),
  )
  await on('client', `ip addr del ${TAKEN6}/128 dev eth0`)
  await on('client', 'sysctl -q net.ipv6.conf.eth0.accept_dad=0')
  await answeredBy(await macOf(before), TAKEN6)
  await says(service, 'True Announced')
})

test('a stranger who begins to use our address is told of, and the address goes on being answered', async () => {
  const mac = await macOf(await holderOf('web'))
  await on('client', `ip addr add ${FREE}/32 dev eth0`)
  await eventually('the conflict', async () => {
    // Linux tells nobody of a new address, but asks for others in its name.
    await on('client', 'ip neigh flush dev eth0')
    await on('client', `curl -s --max-time 1 --interface ${FREE} http://172.25.254.11`).catch(() => '')
    return (await announced('web')).startsWith('True AddressConflict: ')
  })
  await on('client', `ip addr del ${FREE}/32 dev eth0`)
  await answeredBy(mac, FREE)
  await says('web', 'True Announced')
})

test('the condition goes when nobody announces the Service any more', async () => {
  await kubectl('scale deployment web --replicas=0')
  await eventually('no condition', async () => (await announced('web')) === 'none')
  await unannounced('web')
})
