// Sees on the LAN who says to have which address: asks for each all the time, and prints every MAC that is named, once a
// window, as lines of JSON; see `Sighting` in witness.ts. Says `ready` on its error output. Runs on the machine outside.
//   node --import tsx lan-witness.ts ADDRESS…
import { fitLinks } from '../../src/announcer/index.ts'
import { type Address, formatAddress, parseAddress } from '../../src/ip/index.ts'
import { BROADCAST_MAC, encodeArp, formatMac } from '../../src/packet/index.ts'
import { readLinks, Responder } from '../../src/wire/index.ts'

const ASK_INTERVAL_MS = 20

const addresses = process.argv.slice(2).map((text) => {
  const address = parseAddress(text)
  if (address?.family !== 'IPv4') throw new Error(`${text} is no IPv4 address`)
  return address
})
const link = fitLinks(readLinks(), []).find(({ name }) => name === 'eth0')
const own = link?.networks.find(({ address }) => address.family === 'IPv4')?.address
if (link === undefined || own === undefined) throw new Error('there is no eth0 with an IPv4 address')
const { mac } = link

const responder = new Responder({
  onObservations: (seen) => {
    const at = performance.timeOrigin + performance.now()
    for (const { address, mac, kind } of seen) {
      const line = { at, ip: formatAddress(address), mac: formatMac(mac), kind }
      process.stdout.write(`${JSON.stringify(line)}\n`)
    }
  },
})
responder.listenOn([link])
responder.install({
  held: [],
  watched: addresses.map((address) => ({ address, interfaceIndexes: [link.index] })),
})
// No probe: to a speaker that probes at the same time it would be a stranger who wants the address (RFC 5227 section 2.1.1).
setInterval(() => {
  for (const address of addresses) responder.send(link.index, requestFor(address, own))
}, ASK_INTERVAL_MS)
process.stderr.write('ready\n')
process.stdin.resume().on('end', () => process.exit(0))

/** As the machine itself asks, of whom nobody learns anything new. */
function requestFor(address: Address, sender: Address): Uint8Array {
  return encodeArp({
    destination: BROADCAST_MAC,
    source: mac,
    operation: 'request',
    senderMac: mac,
    senderAddress: sender,
    targetMac: 0,
    targetAddress: address,
  })
}
