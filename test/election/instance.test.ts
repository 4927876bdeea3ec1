import assert from 'node:assert/strict'
import test from 'node:test'
import { DEFAULT_SETTINGS, Instance } from '../../src/election/index.ts'
import { BASE, Speaker, VIP } from './speaker.ts'

/** `a` with `b` beside it, which holds the address; both have been heard long enough for a quorum. */
function besideHolder(candidates: readonly string[], epoch = BASE): Speaker {
  const speaker = new Speaker().start(...candidates).peer('b', { claim: ['active', epoch] })
  speaker.peer('c', {}).until(3000)
  assert.deepEqual(speaker.news(), [])
  return speaker
}

/** `a` holds the address, `b` and `c` are heard. */
function asHolder(): Speaker {
  const speaker = new Speaker().start('a', 'b', 'c').peer('b', {}).peer('c', {}).until(3000)
  assert.equal(speaker.claim, 'active 0')
  speaker.news()
  return speaker
}

test('a new address is probed twice after the first listening, and free after 150 ms', () => {
  const speaker = new Speaker().start('a').until(2000)
  assert.deepEqual(speaker.news(), ['1200 none probing vacant', '1350 probing active free'])
  assert.deepEqual(speaker.actions, ['probe', 'probe', 'hold'])
})

test('the second candidate gives the first 50 ms, also one that still listens', () => {
  const speaker = new Speaker().start('b', 'a').peer('b', { listening: true, quorum: false })
  assert.deepEqual(speaker.until(2000).news()[0], '1250 none probing vacant')
})

test('who is not a candidate never claims', () => {
  assert.deepEqual(new Speaker().start('b', 'c').until(5000).news(), [])
})

test('of two that probe, the one goes on that stands first in the order of hashes', () => {
  for (const [node, gaveWay] of [
    ['d', true],
    ['e', false],
  ] as const) {
    const speaker = new Speaker().start('a', node).peer(node, {}).until(1210)
    speaker.peer(node, { claim: ['probing', BASE] }).until(1300)
    assert.equal(speaker.news().at(-1) === '1210 probing none occupied', gaveWay, node)
  }
})

test('a dead holder is replaced without a probe, by the first candidate at once and by the second 50 ms later', () => {
  for (const [candidates, at] of [
    [['a', 'b', 'c'], 3375],
    [['c', 'a', 'b'], 3425],
  ] as const) {
    const speaker = besideHolder(candidates)
    speaker
      .peer('b', { claim: ['active', BASE] })
      .peer('b', null)
      .until(3500)
    assert.deepEqual(speaker.news(), [`${at} none active takeover`])
    assert.equal(speaker.claim, 'active 1')
  }
})

test('without a quorum a takeover ranks below the holder that may live elsewhere', () => {
  const speaker = besideHolder(['a', 'b', 'c'], BASE + 5)
  speaker.peer('b', null).peer('c', null).until(4000)
  assert.equal(speaker.claim, 'active 4')
  assert.equal(speaker.said?.quorum, false)
})

test('a claim made without a quorum is made good when there is one and nobody objects', () => {
  const speaker = besideHolder(['a', 'b', 'c'], BASE + 5)
  speaker.peer('b', null).peer('c', null).until(4000)
  assert.equal(speaker.claim, 'active 4')
  speaker.peer('c', { quorum: false }).until(5100)
  assert.equal(speaker.claim, 'active 6')
  assert.deepEqual(speaker.news(), ['3375 none active takeover'])
})

test('who says goodbye is replaced at once', () => {
  const speaker = besideHolder(['a', 'b', 'c'])
  speaker.peer('b', { gone: true }).until(3010)
  assert.deepEqual(speaker.news(), ['3000 none active takeover'])
})

test('a yielding holder is relieved at once, and its claim outbid', () => {
  const speaker = besideHolder(['a', 'b', 'c'], BASE + 5)
  speaker.peer('b', { leaving: true, claim: ['yielding', BASE + 5] }).until(3010)
  assert.deepEqual(speaker.news(), ['3000 none active handover'])
  assert.equal(speaker.claim, 'active 6')
})

test('a holder that may not hold it any more answers until somebody else does', () => {
  const speaker = asHolder()
  speaker.intend('b', 'c').until(3500)
  assert.deepEqual(speaker.news(), ['3000 active yielding ineligible'])
  assert.ok(!speaker.actions.includes('release'))
  speaker.peer('b', { claim: ['active', BASE + 1] }).until(3600)
  assert.deepEqual(speaker.news(), ['3500 yielding none relieved'])
  assert.equal(speaker.actions.at(-1), 'release')
})

