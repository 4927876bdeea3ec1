import assert from 'node:assert/strict'
import test from 'node:test'
import type { Hello } from '../../src/packet/index.ts'
import { Hellos } from '../../src/speaker/hellos.ts'
import { link } from '../announcer/links.ts'

const ETH0 = link('eth0')
const CLUSTER = '00c0ffee00c0ffee'

const hello = (sequence: number): Hello => ({
  instance: '0123456789abcdef',
  node: 'node-1',
  sequence,
  deadInterval: 375,
  listening: false,
  leaving: false,
  gone: false,
  stale: false,
  quorum: true,
  asking: false,
  claims: [],
})

function hellos(secret: string, cluster = CLUSTER): Hellos {
  const made = new Hellos(Buffer.from(secret))
  made.setCluster(cluster)
  return made
}

/** Takes a frame in, or, with a reason, not. */
function take(receiver: Hellos, frame: Uint8Array, now: number, refusal: 'replayed' | null = null): void {
  const received = receiver.decode(frame, now)
  assert.ok(received)
  receiver.settle(received, refusal, now)
}

test('what one speaker says another understands, with the MAC that it came from', () => {
  const frame = hellos('s').encode(hello(1), ETH0, 0)
  const received = hellos('s').decode(frame, 0)
  assert.deepEqual([received?.hello, received?.mac], [hello(1), ETH0.mac])
})

test('what is refused is counted by its cause', () => {
  const receiver = hellos('ours')
  const frames = [
    hellos('theirs').encode(hello(1), ETH0, 0),
    hellos('ours', 'ffffffffffffffff').encode(hello(1), ETH0, 0),
    hellos('ours').encode(hello(1), ETH0, 0).subarray(0, 60),
    Buffer.alloc(60),
  ]
  assert.deepEqual(
    frames.map((frame) => receiver.decode(frame, 0)),
    [null, null, null, null],
  )
  assert.deepEqual(receiver.counts, { unknownKey: 1, otherCluster: 1, malformed: 2 })
})

test('a hello that comes after more than half a dead interval is late', () => {
  const [sender, receiver] = [hellos('s'), hellos('s')]
  for (const [sequence, at] of [
    [1, 0],
    [2, 50],
    [3, 250],
  ] as const) {
    take(receiver, sender.encode(hello(sequence), ETH0, at), at)
  }
  assert.deepEqual(receiver.counts, { accepted: 3, late: 1 })
})

test('a secret rolls over: the new one signs once everybody who is heard accepts it', () => {
  const [one, other] = [hellos('old'), hellos('old')]
  const exchange = (at: number): void => {
    take(other, one.encode(hello(at), ETH0, at), at)
    take(one, other.encode({ ...hello(at), instance: 'f'.repeat(16) }, ETH0, at), at)
  }
  exchange(1)
  one.changeSecret(Buffer.from('new'), 2)
  exchange(3)
  other.changeSecret(Buffer.from('new'), 4)
  exchange(5)
  exchange(6)
  assert.ok(hellos('new').decode(one.encode(hello(7), ETH0, 7), 7))
})

test('an old hello that is repeated does not keep anybody from the new secret, and nobody is late with it', () => {
  const [one, other] = [hellos('old'), hellos('old')]
  const recorded = other.encode({ ...hello(1), instance: 'f'.repeat(16) }, ETH0, 0)
  one.changeSecret(Buffer.from('new'), 1)
  take(one, recorded, 2, 'replayed')
  take(one, recorded, 300, 'replayed')
  assert.ok(hellos('new').decode(one.encode(hello(1), ETH0, 301), 301))
  assert.deepEqual(one.counts, { replayed: 2 })
})
