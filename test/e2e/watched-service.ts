// One Service that a client asks all the time while something breaks: what the tests of faults do with it.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import {
  advertisement,
  apply,
  AS_ADMINISTRATOR,
  assigned,
  eventually,
  firstAnswer,
  kubectl,
  pool,
  web,
} from './cluster.ts'
import { answeringNode, on } from './lan.ts'
import { inWords, type Outage } from './outage.ts'

export const VIP = '172.25.254.50'
export const UDP_PORT = 80
/** Runs the only pod that answers; what breaks on the LAN between others leaves the way to it whole. */
export const SERVER = 'node-3'

/** Makes the Service, its pod, a pool and an advertisement; resolves when the client has an answer. */
export async function serve(): Promise<void> {
  const ports = [
    { name: 'http', port: 80 },
    { name: 'udp', port: UDP_PORT, protocol: 'UDP' },
  ]
  await apply(...web('web', { replicas: 1, spec: { ports } }))
  const pinned = { spec: { template: { spec: { nodeSelector: { 'kubernetes.io/hostname': SERVER } } } } }
  await kubectl(`patch deployment web -p ${JSON.stringify(pinned)}`)
  await apply(pool('lan', ['172.25.254.50-172.25.254.99']), advertisement('all'))
  await kubectl('rollout status deployment web --timeout=60s')
  await assigned('web', VIP)
  await firstAnswer(VIP)
}

/** Waits until another node than `before` answers for the address. */
export async function taken(before: string): Promise<string> {
  return eventually('another holder', async () => {
    const node = await answeringNode(VIP)
    assert.notEqual(node, before)
    return node
  })
}

/** The sum of what a node's speaker counts under the names that match. */
export async function metric(node: string, pattern: string): Promise<number> {
  const options = ['-sSk', '--max-time', '5', ...AS_ADMINISTRATOR]
  const text = await on(node, `curl ${options.join(' ')} https://127.0.0.1:9120/metrics`)
  const found = [...text.matchAll(new RegExp(`^typemetal_election_${pattern} (\\d+)$`, 'gm'))]
  return found.reduce((sum, [, value]) => sum + Number(value), 0)
}

/** Waits until each of the nodes hears enough others, steadily enough to be believed. */
export async function hearEachOther(nodes: readonly string[]): Promise<void> {
  await eventually('speakers that hear each other', async () => {
    for (const node of nodes) {
      // One that is spared takes part as well, if it held something before.
      assert.ok((await metric(node, 'peers\\{interface="eth0"\\}')) >= nodes.length - 1, node)
      assert.equal(await metric(node, 'quorum\\{interface="eth0"\\}'), 1, node)
      assert.equal(await metric(node, 'listening\\{interface="eth0"\\}'), 0, node)
    }
  })
}

export function tell(context: TestContext, outage: Outage): void {
  context.diagnostic(inWords(outage))
}
