// Who holds an address when something breaks: cables, processes, nodes, the API server.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { after, before } from 'node:test'
import {
  announcers,
  apply,
  assigned,
  cleanUp,
  eventually,
  firstAnswer,
  kubectl,
  loadBalancer,
  NAMESPACE,
  pids,
  signal,
} from './cluster.ts'
import { answeringNode, macOf, on } from './lan.ts'
import { assertNothingLost, outageDuring } from './outage.ts'
import { hearEachOther, serve, SERVER, taken, tell, UDP_PORT, VIP } from './watched-service.ts'
import { sightingsDuring, windowsOfTwo } from './witness.ts'

const EXCLUDED = 'node.kubernetes.io/exclude-from-external-load-balancers'

before(async () => {
  // It runs the pod, and is to hold nothing itself.
  await kubectl(`label node ${SERVER} ${EXCLUDED}=`)
  await serve()
})

after(async () => {
  await kubectl(`label node ${SERVER} ${EXCLUDED}-`)
  await cleanUp()
})

/** Both nodes take part again, long enough to be believed. */
function whole(): Promise<void> {
  return hearEachOther(['node-1', 'node-2'])
}

test('a pulled cable moves the address; plugged in again it does not move back, and nothing is lost', async (context) => {
  const holder = await answeringNode(VIP)
  let next = ''
  const pulled = await outageDuring(VIP, UDP_PORT, async () => {
    await sleep(200)
    await on('', `ip link set lan-${holder} down`)
    next = await taken(holder)
  })
  tell(context, pulled)
  const sightings = await sightingsDuring([VIP], async () => {
    const plugged = await outageDuring(VIP, UDP_PORT, async () => {
      await on('', `ip link set lan-${holder} up`)
      await whole()
      await sleep(1500)
    })
    tell(context, plugged)
    assertNothingLost(plugged)
  })
  assert.equal(await answeringNode(VIP), next)
  assert.equal(windowsOfTwo(sightings), 0)
  await eventually('the status', async () => assert.deepEqual(await announcers('web'), [next]))
})

test('a speaker that is killed is relieved, and comes back as a spare', async (context) => {
  await whole()
  const holder = await answeringNode(VIP)
  const killed = await outageDuring(VIP, UDP_PORT, async () => {
    await sleep(200)
    signal(`speaker-${holder}`, 'SIGKILL')
    await taken(holder)
    await whole()
  })
  tell(context, killed)
  assert.notEqual(await answeringNode(VIP), holder)
})

test('a node that freezes is relieved, and when it thaws says nothing before it has heard who holds the address', async (context) => {
  await whole()
  const holder = await answeringNode(VIP)
  const mac = await macOf(holder)
  const names = [`speaker-${holder}`, `kubelet-${holder}`, `kube-proxy-${holder}`]
  let thawedAt = Infinity
  const sightings = await sightingsDuring([VIP], async () => {
    const frozen = await outageDuring(VIP, UDP_PORT, async () => {
      await sleep(200)
      for (const name of names) signal(name, 'SIGSTOP')
      try {
        await taken(holder)
      } finally {
        thawedAt = performance.timeOrigin + performance.now()
        for (const name of names) signal(name, 'SIGCONT')
      }
      await whole()
    })
    tell(context, frozen)
  })
  const words = sightings.filter((each) => each.at > thawedAt && each.mac === mac && each.kind !== 'probe')
  assert.deepEqual(words, [])
})

test('a speaker that is told to end hands over first: nothing is lost', async (context) => {
  await whole()
  const holder = await answeringNode(VIP)
  const ended = await outageDuring(VIP, UDP_PORT, async () => {
    await sleep(200)
    signal(`speaker-${holder}`, 'SIGTERM')
    await taken(holder)
    await whole()
  })
  tell(context, ended)
  assertNothingLost(ended)
})

test('a rolling restart of all speakers loses nothing', async (context) => {
  const restarted = await outageDuring(VIP, UDP_PORT, async () => {
    await kubectl(`rollout restart daemonset/speaker -n ${NAMESPACE}`)
    await kubectl(`rollout status daemonset/speaker -n ${NAMESPACE} --timeout=60s`)
  })
  tell(context, restarted)
  assertNothingLost(restarted)
})

test('a node that is excluded gives its address away, and nothing is lost', async (context) => {
  await whole()
  const holder = await answeringNode(VIP)
  const moved = await outageDuring(VIP, UDP_PORT, async () => {
    await sleep(200)
    await kubectl(`label node ${holder} ${EXCLUDED}=`)
    await taken(holder)
    await kubectl(`label node ${holder} ${EXCLUDED}-`)
  })
  tell(context, moved)
  assertNothingLost(moved)
})

test('while the API server is away a pulled cable moves the address all the same', async (context) => {
  await whole()
  const holder = await answeringNode(VIP)
  signal('kube-apiserver', 'SIGSTOP')
  try {
    const pulled = await outageDuring(VIP, UDP_PORT, async () => {
      await sleep(200)
      await on('', `ip link set lan-${holder} down`)
      await taken(holder)
    })
    tell(context, pulled)
    await on('', `ip link set lan-${holder} up`)
  } finally {
    signal('kube-apiserver', 'SIGCONT')
  }
})

test('a speaker that is started anew while the API server is away goes by what it knew', async () => {
  await whole()
  await assigned('web', VIP)
  signal('kube-apiserver', 'SIGSTOP')
  try {
    const before = new Set(['node-1', 'node-2'].flatMap((node) => pids(`speaker-${node}`)))
    for (const node of ['node-1', 'node-2']) signal(`speaker-${node}`, 'SIGKILL')
    await eventually('new speakers', async () =>
      ['node-1', 'node-2'].flatMap((node) => pids(`speaker-${node}`)).every((pid) => !before.has(pid)),
    )
    await firstAnswer(VIP)
  } finally {
    signal('kube-apiserver', 'SIGCONT')
  }
})

test('forty addresses move at once, and each has one holder afterwards', async () => {
  await whole()
  await apply(
    ...Array.from({ length: 40 }, (_, n) =>
      loadBalancer(`many-${n}`, { spec: { selector: { app: 'web' } } }),
    ),
  )
  const addresses = Array.from({ length: 41 }, (_, n) => `172.25.254.${50 + n}`)
  await eventually('all answered', async () => {
    const sightings = await sightingsDuring(addresses, () => sleep(1000))
    assert.equal(new Set(sightings.map(({ ip }) => ip)).size, addresses.length)
  })
  const holder = await answeringNode(VIP)
  await on('', `ip link set lan-${holder} down`)
  await taken(holder)
  const alone = await sightingsDuring(addresses, () => sleep(1000))
  await on('', `ip link set lan-${holder} up`)
  await whole()
  const together = await sightingsDuring(addresses, () => sleep(2000))
  for (const sightings of [alone, together]) {
    assert.equal(new Set(sightings.map(({ ip }) => ip)).size, addresses.length)
    assert.equal(windowsOfTwo(sightings), 0)
  }
  assert.deepEqual(holders(together), holders(alone))
})

function holders(sightings: readonly { ip: string; mac: string }[]): string[] {
  return [...new Set(sightings.map(({ ip, mac }) => `${ip} ${mac}`))].sort()
}
