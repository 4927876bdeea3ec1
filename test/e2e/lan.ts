// What the end-to-end tests do to the LAN: ask and learn as the machine outside does, plug cables, make interfaces.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { client, conditionOf, curl, eventually } from './cluster.ts'

const run = promisify(execFile)

export const NODES = ['node-1', 'node-2', 'node-3']

/** Runs a command line without quotes on the machine outside, on a node, or (`''`) where the bridges are. */
export async function on(machine: string, command: string): Promise<string> {
  const words = command.split(' ')
  const [program = '', ...args] = machine === '' ? words : ['ip', 'netns', 'exec', machine, ...words]
  return (await run(program, args)).stdout
}

export async function macOf(machine: string, device = 'eth0'): Promise<string> {
  const [link] = JSON.parse(await on(machine, `ip -j link show ${device}`)) as { address: string }[]
  return link?.address ?? ''
}

/** The MAC that the kernel of the machine outside has in its neighbour table; empty without one. */
export async function learned(ip: string, device = 'eth0'): Promise<string> {
  const entries = JSON.parse((await on('client', `ip -j neigh show ${ip} dev ${device}`)) || '[]') as {
    lladdr?: string
  }[]
  return entries[0]?.lladdr ?? ''
}

/** Puts a wrong entry there, as of a holder that has gone: no request corrects it, only what it is told unasked. */
export async function mislead(ip: string, device = 'eth0'): Promise<void> {
  await on('client', `ip neigh replace ${ip} lladdr 02:00:00:00:00:99 dev ${device} nud stale`)
}

/** Makes it ask anew who has `ip`: answered with this MAC (empty: by nobody), sooner or later. */
export async function answeredBy(mac: string, ip: string, device = 'eth0'): Promise<void> {
  await eventually(`${mac || 'nobody'} answers for ${ip} on ${device}`, async () => {
    await on('client', `ip neigh flush to ${ip} dev ${device}`)
    await client('bash', '-c', `echo > /dev/udp/${ip}/9`)
    const answered = async (): Promise<boolean> => (await learned(ip, device)) !== ''
    const answer = await eventually('an answer', answered, 1000).catch(() => false)
    return answer ? (await learned(ip, device)) === mac : mac === ''
  })
}

/** The node that answers for `address`, as the MAC tells that the client learns anew. */
export async function answeringNode(address: string): Promise<string> {
  await client('ip', 'neigh', 'flush', 'to', address)
  await curl(address)
  const mac = await learned(address)
  const macs = await Promise.all(NODES.map((node) => macOf(node)))
  const node = NODES[macs.indexOf(mac)]
  if (node === undefined) throw new Error(`no node has ${mac}`)
  return node
}

/** The condition that says how a Service is announced, see `conditionOf`. */
export function announced(service: string): Promise<string> {
  return conditionOf(`service ${service}`, 'typemetal.io/Announced')
}

/** Waits until that condition has this status and reason. Returns its message. */
export async function says(service: string, expected: `${string} ${string}`): Promise<string> {
  const shown = await eventually(`${service} says ${expected}`, async () => {
    const condition = await announced(service)
    return condition.startsWith(`${expected}: `) && condition
  })
  return shown.slice(`${expected}: `.length)
}

/**
 * From now on the switch of the LAN drops the frames that match one of these rules of nftables, and no others:
 * `iifname lan-node-1` is what node-1 sends, `oifname lan-node-1` what it would hear.
 */
export async function dropOnLan(...rules: string[]): Promise<void> {
  const lines = [
    'add table bridge weather',
    'delete table bridge weather',
    'add table bridge weather',
    'add chain bridge weather forward { type filter hook forward priority 0; }',
    ...rules.map((rule) => `add rule bridge weather forward ${rule} drop`),
  ]
  await run('nft', [lines.join('\n')])
}
