// The responder on interfaces that change while it answers: the way from the kernel's news to the wire.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { fitLinks, type Link } from '../../src/announcer/index.ts'
import type { Address } from '../../src/ip/index.ts'
import { formatMac } from '../../src/packet/index.ts'
import { bootTime, LinkWatcher, Responder } from '../../src/wire/index.ts'
import { addressOf } from '../ip/address-of.ts'
import { ask, type Cable, layCable, sh } from './cable.ts'
import { startTap } from './tap.ts'
import { until, untilJoined } from './until.ts'

const DEADLINE_MS = 5000
const NEIGHBOUR_MAC = '02:00:00:00:00:99'

let cable: Cable
let watcher: LinkWatcher
let responder: Responder
let held: readonly Held[]
let links: readonly Link[]
let onFollowed: () => void = () => {}

before(() => {
  cable = layCable()
  cable.neighbour(`ip link set eth0 address ${NEIGHBOUR_MAC}`)
})

after(() => cable.remove())

beforeEach(() => {
  responder = new Responder({ onObservations: () => {} })
  responder.resume(bootTime() + 60_000)
  held = [on(undefined, '192.0.2.50'), on(undefined, '2001:db8::50')]
  watcher = new LinkWatcher({
    onLinks: (now) => {
      links = now
      follow()
      onFollowed()
    },
    onError: (error) => {
      throw error
    },
  })
  watcher.start()
})

afterEach(() => {
  onFollowed = () => {}
  watcher.stop()
  responder.stop()
})

interface Held {
  readonly address: Address
  /** The only interface to hold it on, by name. */
  readonly on: string | undefined
}

function on(name: string | undefined, text: string): Held {
  return { address: addressOf(text), on: name }
}

/** What a speaker does with every change. */
function follow(): void {
  const fit = fitLinks(links, [])
  responder.listenOn(fit)
  const placed = held.map(({ address, on }) => ({
    address,
    interfaceIndexes: fit.filter(({ name }) => on === undefined || name === on).map(({ index }) => index),
  }))
  responder.install({ held: placed, watched: [] })
}

/** Makes a change and waits until the links that show it were followed. */
async function change(command: string, isSeen: (link: Link | undefined) => boolean): Promise<void> {
  const { name } = cable
  const isFollowed = (): boolean => isSeen(links.find((link) => link.name === name))
  await new Promise<void>((resolve, reject) => {
    const deadline = setTimeout(() => reject(new Error(`not seen within ${DEADLINE_MS} ms`)), DEADLINE_MS)
    onFollowed = () => {
      if (!isFollowed()) return
      clearTimeout(deadline)
      resolve()
    }
    sh(command)
  })
}

const askFor = (text: string, { neighbour }: Cable = cable): string | null => ask(neighbour, 'eth0', text)
const ourMac = ({ link }: Cable = cable): string => formatMac(link().mac)

function assertAnswered(): void {
  assert.equal(askFor('192.0.2.50'), ourMac())
  assert.equal(askFor('2001:db8::50'), ourMac())
}

test('a MAC that changes is the one that is answered with', async () => {
  const { name } = cable
  const mac = '02:00:00:00:00:11'
  await change(`ip link set ${name} address ${mac}`, (link) => link?.mac === 0x02_00_00_00_00_11)
  assert.equal(askFor('192.0.2.50'), mac)
  assert.equal(askFor('2001:db8::50'), mac)
})

test('an interface that went down and up again answers', async () => {
  const { name } = cable
  await change(`ip link set ${name} down`, (link) => link?.isUp === false)
  await change(`ip link set ${name} up`, (link) => link?.hasCarrier === true)
  sh(`ip -6 addr replace 2001:db8::1/64 dev ${name} nodad`)
  assertAnswered()
})

test('an interface whose cable was out answers', async () => {
  const flaps = cable.link().carrierChanges
  await change(
    `ip -n ${cable.namespace} link set eth0 down; ip -n ${cable.namespace} link set eth0 up`,
    (link) => link?.hasCarrier === true && link.carrierChanges > flaps,
  )
  sh(`ip -n ${cable.namespace} -6 addr replace 2001:db8::2/64 dev eth0 nodad`)
  assertAnswered()
})

test('solicitations are answered again when IPv6 was switched off and on', async () => {
  const { name } = cable
  const hasIpv6 = (link?: Link): boolean =>
    link?.networks.some(({ address }) => address.family === 'IPv6') === true
  const setting = `/proc/sys/net/ipv6/conf/${name}/disable_ipv6`
  await change(`echo 1 > ${setting}`, (link) => !hasIpv6(link))
  await change(`echo 0 > ${setting}; ip -6 addr add 2001:db8::1/64 dev ${name} nodad`, hasIpv6)
  assertAnswered()
})

test('solicitations are answered again when the MTU was too small for IPv6', async () => {
  const { name } = cable
  await change(`ip link set ${name} mtu 1000`, (link) => link?.networks.length === 1)
  held = [on(undefined, '192.0.2.50'), on(undefined, '2001:db8::50'), on(undefined, '2001:db8::51')]
  follow()
  await change(
    `ip link set ${name} mtu 1500; ip -6 addr add 2001:db8::1/64 dev ${name} nodad`,
    (link) => link?.networks.some(({ prefixLength }) => prefixLength === 64) === true,
  )
  await untilJoined(responder)
  assertAnswered()
  assert.equal(askFor('2001:db8::51'), ourMac())
})

