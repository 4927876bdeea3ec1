import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, beforeEach, afterEach, test } from 'node:test'
import type { Link } from '../../src/announcer/index.ts'
import { formatAddress } from '../../src/ip/index.ts'
import { formatMac } from '../../src/packet/index.ts'
import { LinkWatcher, readLinks } from '../../src/wire/index.ts'
import { type Cable, layCable, sh } from './cable.ts'

let cable: Cable
let watcher: LinkWatcher
let links: readonly Link[] = []
let onLinks: () => void = () => {}
let readings = 0

before(() => {
  cable = layCable()
})

after(() => cable.remove())

beforeEach(() => {
  watcher = new LinkWatcher({
    onLinks: (now) => {
      links = now
      readings++
      onLinks()
    },
    onError: (error) => {
      throw error
    },
  })
  watcher.start()
})

afterEach(() => watcher.stop())

const find = (name: string): Link | undefined => links.find((link) => link.name === name)

const DEADLINE_MS = 5000

/** Waits until what the watcher told last fulfils `condition`. */
function until(condition: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => reject(new Error(`not told within ${DEADLINE_MS} ms`)), DEADLINE_MS)
    onLinks = () => {
      if (!condition()) return
      clearTimeout(deadline)
      resolve()
    }
    onLinks()
  })
}

test('the links at the start are told at once', () => {
  assert.deepEqual(
    links.map(({ name }) => name),
    ['lo', 'ours1'],
  )
  const { mac, hasCarrier, isUp, networks } = find('ours1') as Link
  assert.match(sh('ip -o link show ours1'), new RegExp(`link/ether ${formatMac(mac ?? 0)}`))
  assert.ok(hasCarrier && isUp)
  assert.ok(
    networks.some(
      ({ address, prefixLength }) => formatAddress(address) === '192.0.2.1' && prefixLength === 24,
    ),
  )
})

const CHANGES: readonly (readonly [what: string, command: string, isSeen: () => boolean])[] = [
  ['a link set down', 'ip link set ours1 down', () => find('ours1')?.isUp === false],
  ['a link set up', 'ip link set ours1 up', () => find('ours1')?.isUp === true],
  ['the cable out', 'ip -n neighbour1 link set eth0 down', () => find('ours1')?.hasCarrier === false],
  ['the cable in', 'ip -n neighbour1 link set eth0 up', () => find('ours1')?.hasCarrier === true],
  ['an address added', 'ip addr add 198.51.100.7/28 dev ours1', () => hasAddress('198.51.100.7')],
  ['an address removed', 'ip addr del 198.51.100.7/28 dev ours1', () => !hasAddress('198.51.100.7')],
  ['an IPv6 address', 'ip addr add 2001:db8::7/64 dev ours1 nodad', () => hasAddress('2001:db8::7')],
  [
    'a MAC changed',
    'ip link set ours1 address 02:00:00:00:00:77',
    () => find('ours1')?.mac === 0x02_00_00_00_00_77,
  ],
  ['an MTU changed', 'ip link set ours1 mtu 1400', () => find('ours1')?.mtu === 1400],
  ['ARP switched off', 'ip link set ours1 arp off', () => find('ours1')?.hasArpDisabled === true],
  ['a link made', 'ip link add spare1 type veth peer name spare2', () => find('spare1')?.isUp === false],
  ['a link renamed', 'ip link set spare1 name spare3', () => find('spare3') !== undefined && !find('spare1')],
  [
    'a link put into a bridge',
    'ip link add spare4 type bridge; ip link set spare3 master spare4',
    () => find('spare3')?.isEnslaved === true,
  ],
  ['a link deleted', 'ip link del spare3; ip link del spare4', () => find('spare2') === undefined],
]

function hasAddress(text: string): boolean {
  return find('ours1')?.networks.some(({ address }) => formatAddress(address) === text) === true
}

for (const [what, command, isSeen] of CHANGES) {
  test(`${what} is told`, async () => {
    assert.equal(isSeen(), false)
    sh(command)
    await until(isSeen)
  })
}

test('a cable that was out and is in again is told from one that never was', () => {
  const before = readLinks().find(({ name }) => name === 'ours1')?.carrierChanges ?? 0
  sh('ip -n neighbour1 link set eth0 down; ip -n neighbour1 link set eth0 up')
  assert.equal(readLinks().find(({ name }) => name === 'ours1')?.carrierChanges, before + 2)
})

test('a thousand addresses are read whole', () => {
  const commands = Array.from({ length: 1000 }, (_, n) => `addr add 10.1.${n >> 8}.${n & 255}/16 dev ours1`)
  sh(`ip -batch - <<END\n${commands.join('\n')}\nEND`)
  const own = readLinks().find(({ name }) => name === 'ours1')
  assert.ok((own?.networks.length ?? 0) >= 1000)
  sh('ip addr flush dev ours1')
})

test('ten thousand addresses are read in a few readings, however they come', async () => {
  const commands = Array.from({ length: 10_000 }, (_, n) => `addr add 10.2.${n >> 8}.${n & 255}/16 dev ours1`)
  const before = readings
  const started = performance.now()
  const batch = spawn('ip', ['-batch', '-'], { stdio: ['pipe', 'inherit', 'inherit'] })
  batch.stdin.end(commands.join('\n'))
  await once(batch, 'exit')
  await until(() => (find('ours1')?.networks.length ?? 0) >= 10_000)
  assert.ok(readings - before <= 2 + (performance.now() - started) / 50, `${readings - before} readings`)
  sh('ip addr flush dev ours1')
})