test('a holder that nobody relieves goes after a second, or stays when it may again', () => {
  const speaker = asHolder()
  speaker.intend('b').until(3500).intend('a', 'b').until(3600)
  assert.deepEqual(speaker.news(), ['3000 active yielding ineligible', '3500 yielding active eligible'])
  assert.equal(speaker.claim, 'active 0')
  speaker.intend('b').until(5000)
  assert.deepEqual(speaker.news(), ['3600 active yielding ineligible', '4600 yielding none unrelieved'])
})

test('an address that is gone from the intents is given up at once', () => {
  const speaker = asHolder()
  speaker.instance.setIntents([], false, speaker.now)
  assert.deepEqual(speaker.until(3100).news(), ['3000 active none withdrawn'])
  assert.equal(speaker.claim, 'none 0')
})

test('a claim of a living peer stands, whatever the intents say of its owner', () => {
  const speaker = besideHolder(['a:10', 'c'])
  assert.deepEqual(speaker.until(60_000).news(), [])
})

test('a lesser claim gives way to a greater one', () => {
  const speaker = asHolder()
  speaker.peer('b', { claim: ['active', BASE + 1] })
  assert.deepEqual(speaker.news(), ['3000 active none outranked'])
})

test('a greater claim is repeated every 100 ms, with a gratuitous frame, until the lesser one goes', () => {
  const speaker = asHolder()
  const before = speaker.actions.length
  speaker.peer('b', { claim: ['active', BASE - 1] }).until(3500)
  assert.deepEqual(new Set(speaker.actions.slice(before)), new Set(['gratuitous']))
  assert.equal(speaker.actions.length - before, 6)
  assert.deepEqual(speaker.news(), [])
})

test('a greater claim goes when the lesser one stays for 2 s though its owner hears a majority', () => {
  const speaker = asHolder()
  speaker.peer('b', { claim: ['active', BASE - 1] }).until(6000)
  assert.deepEqual(speaker.news(), ['5000 active none unheard'])
})

test('a peer that says for 2 s that it hears no majority counts as dead', () => {
  const speaker = besideHolder(['a', 'b', 'c'])
  speaker.peer('b', { quorum: false, claim: ['active', BASE] }).until(6000)
  assert.deepEqual(speaker.news(), ['5000 none active takeover'])
  assert.equal(speaker.claim, 'active 1')
})

test('a deaf peer that claims more is outbid', () => {
  const speaker = asHolder()
  speaker.peer('b', { quorum: false }).until(5500)
  speaker.peer('b', { quorum: false, claim: ['active', BASE + 3] }).until(5600)
  assert.deepEqual(speaker.news(), [])
  assert.equal(speaker.claim, 'active 4')
})

test('a node of a higher score takes the address, after the hold-down', () => {
  const speaker = besideHolder(['b', 'c', 'a'])
  speaker.intend('a:10', 'b', 'c').until(8100)
  assert.deepEqual(speaker.news(), ['8000 none active preferred'])
  assert.equal(speaker.claim, 'active 1')
})

test('no address moves to a node only because it stands first', () => {
  assert.deepEqual(besideHolder(['a', 'b', 'c']).until(60_000).news(), [])
})

test('with failback always it does, after the hold-down', () => {
  const speaker = new Speaker({ failback: 'always' }).start('a', 'b').peer('b', { claim: ['active', BASE] })
  assert.deepEqual(speaker.until(7000).news(), ['6200 none active preferred'])
})

test('a stale view takes nothing from anybody, but replaces the dead', () => {
  const speaker = besideHolder(['b', 'a', 'c'])
  speaker.intendStale('a:10', 'b', 'c').until(20_000)
  assert.deepEqual(speaker.news(), [])
  speaker.peer('b', null).until(21_000)
  assert.deepEqual(speaker.news(), ['20375 none active takeover'])
})

test('a stale holder that may not hold it is replaced by the best candidate', () => {
  const speaker = besideHolder(['a', 'c'])
  speaker.peer('b', { stale: true, claim: ['active', BASE] }).until(9000)
  assert.deepEqual(speaker.news(), ['8000 none active preferred'])
})

test('a speaker whose loop was late listens, and is silent first when it was taken for dead', () => {
  const speaker = asHolder()
  speaker.hellos = []
  speaker.frozenUntil(3300).until(3400)
  assert.equal(speaker.hellos[0]?.listening, true)
  speaker.until(6000)
  assert.equal(speaker.said?.listening, false)
  speaker.hellos = []
  speaker.frozenUntil(8000).until(8249)
  assert.deepEqual(speaker.hellos, [])
  speaker.until(8300)
  assert.equal(speaker.said?.listening, true)
})

