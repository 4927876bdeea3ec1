import assert from 'node:assert/strict'
import test from 'node:test'
import type { Service } from '../../src/api/index.ts'
import { Contention, type Verdict } from '../../src/controller/contention.ts'

const MINUTE = 60_000
const KEY = 'default/web'

function service(ip: string | null, { pool = 'lan', port = 80, uid = '1' } = {}): Service {
  return {
    metadata: {
      uid,
      namespace: 'default',
      name: 'web',
      annotations: pool === '' ? {} : { 'metallb.io/ip-allocated-from-pool': pool },
    },
    spec: { ports: [{ port }] },
    status: { loadBalancer: ip === null ? {} : { ingress: [{ ip }] } },
  }
}

const OURS = service('192.0.2.1')
const THEIRS = service('203.0.113.9')

/** We write, and a moment later somebody writes over it: what we do then. */
function round(contention: Contention, at: number, theirs = THEIRS): Verdict {
  contention.wrote(KEY, OURS, at)
  return contention.judge(KEY, theirs, at + 10)
}

/** Fights until it gives in; resolves with the moment. */
function lose(contention: Contention): number {
  for (const at of [0, 1000, 2000]) round(contention, at)
  return 2010
}

test('a Service that nobody fights for is written', () => {
  const contention = new Contention()
  assert.equal(contention.judge(KEY, service(null), 0), 'write')
  contention.wrote(KEY, OURS, 0)
  assert.equal(contention.judge(KEY, OURS, 10), 'write')
})

test('the third time that our addresses are written over we give in', () => {
  const contention = new Contention()
  assert.deepEqual(
    [0, 1000, 2000].map((at) => round(contention, at)),
    ['write', 'write', 'explain'],
  )
})

test('a status that is emptied again and again is a fight too, and so is one that is filled', () => {
  const emptied = new Contention()
  assert.deepEqual(
    [0, 1000, 2000].map((at) => round(emptied, at, service(null))),
    ['write', 'write', 'explain'],
  )
  const filled = new Contention()
  const verdicts = [0, 1000, 2000].map((at) => {
    filled.wrote(KEY, service(null), at)
    return filled.judge(KEY, THEIRS, at + 10)
  })
  assert.deepEqual(verdicts, ['write', 'write', 'explain'])
})

test('what comes more than a minute after our writing is no round', () => {
  const contention = new Contention()
  for (let at = 0; at < 20 * MINUTE; at += 2 * MINUTE) {
    contention.wrote(KEY, OURS, at)
    assert.equal(contention.judge(KEY, THEIRS, at + MINUTE), 'write')
  }
})

test('writing something else because we changed our mind is no round', () => {
  const contention = new Contention()
  for (let at = 0; at < 10; at++) {
    contention.wrote(KEY, OURS, at)
    assert.equal(contention.judge(KEY, OURS, at), 'write')
  }
})

test('a Service that its user makes anew, or changes, again and again is no fight', () => {
  const contention = new Contention()
  for (let n = 0; n < 10; n++) {
    const [uid, port] = [String(n >> 1), 80 + n]
    contention.wrote(KEY, service('192.0.2.1', { uid, port }), n)
    assert.equal(
      contention.judge(KEY, service(null, { uid: String((n + 1) >> 1), port: port + 1 }), n),
      'write',
    )
  }
})

test('the annotation is restored more often than addresses, but not for ever', () => {
  const contention = new Contention()
  const verdicts = Array.from({ length: 10 }, (_, n) =>
    round(contention, n * 1000, service('192.0.2.1', { pool: '' })),
  )
  assert.deepEqual(verdicts, [...Array<Verdict>(9).fill('write'), 'spare'])
})

test('a fight for the annotation is none for the addresses', () => {
  const contention = new Contention()
  for (let n = 0; n < 12; n++) round(contention, n * 1000, service('192.0.2.1', { pool: '' }))
  assert.equal(round(contention, 13_000), 'write')
})

test('that we gave in is said once in five minutes at most, whatever becomes of what we said', () => {
  const contention = new Contention()
  const lost = lose(contention)
  contention.explained(KEY, lost)
  assert.equal(contention.judge(KEY, THEIRS, lost + MINUTE), 'wait')
  assert.equal(contention.judge(KEY, THEIRS, lost + 5 * MINUTE), 'explain')
})

test('as long as it could not be said it is still to be said', () => {
  const contention = new Contention()
  const lost = lose(contention)
  assert.equal(contention.judge(KEY, THEIRS, lost + 1000), 'explain')
})

test('a change of the Service by its user ends the truce, a change by the other does not', () => {
  const contention = new Contention()
  const lost = lose(contention)
  contention.explained(KEY, lost)
  assert.equal(contention.judge(KEY, service('203.0.113.10', { pool: 'theirs' }), lost + 1000), 'wait')
  assert.equal(contention.judge(KEY, service('203.0.113.9', { port: 81 }), lost + 1000), 'write')
})

test('after ten minutes it is tried once, and given up at once when the other is still there', () => {
  const contention = new Contention()
  const lost = lose(contention)
  contention.explained(KEY, lost)
  const later = lost + contention.retryMs(KEY, lost)
  assert.equal(later, lost + 10 * MINUTE)
  assert.equal(contention.judge(KEY, THEIRS, later), 'write')
  assert.equal(round(contention, later), 'explain')
})

test('when the other has stopped all begins anew', () => {
  const contention = new Contention()
  const lost = lose(contention)
  contention.settled(KEY)
  assert.equal(round(contention, lost), 'write')
})

test('that our own writing is seen does not end a fight', () => {
  const contention = new Contention()
  round(contention, 0)
  contention.settled(KEY)
  round(contention, 1000)
  contention.settled(KEY)
  assert.equal(round(contention, 2000), 'explain')
})

test('what is old is forgotten, but not a truce', () => {
  const contention = new Contention()
  const lost = lose(contention)
  contention.explained(KEY, lost)
  contention.wrote('default/other', OURS, 0)
  contention.forgetOld(lost + 2 * MINUTE)
  assert.equal(contention.judge(KEY, THEIRS, lost + 2 * MINUTE), 'wait')
})
