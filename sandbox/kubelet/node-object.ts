// The Node object that this stand-in registers and keeps alive, as values. Pure.

import type { Lease, Node, NodeStatus } from '../../src/api/index.ts'

export interface NodeFacts {
  name: string
  addresses: readonly string[]
  podCidrs: readonly string[]
  kubeletPort: number
}

export function nodeObject({ name, podCidrs }: NodeFacts): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' },
    },
    spec: { ...(podCidrs[0] !== undefined && { podCIDR: podCidrs[0] }), podCIDRs: [...podCidrs] },
  }
}

const RESOURCES = { cpu: '8', memory: '32Gi', pods: '110', 'ephemeral-storage': '100Gi' }

/** `now` is an RFC 3339 time. */
export function nodeStatus({ name, addresses, kubeletPort }: NodeFacts, now: string): NodeStatus {
  const pressures = ['MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) => ({
    type,
    status: 'False',
    reason: `KubeletHasNo${type}`,
    message: 'not watched in the sandbox',
    lastHeartbeatTime: now,
  }))
  const ready = {
    type: 'Ready',
    status: 'True',
    reason: 'KubeletReady',
    message: 'the stand-in is ready',
    lastHeartbeatTime: now,
  }
  return {
    capacity: RESOURCES,
    allocatable: RESOURCES,
    conditions: [...pressures, ready],
    addresses: [
      ...addresses.map((address) => ({ type: 'InternalIP', address })),
      { type: 'Hostname', address: name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
    nodeInfo: {
      architecture: 'amd64',
      bootID: name,
      containerRuntimeVersion: 'typemetal-sandbox://1',
      kernelVersion: 'unknown',
      kubeProxyVersion: '',
      kubeletVersion: 'v0.0.0-typemetal-sandbox',
      machineID: name,
      operatingSystem: 'linux',
      osImage: 'Typemetal sandbox',
      systemUUID: name,
    },
  }
}

/** `now` with microseconds, as leases have it. */
export function nodeLease(name: string, uid: string, now: string): Lease {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name,
      namespace: 'kube-node-lease',
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }],
    },
    spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: now },
  }
}