test('a listening holder goes on until somebody else claims the address, with whatever epoch', () => {
  const speaker = asHolder()
  speaker.frozenUntil(3300).until(3400)
  assert.deepEqual(speaker.news(), [])
  speaker.peer('b', { claim: ['active', BASE - 7] })
  assert.deepEqual(speaker.news(), ['3400 active none outranked'])
})

test('a speaker that goes on without a majority, and hears one with it, listens for 3 s', () => {
  const speaker = asHolder()
  speaker.peer('b', null).peer('c', null).until(4000)
  assert.equal(speaker.said?.quorum, false)
  speaker.peer('c', {}).until(4100)
  assert.equal(speaker.said?.listening, false)
  speaker.peer('c', null).until(4200).peer('c', {}).until(4210)
  assert.equal(speaker.said?.listening, true)
  speaker.peer('c', null).until(7199)
  assert.equal(speaker.said?.listening, true)
  speaker.until(7300)
  assert.equal(speaker.said?.listening, false)
})

test('a pulled cable ends all claims at once; back again, the speaker listens, and nobody was silent', () => {
  const speaker = asHolder()
  speaker.link(false)
  assert.deepEqual(speaker.news(), ['3000 active none linkDown'])
  speaker.now = 60_000
  speaker.link(true).until(60_100)
  assert.equal(speaker.said?.listening, true)
  assert.equal(speaker.instance.peers.living.size, 2)
})

test('a stranger that answers a probe blocks the address, which is probed again 5 s later', () => {
  const speaker = new Speaker().start('a').until(1250).frame('x', 'reply')
  assert.deepEqual(speaker.until(6000).news(), ['1200 none probing vacant', '1250 probing blocked stranger'])
  speaker.until(7000)
  assert.deepEqual(speaker.news(), ['6400 blocked active free'])
})

test('a living peer that answers a probe makes the speaker wait for its claim; its own probes do not', () => {
  const speaker = new Speaker().start('a').peer('b', {}).until(1250).frame('b', 'probe')
  assert.deepEqual(speaker.news(), ['1200 none probing vacant'])
  speaker.frame('b', 'reply').until(2200)
  assert.deepEqual(speaker.news(), ['1250 probing none answered'])
})

test('a living peer whose node has the address, and that claims nothing for 2 s, counts as a stranger', () => {
  const speaker = new Speaker().start('a').peer('b', {})
  for (const at of [1250, 2300, 3350]) speaker.until(at).frame('b', 'reply')
  assert.deepEqual(speaker.news().slice(-2), ['3300 none probing vacant', '3350 probing blocked stranger'])
  assert.deepEqual([...speaker.instance.strangers()], [{ address: VIP, mac: 0xb }])
  speaker.until(8400).frame('b', 'reply').until(8700)
  assert.deepEqual(speaker.news(), [])
  speaker.until(15_000)
  assert.equal(speaker.news().at(-1), '13550 blocked active free')
})

test('a living peer that claims the address after all is no stranger', () => {
  const speaker = new Speaker().start('a').peer('b', {})
  for (const at of [1250, 2300]) speaker.until(at).frame('b', 'reply')
  speaker.peer('b', { claim: ['active', BASE] }).until(2500)
  speaker.peer('b', { claim: ['none', BASE] }).until(14_000)
  speaker.intend().intend('a').until(14_050).frame('b', 'reply')
  assert.deepEqual([...speaker.instance.strangers()], [])
})

test('a young claim gives way to a stranger that goes on; an old one defends itself', () => {
  const young = new Speaker()
    .start('a')
    .until(2000)
    .frame('x', 'gratuitous')
    .until(2500)
    .frame('x', 'gratuitous')
  assert.equal(young.news().at(-1), '2500 active blocked stranger')
  const old = new Speaker()
    .start('a')
    .until(30_000)
    .frame('x', 'gratuitous')
    .until(30_500)
    .frame('x', 'gratuitous')
  assert.equal(old.news().at(-1), '1350 probing active free')
  assert.deepEqual(old.actions.slice(-2), ['defend', 'defend'])
})

test('an old claim gives way too while all known speakers are silent: the switch may swallow hellos', () => {
  const speaker = asHolder()
  speaker.peer('b', null).peer('c', null).until(30_000)
  speaker.frame('b', 'gratuitous').until(30_500).frame('b', 'gratuitous')
  assert.deepEqual(speaker.news(), ['30500 active blocked stranger'])
})

