import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { arpProbe } from '../../src/packet/index.ts'
import { Responder } from '../../src/wire/index.ts'
import { addressOf } from '../ip/address-of.ts'
import { ask, layCable, macOf, sh } from './cable.ts'
import { startHolder, VALIDITY_MS } from './holder.ts'

/** More than are answered together. */
const BURST = 300

test('a process that was frozen does not send one reply when it thaws, until it is told to', async () => {
  const cable = layCable()
  const link = cable.link()
  const device = link.name
  const asking = new Responder({ onObservations: () => {} })
  asking.listenOn([link])
  const request = arpProbe(link.mac, addressOf('192.0.2.60'))
  const holder = await startHolder(cable.namespace, '192.0.2.60')
  const itsMac = macOf(cable.neighbour('ip link show eth0').replace('link/ether', 'lladdr'))
  const askFor = (): string | null => ask(sh, device, '192.0.2.60')
  try {
    holder.order('hold')
    await holder.next('holding')
    assert.equal(askFor(), itsMac)

    holder.process.kill('SIGSTOP')
    await sleep(VALIDITY_MS)
    assert.equal(askFor(), null)
    for (let sent = 0; sent < BURST; sent++) assert.ok(asking.send(link.index, request))
    holder.process.kill('SIGCONT')
    await holder.next('lapsed')
    assert.equal(askFor(), null)

    holder.order('hold') // which first forgets what still waits
    await holder.next('holding')
    holder.order('count')
    const { answered, expired } = (await holder.next('counted')).counted
    assert.deepEqual({ answered, expired }, { answered: 1, expired: 6 + BURST })
    assert.equal(askFor(), itsMac)
    assert.match(itsMac ?? '', /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/)
  } finally {
    await holder.end()
    asking.stop()
    cable.remove()
  }
})
