// The wires of the sandbox: a namespace for each node and for the client, bridges for LANs and management.
// The bridge's end of a cable is named after the machine at the other end: `ip link set lan-node-1 down` pulls it.

import type { Layout, NodeLayout, Port } from './layout.ts'
import { families, host } from './layout.ts'
import { run } from './shell.ts'

/** Bridge names of the LANs; the cables are `<bridge>-<machine>`. */
const LAN_BRIDGES = ['lan', 'lan2']

/** Written to /proc/sys in each namespace before there is an interface. Without DAD an address works at once. */
const SYSCTLS = {
  'net/ipv4/ip_forward': 1,
  'net/ipv6/conf/all/forwarding': 1,
  'net/ipv6/conf/default/accept_ra': 0,
  'net/ipv6/conf/default/accept_dad': 0,
  'net/ipv4/conf/all/rp_filter': 0,
  'net/ipv4/conf/default/rp_filter': 0,
}

/**
 * Without one of its own a bridge has the lowest MAC of those plugged in: it would change when a pod comes or goes, and
 * what is on its way to the gateway then would be lost. Each bridge is a segment of its own, so all may have the same.
 */
const BRIDGE_MAC = '02:00:00:00:00:01'

function bridge(name: string): string[] {
  return [`link add ${name} address ${BRIDGE_MAC} type bridge mcast_snooping 0`, `link set ${name} up`]
}

/** A cable from `bridgeName` to `device` in the namespace `machine`. */
function cable(bridgeName: string, machine: string, device: string): string[] {
  const end = `${bridgeName}-${machine}`
  return [
    `link add ${end} type veth peer name ${device} netns ${machine}`,
    `link set ${end} master ${bridgeName} up`,
  ]
}

function addresses(layout: Layout, port: Port, device: string): string[] {
  return families(layout.ipFamily).map((family) => `addr add ${port[family]} dev ${device} ${nodad(family)}`)
}

function nodad(family: 'ipv4' | 'ipv6'): string {
  return family === 'ipv6' ? 'nodad' : ''
}

/** The management network has both families whatever the cluster has: the API may need either. */
function managementAddresses(port: Port, device: string): string[] {
  return [`addr add ${port.ipv4} dev ${device}`, `addr add ${port.ipv6} dev ${device} nodad`]
}

/** How everybody else reaches the pods of `node`. */
function podRoutes(node: NodeLayout): string[] {
  return (['ipv4', 'ipv6'] as const).map(
    (family) => `route add ${node.podCidr[family]} via ${host(node.management[family])}`,
  )
}

function lanPorts(layout: Layout, ports: Port[]): string[] {
  return ports.flatMap((port, index) => [
    `link set eth${index} up`,
    ...addresses(layout, port, `eth${index}`),
  ])
}

async function makeNamespace(name: string): Promise<void> {
  await run(['ip', 'netns', 'add', name])
  const write = Object.entries(SYSCTLS).map(([path, value]) => `echo ${value} > /proc/sys/${path}`)
  await run(['ip', 'netns', 'exec', name, 'sh', '-ec', write.join('\n')])
}

async function batch(lines: string[], namespace?: string): Promise<void> {
  const target = namespace === undefined ? [] : ['-n', namespace]
  await run(['ip', ...target, '-batch', '-'], { input: `${lines.join('\n')}\n` })
}

/** Makes all namespaces, cables and addresses of `layout` in the present network namespace. */
export async function makeNetwork(layout: Layout): Promise<void> {
  const lans = LAN_BRIDGES.slice(0, layout.client.lans.length)
  const machines = [...layout.nodes.map((node) => node.name), 'client']
  await Promise.all(machines.map(makeNamespace))
  await batch([
    'link set lo up',
    ...[...lans, 'mgmt'].flatMap(bridge),
    ...managementAddresses(layout.controlPlane, 'mgmt'),
    ...machines.flatMap((machine) => lans.flatMap((lan, index) => cable(lan, machine, `eth${index}`))),
    ...layout.nodes.flatMap((node) => cable('mgmt', node.name, 'mgmt0')),
    ...layout.nodes.flatMap(podRoutes),
  ])
  await batch(['link set lo up', ...lanPorts(layout, layout.client.lans)], 'client')
  await Promise.all(layout.nodes.map((node) => batch(nodeLines(layout, node), node.name)))
}

function nodeLines(layout: Layout, node: NodeLayout): string[] {
  return [
    'link set lo up',
    ...lanPorts(layout, node.lans),
    'link set mgmt0 up',
    ...managementAddresses(node.management, 'mgmt0'),
    // It leads nowhere, but a packet to a Service's address needs a route before kube-proxy sees it.
    `route add default via ${host(layout.controlPlane.ipv4)}`,
    `route add default via ${host(layout.controlPlane.ipv6)}`,
    ...bridge('cni0'),
    `addr add ${node.podGateway.ipv4} dev cni0`,
    `addr add ${node.podGateway.ipv6} dev cni0 nodad`,
    ...layout.nodes.filter((other) => other !== node).flatMap(podRoutes),
  ]
}
