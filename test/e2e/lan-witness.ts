// Sees on the LAN who says to have which address: asks for each all the time, and prints every MAC that is named, once a
// window, as lines of JSON; see `Sighting` in witness.ts. Says `ready` on its error output. Runs on the machine outside.
//   node --import tsx lan-witness.ts ADDRESS…
import { fitLinks } from '../../src/announcer/index.ts'
import { formatAddress, parseAddress } from '../../src/ip/index.ts'
import { arpProbe, formatMac } from '../../src/packet/index.ts'
import { readLinks, Responder } from '../../src/wire/index.ts'

const ASK_INTERVAL_MS = 20

const addresses = process.argv.slice(2).map((text) => {
  const address = parseAddress(text)
  if (address?.family !== 'IPv4') throw new Error(`${text} is no IPv4 address`)
  return address
})
const link = fitLinks(readLinks(), []).find(({ name }) => name === 'eth0')
if (link === undefined) throw new Error('there is no eth0')

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
// A probe: the answer says who has the address, and nobody learns anything from the question.
setInterval(() => {
  for (const address of addresses) responder.send(link.index, arpProbe(link.mac, address))
}, ASK_INTERVAL_MS)
process.stderr.write('ready\n')
process.stdin.resume().on('end', () => process.exit(0))
