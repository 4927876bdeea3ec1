import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Announcer } from '../../src/announcer/index.ts'
import { formatMac } from '../../src/packet/index.ts'
import { Responder } from '../../src/wire/index.ts'
import { addressOf } from '../ip/address-of.ts'
import { type Cable, layCable, macOf } from './cable.ts'

let cable: Cable

before(() => {
  cable = layCable()
})

after(() => cable.remove())

test('each gratuitous form turns a wrong entry of the neighbour at once', () => {
  const link = cable.link()
  const responder = new Responder({ onObservations: () => {} })
  assert.deepEqual(responder.listenOn([link]), [])
  const announcer = new Announcer(link, () => 0.5)
  const address = addressOf('192.0.2.70')
  announcer.hold(address, 0)
  const operations = [] as number[]
  for (const now of [0, 1, 100, 102]) {
    for (const { bytes } of announcer.takeDue(now)) {
      cable.neighbour('ip neigh replace 192.0.2.70 lladdr 02:00:00:00:00:99 dev eth0 nud stale')
      assert.equal(responder.send(link.index, bytes), true)
      assert.equal(macOf(cable.neighbour('ip neigh show 192.0.2.70')), formatMac(link.mac))
      operations.push(bytes[21] ?? 0)
    }
  }
  assert.deepEqual(operations, [1, 2, 1, 2])
  responder.stop()
})
