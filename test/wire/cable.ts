// A cable between the test's own network namespace and one of a neighbour, whose kernel is the judge of what we send.
import { execFileSync } from 'node:child_process'
import { type FitLink, fitLinks } from '../../src/announcer/index.ts'
import { readLinks } from '../../src/wire/index.ts'

/** Runs a program and returns what it printed; throws with its complaint when it fails. */
export function sh(command: string): string {
  return execFileSync('sh', ['-ec', command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Refuses to lay cables in the machine's own namespace. */
function requireOwnNamespace(): void {
  const others = readLinks().filter(({ name, isUp }) => isUp && name !== 'lo')
  if (others.length === 0) return
  const names = others.map(({ name }) => name).join(', ')
  throw new Error(`these tests want an empty network namespace (npm test makes one), and here is ${names}`)
}

let cables = 0

export type Run = (command: string) => string

export interface Cable {
  /** Of our end when the cable was laid. */
  readonly name: string
  /** Our end, as the kernel shows it now. */
  readonly link: () => FitLink
  /** Runs a command where the neighbour is; its end of the cable is `eth0`. */
  readonly neighbour: Run
  /** The multicast addresses that our end lets pass, as `ip maddr` shows them. */
  readonly groups: () => string
  /** Name of the neighbour's namespace. */
  readonly namespace: string
  readonly remove: () => void
}

/** Ours has 192.0.2.1/24 and 2001:db8::1/64, the neighbour's ::2 and .2; neither kernel asks for duplicates of these. */
export function layCable(): Cable {
  const number = ++cables
  const name = `ours${number}`
  const namespace = `neighbour${number}`
  if (number === 1) {
    requireOwnNamespace()
    sh('mount -t tmpfs none /run; ip link set lo up')
  }
  const noProbes = 'echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad'
  sh(`ip netns add ${namespace}
    ${noProbes}; ip netns exec ${namespace} sh -c '${noProbes}'
    ip link add ${name} type veth peer name eth0 netns ${namespace}
    ip addr add 192.0.2.1/24 dev ${name}; ip addr add 2001:db8::1/64 dev ${name}; ip link set ${name} up
    ip -n ${namespace} addr add 192.0.2.2/24 dev eth0; ip -n ${namespace} addr add 2001:db8::2/64 dev eth0
    ip -n ${namespace} link set eth0 up`)
  return {
    name,
    link: () => linkNamed(name),
    neighbour: (command) => sh(`ip netns exec ${namespace} sh -ec '${command}'`),
    groups: () => sh(`ip maddr show dev ${name}`),
    namespace,
    remove: () => sh(`ip link del ${name} 2>/dev/null || true; ip netns del ${namespace}`),
  }
}

export function linkNamed(name: string): FitLink {
  const link = fitLinks(readLinks(), []).find((each) => each.name === name)
  if (link === undefined) throw new Error(`${name} is not fit to announce`)
  return link
}

/** Quick questions: the kernel asks three times and gives up after `3 * RETRANSMIT_MS`. */
const RETRANSMIT_MS = 50

/** The MAC that the kernel finds for `address` when it asks, or `null` when nobody answers; `run` says where it asks. */
export function ask(run: Run, device: string, address: string): string | null {
  const protocol = address.includes(':') ? 'ipv6' : 'ipv4'
  const entry = `ip neigh show ${address} dev ${device}`
  const settled = `for i in $(seq 200); do ${entry} | grep -qE "REACHABLE|FAILED" && break; sleep 0.02; done`
  run(`echo ${RETRANSMIT_MS} > /proc/sys/net/${protocol}/neigh/${device}/retrans_time_ms
    ip neigh flush dev ${device}
    ip neigh replace ${address} dev ${device} nud none use`)
  return macOf(run(`${settled}; ${entry}`))
}

/** The MAC in a line of `ip neigh`. */
export function macOf(line: string): string | null {
  return /lladdr (\S+)/.exec(line)?.[1] ?? null
}
