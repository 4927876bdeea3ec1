// What a switch that snoops knows of us: a bridge of the kernel, which drops the frames of groups that nobody reported.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { type FitLink, ListenerReports } from '../../src/announcer/index.ts'
import { decodeListenerQuery } from '../../src/packet/index.ts'
import { bootTime, Responder } from '../../src/wire/index.ts'
import { addressOf } from '../ip/address-of.ts'
import { type Cable, layCable, linkNamed, type Run, sh } from './cable.ts'
import { startTap } from './tap.ts'
import { until } from './until.ts'

const HELD = '2001:db8::12:3456'
const GROUP = 'ff02::1:ff12:3456'
const QUICK = 'mcast_snooping 1 mcast_querier 1 mcast_query_interval 100 mcast_query_response_interval 50'
/** Shorter than that of the groups that were reported once, longer than some queries. */
const MEMBERSHIP = 'mcast_membership_interval 300 mcast_startup_query_interval 20 mcast_startup_query_count 2'

let cable: Cable
let listener: Listener | undefined

before(() => (cable = layCable()))
after(() => cable.remove())

beforeEach(() => (listener = undefined))
afterEach(() => listener?.end())

/** What a speaker does of it. */
class Listener {
  readonly queries: number[] = []
  readonly #reports: ListenerReports
  readonly #responder: Responder
  readonly #link: FitLink
  #timer: NodeJS.Timeout | undefined

  constructor(link: FitLink) {
    this.#link = link
    this.#reports = new ListenerReports(link, Math.random)
    this.#responder = new Responder({
      onObservations: () => {},
      onQueries: (frames) => {
        for (const { bytes } of frames) {
          const query = decodeListenerQuery(bytes)
          if (query === null) continue
          this.queries.push(query.version)
          this.#reports.query(query, performance.now())
        }
        this.#run()
      },
    })
    this.#responder.listenOn([link])
    this.#responder.resume(bootTime() + 60_000)
  }

  hold(...texts: string[]): void {
    const addresses = texts.map(addressOf)
    const held = addresses.map((address) => ({ address, interfaceIndexes: [this.#link.index] }))
    this.#responder.install({ held, watched: [] })
    this.#reports.listen(addresses, performance.now())
    this.#run()
  }

  #run(): void {
    clearTimeout(this.#timer)
    const now = performance.now()
    for (const report of this.#reports.takeDue(now)) this.#responder.send(this.#link.index, report)
    const { nextAt } = this.#reports
    if (nextAt !== null) this.#timer = setTimeout(() => this.#run(), Math.max(1, nextAt - now))
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#responder.stop()
  }
}

/** Puts `port` into a new bridge that snoops and asks. */
function layBridge(run: Run, port: string, version: 1 | 2): () => string {
  run(`ip link add br0 type bridge ${QUICK} ${MEMBERSHIP} mcast_mld_version ${version}
    ip link set ${port} master br0; ip link set br0 up`)
  return () => run('bridge mdb show dev br0')
}

for (const version of [1, 2] as const) {
  test(`a switch with queries of version ${version} knows the group as long as an address is held`, async () => {
    const known = layBridge(cable.neighbour, 'eth0', version)
    const has = (): boolean => known().includes(GROUP)
    listener = new Listener(linkNamed(cable.name))
    listener.hold(HELD)
    await until(has, known)
    const { queries } = listener
    const asked = queries.length
    await until(
      () => queries.length >= asked + 6,
      () => `queries ${queries}`,
    )
    assert.ok(queries.slice(asked).every((each) => each === version))
    assert.ok(has(), 'after longer than it remembers what was said once')
    listener.hold()
    await until(() => !has(), known)
    cable.neighbour('ip link del br0')
  })
}

test('a bridge of our own, which asks, knows our group', async () => {
  const { name } = cable
  const known = layBridge(sh, name, 2)
  listener = new Listener(linkNamed('br0'))
  listener.hold(HELD)
  const has = (): boolean => known().includes(GROUP)
  await until(has, known)
  const { queries } = listener
  await until(
    () => queries.length >= 6,
    () => `queries ${queries}`,
  )
  assert.ok(has())
  sh('ip link del br0')
})

test('a report is what tcpdump would call one: from the link-local address to ff02::16', async () => {
  const tap = await startTap(cable.namespace)
  const link = linkNamed(cable.name)
  const own = link.networks.find(({ address }) => address.value >> 118n === 0x3fan)?.address.value ?? 0n
  listener = new Listener(link)
  listener.hold(HELD)
  const report = await tap.next((frame) => frame.startsWith('333300000016') && frame.includes('ff123456'))
  assert.equal(report.slice(44, 76), own.toString(16))
  await tap.end()
})
