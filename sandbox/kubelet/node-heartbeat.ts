// Registers the node and tells the control plane, again and again, that it is alive.

import type { Logger } from 'pino'
import type { Node } from '../../src/api/index.ts'
import { type ApiClient, isStatus, LEASES, NODES, PATCH, pathOf, timestamp } from '../../src/kube/index.ts'
import { type NodeFacts, nodeLease, nodeObject, nodeStatus } from './node-object.ts'

/** As the kubelet does it; node-lifecycle gives a node up after 50 s. */
const HEARTBEAT_MS = 10_000
const RETRY_MS = 1000

/** Starts the heartbeat, which goes on as long as the process. What fails is logged and tried again. */
export function keepNodeAlive(client: ApiClient, log: Logger, facts: NodeFacts): void {
  const beat = async (): Promise<void> => {
    let next = HEARTBEAT_MS
    try {
      const node = await register(client, facts)
      await client.request({
        method: 'PATCH',
        path: pathOf(NODES, { name: facts.name, subresource: 'status' }),
        contentType: PATCH.merge,
        body: { status: nodeStatus(facts, timestamp()) },
      })
      await renewLease(client, facts.name, node.metadata?.uid ?? '')
    } catch (error) {
      log.warn({ error: error instanceof Error ? error.message : String(error) }, 'heartbeat failed')
      next = RETRY_MS
    }
    setTimeout(() => void beat(), next)
  }
  void beat()
}

async function register(client: ApiClient, facts: NodeFacts): Promise<Node> {
  try {
    return await client.request<Node>({ path: pathOf(NODES, { name: facts.name }) })
  } catch (error) {
    if (!isStatus(error, 404)) throw error
    return client.request<Node>({ method: 'POST', path: pathOf(NODES), body: nodeObject(facts) })
  }
}

async function renewLease(client: ApiClient, name: string, uid: string): Promise<void> {
  const lease = nodeLease(name, uid, new Date().toISOString().replace('Z', '000Z'))
  await client.request({
    method: 'PATCH',
    path: pathOf(LEASES, { namespace: 'kube-node-lease', name }),
    query: { fieldManager: 'kubelet', force: true },
    contentType: PATCH.apply,
    body: lease,
  })
}
