// Where things are in a running sandbox: its folder, its names, its addresses. Values only; nothing is done here.

import type { SandboxOptions } from './options.mjs'

export type IpFamily = SandboxOptions['ipFamily']

/** The folders below SANDBOX_DIR. `pids` shows process ids as seen inside; outside only `pids/sandbox` exists. */
export function folders(dir: string) {
  return {
    logs: `${dir}/logs`,
    pids: `${dir}/pids`,
    etcd: `${dir}/etcd`,
    pki: `${dir}/pki`,
    bin: `${dir}/bin`,
    product: `${dir}/product`,
    node: (name: string) => `${dir}/nodes/${name}`,
    hosts: `${dir}/hosts`,
    kubeconfig: `${dir}/kubeconfig`,
    statusSocket: `${dir}/status.sock`,
    failure: `${dir}/failure`,
  }
}

export const API_PORT = 6443
export const POD_CIDRS = { ipv4: '10.244.0.0/16', ipv6: 'fd00:10:244::/48' }
export const SERVICE_CIDRS = { ipv4: '10.96.0.0/16', ipv6: 'fd00:10:96::/112' }

/** An address with its prefix length, `172.25.254.11/24`. */
type Cidr = string

/** What one machine on a wire has there. */
export interface Port {
  ipv4: Cidr
  ipv6: Cidr
}

/** The LANs that clients share with the nodes: the walk-through's pool lies in the first. */
const LANS = [
  { ipv4: '172.25.254', ipv6: 'fd00:172:25:254:' },
  { ipv4: '172.25.253', ipv6: 'fd00:172:25:253:' },
]
/** Carries the API and the traffic between pods, so that a pulled LAN cable cuts neither. */
const MANAGEMENT = { ipv4: '10.199.0', ipv6: 'fd00:10:199:0:' }

const CLIENT_HOST = 200
const CONTROL_PLANE_HOST = 1

function port(network: { ipv4: string; ipv6: string }, host: number): Port {
  return { ipv4: `${network.ipv4}.${host}/24`, ipv6: `${network.ipv6}:${host}/64` }
}

export interface NodeLayout {
  name: string
  /** Its addresses on each LAN, in the order of eth0, eth1. */
  lans: Port[]
  management: Port
  /** The network of its pods. */
  podCidr: Port
  /** The node's own address there, on the bridge cni0. */
  podGateway: Port
}

export interface Layout {
  nodes: NodeLayout[]
  client: { lans: Port[] }
  controlPlane: Port
  ipFamily: IpFamily
}

export function layoutOf(options: Pick<SandboxOptions, 'nodes' | 'lans' | 'ipFamily'>): Layout {
  const lans = LANS.slice(0, options.lans)
  return {
    nodes: Array.from({ length: options.nodes }, (_, index) => {
      const number = index + 1
      const host = 10 + number
      return {
        name: `node-${number}`,
        lans: lans.map((lan) => port(lan, host)),
        management: port(MANAGEMENT, host),
        podCidr: { ipv4: `10.244.${number}.0/24`, ipv6: `fd00:10:244:${number}::/64` },
        podGateway: { ipv4: `10.244.${number}.1/24`, ipv6: `fd00:10:244:${number}::1/64` },
      }
    }),
    client: { lans: lans.map((lan) => port(lan, CLIENT_HOST)) },
    controlPlane: port(MANAGEMENT, CONTROL_PLANE_HOST),
    ipFamily: options.ipFamily,
  }
}

/** `172.25.254.11/24` -> `172.25.254.11` */
export function host(cidr: Cidr): string {
  return cidr.slice(0, cidr.indexOf('/'))
}

/** The families that the cluster uses, the primary one first. */
export function families(ipFamily: IpFamily): ('ipv4' | 'ipv6')[] {
  return ipFamily === 'dual' ? ['ipv4', 'ipv6'] : [ipFamily]
}

/** The values of `each` for the cluster's families, joined as Kubernetes' flags want them. */
export function perFamily(ipFamily: IpFamily, each: { ipv4: string; ipv6: string }): string {
  return families(ipFamily)
    .map((family) => each[family])
    .join(',')
}

/** Where the API server listens, reachable from the nodes' management network. */
export function apiUrl(layout: Layout): string {
  const [primary = 'ipv4'] = families(layout.ipFamily)
  const address = host(layout.controlPlane[primary])
  return `https://${primary === 'ipv6' ? `[${address}]` : address}:${API_PORT}`
}

/** Where pods find the API: the first address of the primary Service network, which the API server takes for itself. */
export function apiServiceHost({ ipFamily }: Layout): string {
  const [primary = 'ipv4'] = families(ipFamily)
  return host(SERVICE_CIDRS[primary]).replace(/(::|\.0)$/, (end) => (end === '::' ? '::1' : '.1'))
}
