// What the tools that administrators use say of an announced address: arping, ndisc6, tcpdump.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import test, { after, before } from 'node:test'
import {
  advertisement,
  apply,
  assigned,
  cleanUp,
  client,
  eventually,
  holderOf,
  pool,
  signal,
  web,
} from '../e2e/cluster.ts'
import { macOf } from '../e2e/lan.ts'

const IPV4 = '172.25.254.60' // asked for by nobody before: two that are new go to one node
const IPV6 = 'fd00:172:25:254::60'
const ADDRESSES = [IPV4, IPV6]

before(async () => {
  await apply(
    ...web('web', { spec: { ipFamilyPolicy: 'RequireDualStack' } }),
    pool(
      'lan',
      ADDRESSES.map((address) => `${address}/${address.includes(':') ? 128 : 32}`),
    ),
    advertisement('all'),
  )
  await assigned('web', ...ADDRESSES)
  await holderOf('web')
})

after(cleanUp)

/** The node that announces, and the MAC of its interface there. */
async function holder(): Promise<{ node: string; mac: string }> {
  const node = await holderOf('web')
  return { node, mac: await macOf(node) }
}

/** What a tool prints, whatever its exit status. */
async function outputOf(...command: string[]): Promise<string> {
  return client(...command).catch((error: { stdout: string }) => error.stdout)
}

const macsIn = (output: string): Set<string> =>
  new Set(output.toLowerCase().match(/\b([0-9a-f]{2}:){5}[0-9a-f]{2}\b/g))

for (const [what, options] of [
  ['requests', []],
  ['probes (sender 0.0.0.0)', ['-0']],
] as const) {
  test(`arping gets answers to ${what} from the holder alone`, async () => {
    const { mac } = await holder()
    const output = await outputOf('arping', '-I', 'eth0', '-c', '3', ...options, IPV4)
    assert.deepEqual(macsIn(output), new Set([mac]), output)
  })
}

test('arping gets no answer for an address of the pool that no Service has', async () => {
  const output = await outputOf('arping', '-I', 'eth0', '-c', '2', '172.25.254.61')
  assert.deepEqual(macsIn(output), new Set(), output)
})

test('ndisc6 gets an advertisement from the holder alone', async () => {
  const { mac } = await holder()
  const output = await outputOf('ndisc6', '-m', '-1', IPV6, 'eth0')
  assert.deepEqual(macsIn(output), new Set([mac]), output)
})

test('tcpdump sees replies with every field as it should be', async () => {
  const { mac } = await holder()
  const ours = await macOf('client')
  const capture = await startCapture('arp or icmp6')
  try {
    await outputOf('arping', '-I', 'eth0', '-c', '1', IPV4)
    await outputOf('ndisc6', '-r', '1', IPV6, 'eth0')
    await capture.has(
      new RegExp(
        `${mac} > ${ours}, ethertype ARP \\(0x0806\\), length 60: Ethernet \\(len 6\\), IPv4 \\(len 4\\), ` +
          `Reply ${IPV4} is-at ${mac}, length 46`,
      ),
      new RegExp(
        `${mac} > ${ours}, ethertype IPv6 \\(0x86dd\\), length 86: \\(hlim 255, next-header ICMPv6 \\(58\\) ` +
          `payload length: 32\\) ${IPV6} > [^ ]+: \\[icmp6 sum ok\\] ICMP6, neighbor advertisement, length 32, ` +
          `tgt is ${IPV6}, Flags \\[solicited, override\\]\\s+` +
          `destination link-address option \\(2\\), length 8 \\(1\\): ${mac}`,
      ),
    )
  } finally {
    await capture.end()
  }
})

test('tcpdump sees both gratuitous forms, and the advertisement, when another node takes over', async () => {
  const capture = await startCapture('arp or icmp6')
  try {
    const { node } = await holder()
    signal(`speaker-${node}`, 'SIGKILL')
    const from = '((?:[0-9a-f]{2}:){5}[0-9a-f]{2})'
    await capture.has(
      new RegExp(
        `${from} > ff:ff:ff:ff:ff:ff, [^\\n]*Request who-has ${IPV4}[^\\n]* tell ${IPV4}, length 46`,
      ),
      new RegExp(`${from} > ff:ff:ff:ff:ff:ff, [^\\n]*Reply ${IPV4} is-at \\1, length 46`),
      new RegExp(
        `${from} > 33:33:00:00:00:01, [^\\n]*hlim 255, [^\\n]*${IPV6} > ff02::1: \\[icmp6 sum ok\\] ICMP6, ` +
          `neighbor advertisement, length 32, tgt is ${IPV6}, Flags \\[override\\]\\s+` +
          `destination link-address option \\(2\\), length 8 \\(1\\): \\1`,
      ),
    )
  } finally {
    await capture.end()
  }
})

interface Capture {
  /** Waits until it has seen all of these. */
  readonly has: (...patterns: readonly RegExp[]) => Promise<void>
  readonly end: () => Promise<void>
}

/** A tcpdump on the client's cable that has begun to capture. */
async function startCapture(filter: string): Promise<Capture> {
  const options = ['-i', 'eth0', '-n', '-l', '-e', '-vv', filter]
  const child = spawn('ip', ['netns', 'exec', 'client', 'tcpdump', ...options])
  let seen = ''
  child.stdout.on('data', (text: Buffer) => (seen += text))
  await once(child.stderr, 'data') // "listening on eth0"
  return {
    has: async (...patterns) => {
      const missing = (): RegExp[] => patterns.filter((pattern) => !pattern.test(seen))
      await eventually('the frames', async () => missing().length === 0).catch((error: unknown) => {
        throw new Error(`not seen: ${missing().join('\n')}\nin\n${seen}`, { cause: error })
      })
    },
    end: async () => {
      const ended = once(child, 'exit')
      child.kill()
      await ended
    },
  }
}
