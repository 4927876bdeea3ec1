// A pod's own network namespace: a cable to the node's bridge cni0 and an address of the node's pod network.

import { closeSync, openSync, readdirSync, rmSync } from 'node:fs'
import { run } from '../shell.ts'

/** The pod's network namespace and what it is called in. */
export interface PodNetwork {
  /** Path to enter it by. */
  netns: string
  podIPs: readonly string[]
}

export interface PodCidrs {
  /** The node's pod networks, `10.244.1.0/24`, primary family first. */
  podCidrs: readonly string[]
  /** The node's own address in each. */
  podGateways: readonly string[]
}

const FIRST_HOST = 2
const LAST_HOST = 250

/** The host numbers in use, each a file in `folder`, so that a kubelet started anew knows them. */
export class HostNumbers {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** The number of pod `uid`, the lowest free one if it has none yet. */
  take(uid: string): number {
    const files = readdirSync(this.#folder)
    const own = files.find((file) => file.endsWith(`.${uid}`))
    if (own) return Number(own.split('.')[0])
    const used = new Set(files.map((file) => Number(file.split('.')[0])))
    for (let number = FIRST_HOST; number <= LAST_HOST; number++) {
      if (used.has(number)) continue
      closeSync(openSync(`${this.#folder}/${number}.${uid}`, 'wx'))
      return number
    }
    throw new Error(`no free pod address on this node: ${used.size} pods`)
  }

  release(uid: string): void {
    for (const file of readdirSync(this.#folder)) {
      if (file.endsWith(`.${uid}`)) rmSync(`${this.#folder}/${file}`)
    }
  }
}

/**
 * Always the same for one host number: who has the address of a pod that went in his neighbour table reaches the pod
 * that has it now.
 */
function macOf(number: number): string {
  return `02:00:00:00:00:${number.toString(16).padStart(2, '0')}`
}

function namespaceOf(uid: string): string {
  return `pod-${uid}`
}

/** Makes the namespace of pod `uid` with host number `number`, or finds it made. */
export async function makePodNetwork(
  uid: string,
  number: number,
  { podCidrs, podGateways }: PodCidrs,
): Promise<PodNetwork> {
  const name = namespaceOf(uid)
  const podIPs = podCidrs.map((cidr) =>
    cidr.replace(/(::)?0?\/\d+$/, (_, colons?: string) => `${colons ?? ''}${number}`),
  )
  const netns = `/run/netns/${name}`
  if (readdirSync('/run/netns').includes(name)) return { netns, podIPs }
  const veth = `veth${uid.replaceAll('-', '').slice(0, 8)}`
  await run(['ip', 'netns', 'add', name])
  await run(['ip', 'netns', 'exec', name, 'sh', '-c', 'echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad'])
  await run(['ip', '-batch', '-'], {
    input: `link add ${veth} type veth peer name eth0 address ${macOf(number)} netns ${name}\nlink set ${veth} master cni0 up\n`,
  })
  const lines = podIPs.flatMap((ip, index) => {
    const v6 = ip.includes(':')
    return [
      `addr add ${ip}/${v6 ? '64 dev eth0 nodad' : '24 dev eth0'}`,
      `route add default via ${podGateways[index]}`,
    ]
  })
  await run(['ip', '-n', name, '-batch', '-'], {
    input: ['link set lo up', 'link set eth0 up', ...lines, ''].join('\n'),
  })
  // An ordinary image may listen on port 80 as any user.
  await run([
    'ip',
    'netns',
    'exec',
    name,
    'sh',
    '-c',
    'echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start',
  ])
  return { netns, podIPs }
}

/** Takes the namespace down; its cable goes with it. */
export async function removePodNetwork(uid: string): Promise<void> {
  if (readdirSync('/run/netns').includes(namespaceOf(uid)))
    await run(['ip', 'netns', 'delete', namespaceOf(uid)])
}
