// Bad weather: programs killed, the API server away.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { after, before } from 'node:test'
import {
  advertisement,
  announcers,
  apply,
  assigned,
  cleanUp,
  curl,
  eventually,
  firstAnswer,
  externalIPs,
  health,
  kill,
  kubectl,
  loadBalancer,
  podAddresses,
  pool,
  ready,
  signal,
  web,
} from './cluster.ts'
import { answeringNode } from './lan.ts'

const ADDRESS = '172.25.254.50'

before(async () => {
  await apply(...web('web'), pool('lan', ['172.25.254.50-172.25.254.99']), advertisement('all'))
  await kubectl('rollout status deployment web --timeout=60s')
  await assigned('web', ADDRESS)
  await firstAnswer(ADDRESS)
})

after(cleanUp)

test('a controller that is killed comes back, and changes no assignment', async () => {
  await apply(loadBalancer('other'))
  await assigned('other', '172.25.254.51')
  await kill('controller')
  await apply(loadBalancer('aaa-newcomer'))
  await assigned('aaa-newcomer', '172.25.254.52')
  assert.deepEqual([await externalIPs('web'), await externalIPs('other')], [[ADDRESS], ['172.25.254.51']])
})

test('while the API server is frozen the address is answered for, and afterwards all goes on', async () => {
  signal('kube-apiserver', 'SIGSTOP')
  try {
    for (let second = 0; second < 10; second++) {
      await curl(ADDRESS)
      await sleep(1000)
    }
  } finally {
    signal('kube-apiserver', 'SIGCONT')
  }
  await apply(loadBalancer('after-freeze'))
  await eventually('an address', async () => (await externalIPs('after-freeze')).length === 1)
})

test('programs that start while the API server is away wait, say so, and are not ready until it is back', async () => {
  const [address = ''] = await podAddresses('controller')
  signal('kube-apiserver', 'SIGSTOP')
  try {
    await kill('controller')
    await eventually('its word', async () => (await health(address)).includes('waiting for the API server'))
  } finally {
    signal('kube-apiserver', 'SIGCONT')
  }
  await ready(address)
})

test('an API server that is killed and started anew costs neither an assignment nor an answer', async () => {
  signal('kube-apiserver', 'SIGKILL')
  for (let tries = 0; tries < 10; tries++) {
    await curl(ADDRESS)
    await sleep(300)
  }
  await eventually('the API server', () => kubectl('get --raw /readyz'))
  await eventually('a Service', () => apply(loadBalancer('after-kill')))
  await eventually('an address', async () => (await externalIPs('after-kill')).length === 1)
  assert.deepEqual(await externalIPs('web'), [ADDRESS])
})

test('when the speaker that holds an address is killed, one other answers, and then there is one again', async () => {
  const holder = await answeringNode(ADDRESS)
  signal(`speaker-${holder}`, 'SIGKILL')
  await firstAnswer(ADDRESS)
  await eventually('one announcer, which answers', async () => {
    const node = await answeringNode(ADDRESS)
    assert.deepEqual(await announcers('web'), [node])
  })
})
