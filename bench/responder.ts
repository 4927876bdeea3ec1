// How fast ARP requests and neighbour solicitations are answered, and how many a second, beside the kernel answering
// for its own address in the same run.
//   node --import tsx bench/responder.ts [SECONDS]    of each measurement, 3 unless said
import { type Address, formatAddress } from '../src/ip/index.ts'
import { bootTime, Responder } from '../src/wire/index.ts'
import { addressOf } from '../test/ip/address-of.ts'
import { layCable } from '../test/wire/cable.ts'
import { inNamespace, type Load } from './load.ts'

const RATE = 1000
const SECONDS = Number(process.argv[2] ?? 3)
const MANY = 5000
const STALL_MS = 200

const PROTOCOLS = [
  { protocol: 'ARP', ownAddress: '192.0.2.1', firstHeld: '10.0.0.0' },
  { protocol: 'NDP', ownAddress: '2001:db8::1', firstHeld: '2001:db8:1::' },
] as const

interface Case {
  readonly name: string
  /** Asked for, all of them in turn; held as well, unless the kernel has them itself. */
  readonly first: Address
  readonly count: number
  readonly isHeld: boolean
  readonly isStalled: boolean
}

const CASES: readonly Case[] = PROTOCOLS.flatMap(({ protocol, ownAddress, firstHeld }) => {
  const held = { first: addressOf(firstHeld), isHeld: true }
  const one = { ...held, count: 1 }
  const many = { ...held, count: MANY }
  return [
    {
      name: `${protocol}: kernel, its own`,
      first: addressOf(ownAddress),
      count: 1,
      isHeld: false,
      isStalled: false,
    },
    { name: `${protocol}: 1 held`, ...one, isStalled: false },
    { name: `${protocol}: ${MANY} held`, ...many, isStalled: false },
    { name: `${protocol}: 1 held, stalled`, ...one, isStalled: true },
    { name: `${protocol}: ${MANY} held, stalled`, ...many, isStalled: true },
  ]
})

async function measure(
  load: Load,
  { name, first, count, isHeld, isStalled }: Case,
): Promise<Record<string, unknown>> {
  const cable = layCable()
  const responder = new Responder({ onObservations: () => {} })
  const { index } = cable.link()
  if (isHeld) responder.listenOn([cable.link()])
  const addresses = Array.from({ length: isHeld ? count : 0 }, (_, n) => ({
    family: first.family,
    value: first.value + BigInt(n),
  }))
  responder.install({
    held: addresses.map((address) => ({ address, interfaceIndexes: [index] })),
    watched: [],
  })
  responder.resume(bootTime() + 600_000)
  const stalling = isStalled ? setInterval(stall, 1000) : undefined
  const asked = [formatAddress(first), count]
  const paced = await load(cable.namespace, ...asked, 'paced', RATE, SECONDS)
  const [sent = 0, answered = 0, p50, p99, longest, late] = paced
  const [offered = 0, replies = 0, took = 1] = await load(cable.namespace, ...asked, 'flood', SECONDS)
  clearInterval(stalling)
  const { ringFull, groupsNotJoined } = responder.counters().losses
  if (groupsNotJoined > 0) throw new Error(`${groupsNotJoined} groups could not be joined`)
  responder.stop()
  cable.remove()
  return {
    '': name,
    'p50 µs': p50,
    'p99 µs': p99,
    'max µs': longest,
    lost: sent - answered,
    'late >10 ms': late,
    'flood: replies/s': Math.round(replies / took),
    'offered/s': Math.round(offered / took),
    'ring full': ringFull,
  }
}

function stall(): void {
  const end = performance.now() + STALL_MS
  while (performance.now() < end);
}

await inNamespace(import.meta.url, async (load) => {
  const rows: Record<string, unknown>[] = []
  for (const each of CASES) rows.push(await measure(load, each))
  console.log(
    `over a veth pair; latency at ${RATE} requests/s; ${SECONDS} s each; stalled: JavaScript, for ${STALL_MS} ms each second; Node ${process.version}`,
  )
  console.table(Object.fromEntries(rows.map(({ '': name, ...row }) => [name, row])))
})
