// How long from the creation of a Service to the first ARP answer for its address: the whole way, in a sandbox.
//   npm run sandbox -- exec -- node --import tsx bench/first-answer.ts [SERVICES]    20 unless said
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { ApiClient, loadCredentials, pathOf, SERVICES } from '../src/kube/index.ts'
import { formatAddress } from '../src/ip/index.ts'
import { type Mac, encodeArp, BROADCAST_MAC } from '../src/packet/index.ts'
import { bootTime, Responder } from '../src/wire/index.ts'
import { advertisement, apply, assigned, eventually, loadBalancer, pool, web } from '../test/e2e/cluster.ts'
import { addressOf } from '../test/ip/address-of.ts'
import { linkNamed } from '../test/wire/cable.ts'

const COUNT = Number(process.argv[2] ?? 20)
const SELF = fileURLToPath(import.meta.url)
const ASK_INTERVAL_MS = 2
const FIRST = 100

const ipOf = (index: number): string => `172.25.254.${FIRST + index}`

/** The machine outside: asks for an address until it is answered, and tells when that was. */
function askOutside(): void {
  const { index, mac } = linkNamed('eth0')
  let asked = ''
  const responder = new Responder({
    onObservations: (seen) => {
      if (!seen.some(({ address, kind }) => kind === 'reply' && formatAddress(address) === asked)) return
      asked = ''
      process.send?.(performance.timeOrigin + performance.now())
    },
  })
  responder.listenOn([linkNamed('eth0')])
  responder.resume(bootTime() + 1e9)
  process.on('message', (ip: string) => {
    asked = ip
    responder.install({ held: [], watched: [{ address: addressOf(ip), interfaceIndexes: [index] }] })
  })
  process.on('disconnect', () => process.exit())
  setInterval(() => asked !== '' && responder.send(index, requestFor(asked, mac)), ASK_INTERVAL_MS)
  process.send?.(0)
}

/** From an address of nobody's, so that nobody takes the question for a probe. */
function requestFor(ip: string, mac: Mac): Uint8Array {
  return encodeArp({
    destination: BROADCAST_MAC,
    source: mac,
    operation: 'request',
    senderMac: mac,
    senderAddress: addressOf('172.25.254.200'),
    targetMac: 0,
    targetAddress: addressOf(ip),
  })
}

async function main(): Promise<void> {
  await apply(...web('web'), pool('lan', [`${ipOf(0)}-${ipOf(COUNT + 1)}`]), advertisement('all'))
  await assigned('web', ipOf(0))
  const client = new ApiClient(await loadCredentials())
  const outside = fork(SELF, ['outside'], {
    execPath: 'ip',
    execArgv: ['netns', 'exec', 'client', process.execPath, '--import', 'tsx'],
  })
  await once(outside, 'message')
  const took: number[] = []
  for (let number = 1; number <= COUNT; number++) {
    outside.send(ipOf(number))
    const answered = once(outside, 'message') as Promise<[number]>
    const name = `web-${number}`
    const body = loadBalancer(name, { spec: { selector: { app: 'web' } } })
    const start = performance.timeOrigin + performance.now()
    await client.request({ method: 'POST', path: pathOf(SERVICES, { namespace: 'default' }), body })
    took.push((await answered)[0] - start)
    await eventually('its address', () => assigned(name, ipOf(number)))
  }
  outside.disconnect()
  took.sort((one, other) => one - other)
  const at = (share: number): string =>
    (took[Math.min(took.length - 1, Math.floor(share * took.length))] ?? 0).toFixed(0)
  console.log('from the creation of a Service to the first ARP answer, ms, with a probe of 150 ms on the way')
  console.table({ [`${COUNT} Services`]: { fastest: at(0), p50: at(0.5), p90: at(0.9), slowest: at(1) } })
  process.exit()
}

if (process.argv[2] === 'outside') askOutside()
else await main()
