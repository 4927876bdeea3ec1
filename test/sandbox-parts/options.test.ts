import assert from 'node:assert/strict'
import test from 'node:test'
import { parseOptions, UsageError } from '../../sandbox/options.mjs'

test('without arguments it is the walk-through with the documented defaults', () => {
  assert.deepEqual(parseOptions([]), {
    nodes: 3,
    lans: 1,
    ipFamily: 'dual',
    proxyMode: 'nftables',
    product: true,
    programs: [],
    maxRestartDelay: 300,
    audit: false,
    command: undefined,
  })
})

test('exec takes its options, and everything behind -- as it stands', () => {
  const args =
    'exec --nodes 5 --lans 2 --ip-family ipv6 --proxy-mode iptables --no-product --audit --max-restart-delay 1 --program a/b=/bin/x -v -- sh -c --nodes'
  assert.deepEqual(parseOptions(args.replace('/bin/x -v', '/bin/x').split(' ')), {
    nodes: 5,
    lans: 2,
    ipFamily: 'ipv6',
    proxyMode: 'iptables',
    product: false,
    programs: [{ image: 'a/b', command: ['/bin/x'] }],
    maxRestartDelay: 1,
    audit: true,
    command: ['sh', '-c', '--nodes'],
  })
})

test('a program may have arguments of its own, and several may be given', () => {
  const parsed = parseOptions(['exec', '--program', 'a=/x --one  two', '--program', 'b=/y=z', '--', 'true'])
  assert.deepEqual(parsed !== 'help' && parsed.programs, [
    { image: 'a', command: ['/x', '--one', 'two'] },
    { image: 'b', command: ['/y=z'] },
  ])
})

for (const [args, names] of [
  ['exec --nodes 0 -- true', '--nodes 0'],
  ['exec --nodes 31 -- true', '1 to 30'],
  ['exec --nodes x -- true', '--nodes x'],
  ['exec --lans 3 -- true', '--lans 3'],
  ['exec --ip-family ipv5 -- true', 'ipv4, ipv6, dual'],
  ['exec --proxy-mode ipvs -- true', 'nftables, iptables'],
  ['exec --program nginx -- true', 'IMAGE=COMMAND'],
  ['exec --max-restart-delay 0 -- true', '--max-restart-delay 0'],
  ['exec --wrong -- true', '--wrong'],
  ['exec', 'COMMAND'],
  ['exec true', 'behind --'],
  ['up', 'up'],
  ['--nodes 5', 'exec'],
] as const) {
  test(`\`${args}\` is refused with a sentence that names the slip`, () => {
    assert.throws(
      () => parseOptions(args.split(' ')),
      (error) => error instanceof UsageError && error.message.includes(names),
    )
  })
}