test('an interface made anew answers, even with the same name, index and MAC', async () => {
  const { name } = cable
  const { index } = cable.link()
  const mac = ourMac()
  await change(
    `ip link del ${name}
    ip link add ${name} index ${index} address ${mac} type veth peer name eth0 netns ${cable.namespace}
    ip addr add 192.0.2.1/24 dev ${name}; ip addr add 2001:db8::1/64 dev ${name} nodad; ip link set ${name} up
    ip -n ${cable.namespace} addr add 192.0.2.2/24 dev eth0
    ip -n ${cable.namespace} addr add 2001:db8::2/64 dev eth0 nodad
    ip -n ${cable.namespace} link set eth0 up`,
    (link) => link?.hasCarrier === true && link.networks.length >= 2,
  )
  assertAnswered()
})

test('an interface that is renamed answers for what names the new name only', async () => {
  const { name } = cable
  held = [on(undefined, '192.0.2.50'), on(name, '192.0.2.51'), on('lan0', '192.0.2.52')]
  follow()
  assert.equal(askFor('192.0.2.51'), ourMac())
  const mac = ourMac()
  await change(`ip link set ${name} name lan0`, (link) => link === undefined)
  assert.equal(askFor('192.0.2.50'), mac)
  assert.equal(askFor('192.0.2.51'), null)
  assert.equal(askFor('192.0.2.52'), mac)
  sh(`ip link set lan0 name ${name}`)
})

test('an interface without any IPv4 address answers', async () => {
  const { name } = cable
  await change(
    `ip addr del 192.0.2.1/24 dev ${name}`,
    (link) => !link?.networks.some(({ prefixLength }) => prefixLength === 24),
  )
  assert.equal(askFor('192.0.2.50'), ourMac())
  sh(`ip addr add 192.0.2.1/24 dev ${name}`)
})

test('an interface that is put into a bridge is silent, and the bridge answers', async () => {
  const { name } = cable
  await change(
    `ip link add br0 address 02:00:00:00:00:22 type bridge; ip link set br0 up; ip addr add 192.0.2.3/24 dev br0
    ip link set ${name} master br0; ip addr del 192.0.2.1/24 dev ${name}`,
    (link) => link?.isEnslaved === true && link.networks.every(({ prefixLength }) => prefixLength !== 24),
  )
  assert.equal(askFor('192.0.2.50'), '02:00:00:00:00:22')
  await change(
    `ip link del br0; ip addr add 192.0.2.1/24 dev ${name}`,
    (link) => link?.networks.some(({ prefixLength }) => prefixLength === 24) === true && !link.isEnslaved,
  )
  assertAnswered()
})

test('solicitations are answered on an interface where IPv6 is off', async () => {
  const { name } = cable
  const setting = `/proc/sys/net/ipv6/conf/${name}/disable_ipv6`
  await change(
    `echo 1 > ${setting}`,
    (link) => link?.networks.every(({ address }) => address.family === 'IPv4') === true,
  )
  held = [on(undefined, '2001:db8::52')]
  follow()
  assert.equal(askFor('2001:db8::52'), ourMac())
  // Where strangers tell everybody that they have an address.
  await until(() => cable.groups().includes('33:33:00:00:00:01'), cable.groups)
  await change(`echo 0 > ${setting}; ip -6 addr add 2001:db8::1/64 dev ${name} nodad`, (link) =>
    Boolean(link?.networks.some(({ prefixLength }) => prefixLength === 64)),
  )
})

test('requests for a macvlan interface are its own affair, not that of the interface below', async () => {
  const { name } = cable
  await change(
    `ip link add link ${name} name upper0 address 02:00:00:00:00:33 type macvlan mode bridge; ip link set upper0 up`,
    () => links.some((link) => link.name === 'upper0' && link.hasCarrier),
  )
  held = [on('upper0', '192.0.2.50'), on(name, '192.0.2.51')]
  follow()
  const tap = await startTap(cable.namespace)
  assert.equal(askFor('192.0.2.50'), '02:00:00:00:00:33')
  assert.equal(askFor('192.0.2.51'), ourMac())
  // To the MAC of the upper one, for an address of the lower one: the kernel shows it to both.
  tap.send(
    '020000000033' +
      '020000000099' +
      '0806' +
      '00010800060400' +
      '01' +
      '020000000099' +
      'c0000202' +
      '000000000000' +
      'c0000233',
  )
  assert.equal(askFor('192.0.2.50'), '02:00:00:00:00:33')
  const { wrongInterface, otherDevice } = responder.counters().frames
  assert.ok((otherDevice ?? 0) > 0)
  assert.ok((wrongInterface ?? 0) > 0)
  await tap.end()
  await change('ip link del upper0', () => links.every((link) => link.name !== 'upper0'))
})