test('to leave is to yield, then to say goodbye three times', () => {
  const speaker = asHolder()
  speaker.leave()
  assert.deepEqual(speaker.news(), ['3000 active yielding leaving'])
  speaker
    .until(3050)
    .peer('b', { claim: ['active', BASE + 1] })
    .until(3200)
  assert.deepEqual(speaker.news(), ['3050 yielding none relieved'])
  assert.deepEqual(
    speaker.hellos.slice(-3).map(({ gone }) => gone),
    [true, true, true],
  )
  assert.equal(speaker.hellos.at(-4)?.gone, false)
  assert.ok(speaker.instance.hasLeft)
  assert.equal(speaker.instance.nextAt, Infinity)
})

test('an old hello is refused, also one of an instance that died long ago', () => {
  const speaker = asHolder()
  const old = { instance: '000000000000000b', node: 'b', sequence: 3, deadInterval: 375 }
  const flags = {
    listening: false,
    leaving: false,
    gone: false,
    stale: false,
    quorum: true,
    asking: false,
    claims: [],
  }
  assert.equal(speaker.instance.receive({ ...old, ...flags }, 0xb, 3000), 'replayed')
  speaker.peer('b', null).until(5000)
  assert.equal(speaker.instance.receive({ ...old, ...flags }, 0xb, 5000), 'replayed')
  speaker.until(3_600_000)
  assert.equal(speaker.instance.receive({ ...old, ...flags }, 0xb, speaker.now), 'replayed')
  assert.equal(speaker.instance.receive({ ...old, ...flags, sequence: 1000 }, 0xb, speaker.now), null)
})

test('what the speaker itself said, sent back by a loop, is nothing', () => {
  const speaker = asHolder()
  const { said } = speaker
  assert.ok(said)
  assert.equal(speaker.instance.receive(said, 0xa, 3000), 'own')
})

test('the more peers, the rarer the hellos, and the longer the silence that means death', () => {
  const speaker = new Speaker().start('a').until(100)
  for (let index = 0; index < 100; index++) speaker.peer(`peer-${index}`, {})
  speaker.hellos = []
  speaker.until(1150)
  assert.equal(speaker.said?.deadInterval, 450)
  assert.ok(speaker.hellos.length <= 13)
})

test('thousands of new addresses are probed a hundred at a time, and held within the second', () => {
  const instance = new Instance({
    node: 'a',
    instance: '000000000000000a',
    settings: DEFAULT_SETTINGS,
    random: () => 0.5,
  })
  const intents = Array.from({ length: 5000 }, (_, index) => ({
    address: { family: 'IPv4' as const, value: 0x0a00_0000n + BigInt(index) },
    candidates: [{ node: 'a', score: 0 }],
  }))
  instance.setIntents(intents, false, 0)
  instance.setLinkUp(true, 0)
  let [most, held] = [0, 0]
  for (let now = 0; now < 2200; now++) {
    if (instance.nextAt > now) continue
    instance.tick(now)
    const { transitions } = instance.takeOutput()
    most = Math.max(most, transitions.filter(({ to }) => to === 'probing').length)
    held += transitions.filter(({ to }) => to === 'active').length
  }
  assert.deepEqual([most, held], [100, 5000])
})

test('however many hellos come together, each address is looked at once for all of them', () => {
  let looks = 0
  const peers = Array.from({ length: 100 }, (_, index) => `node-${index}`)
  const candidates = ['a', ...peers].map((node) => ({ node, score: 0 }))
  const intents = peers.map((_, index) => ({
    address: { family: 'IPv4', value: BigInt(index) } as const,
    get candidates() {
      looks++
      return candidates
    },
  }))
  const speaker = new Speaker()
  speaker.instance.setIntents(intents, false, 0)
  speaker.instance.setLinkUp(true, 0)
  const looksFor = (nodes: readonly string[], listening: boolean): number => {
    looks = 0
    for (const [index, node] of nodes.entries()) {
      const claim = {
        address: { family: 'IPv4', value: BigInt(index) } as const,
        state: 'active' as const,
        epoch: BASE,
      }
      speaker.receive(node, { listening, deadInterval: 10_000, claims: [claim] })
    }
    speaker.instance.tick(speaker.now)
    return looks
  }
  looksFor(peers, true)
  speaker.until(3000)
  const most = looksFor(peers, false)
  const least = looksFor(peers.slice(0, 1), true)
  assert.ok(least > 0 && most <= 2 * least, `${most} looks, and ${least} for one hello`)
})
