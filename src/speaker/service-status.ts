// ServiceL2Status: one object for each Service of which this node holds an address. Written after the fact, paced,
// never in the way of an announcement. Each speaker keeps those of its node, also when others have deleted them.

import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { ServiceL2Status } from '../api/index.ts'
import {
  type ApiClient,
  keyOf,
  type OwnPod,
  PATCH,
  pathOf,
  Reflector,
  SERVICE_L2_STATUSES,
  splitKey,
  type Startable,
  tolerating,
  WorkQueue,
} from '../kube/index.ts'
import { keptStatus } from './kept.ts'

const LABELS = {
  node: 'metallb.io/node',
  serviceName: 'metallb.io/service-name',
  serviceNamespace: 'metallb.io/service-namespace',
} as const

export interface ServiceStatusComponents {
  client: ApiClient
  log: Logger
  /** Our statuses go when our pod does. */
  ownPod: OwnPod
}

export interface ServiceStatusInit {
  namespace: string
  node: string
}

/** One Service that is announced here. */
export interface AnnouncedHere {
  uid: string
  key: string
  /** Named when its advertisements name them, else absent: all. */
  interfaces: readonly string[] | null
}

/** The fixed name of the status of one Service on one node. */
function statusName(serviceUid: string, node: string): string {
  return `l2-${createHash('sha256').update(`${serviceUid}/${node}`).digest('hex').slice(0, 16)}`
}

export class ServiceStatusWriter implements Startable {
  readonly #client: ApiClient
  readonly #ownPod: OwnPod
  readonly #init: ServiceStatusInit
  readonly #queue: WorkQueue
  readonly #written: Reflector<ServiceL2Status>
  readonly #announced = new Map<string, AnnouncedHere>()
  /** Of other nodes. */
  readonly #orphans = new Set<string>()

  constructor({ client, log, ownPod }: ServiceStatusComponents, init: ServiceStatusInit) {
    this.#client = client
    this.#ownPod = ownPod
    this.#init = init
    this.#queue = new WorkQueue({
      log,
      fieldsOf: (name) => this.#fieldsOf(name),
      handler: (name) => this.#settle(name),
      concurrency: 4,
    })
    this.#written = new Reflector<ServiceL2Status>(
      { client, log },
      {
        resource: SERVICE_L2_STATUSES,
        namespace: init.namespace,
        labelSelector: `${LABELS.node}=${init.node}`,
        keep: keptStatus,
        onChange: (key) => this.#queue.add(splitKey(key).name),
      },
    )
  }

  start(): void {
    this.#written.start()
    void this.#written.synced.then(() => this.#queue.start())
  }

  async stop(): Promise<void> {
    await this.#queue.stop()
    await this.#written.stop()
  }

  /** The Service is announced from this node. */
  show(announced: AnnouncedHere): void {
    const name = statusName(announced.uid, this.#init.node)
    const before = this.#announced.get(name)
    this.#announced.set(name, announced)
    if (before === undefined || !isDeepStrictEqual(before.interfaces, announced.interfaces))
      this.#queue.add(name)
  }

  /** It is not, or not any more; what of ours is not shown is deleted. */
  hide(uid: string): void {
    const name = statusName(uid, this.#init.node)
    if (this.#announced.delete(name)) this.#queue.add(name)
  }

  /** That node has fallen silent: its speaker cannot delete its status of this Service. */
  bury(node: string, uid: string): void {
    const name = statusName(uid, node)
    this.#orphans.add(name)
    this.#queue.add(name)
  }

  /** Of a status that is to go, only its name is known. */
  #fieldsOf(name: string): Record<string, string> {
    const announced = this.#announced.get(name)
    return { serviceL2Status: name, ...(announced !== undefined && { service: announced.key }) }
  }

  async #settle(name: string): Promise<void> {
    const { namespace } = this.#init
    if (this.#orphans.has(name)) {
      await this.#delete(name)
      this.#orphans.delete(name)
      return
    }
    const wanted = this.#announced.get(name)
    const present = this.#written.objects.get(keyOf({ metadata: { namespace, name } }))
    if (wanted === undefined) return present && this.#delete(name)
    const status = this.#statusOf(wanted)
    if (present === undefined) await this.#create(name, wanted)
    if (isDeepStrictEqual(present?.status, status)) return
    await this.#client.request({
      method: 'PATCH',
      path: pathOf(SERVICE_L2_STATUSES, { namespace, name, subresource: 'status' }),
      contentType: PATCH.merge,
      // Of what a merge patch does not name the old value stays (RFC 7396).
      body: { status: { ...status, interfaces: status.interfaces ?? null } },
    })
  }

  #statusOf({ key, interfaces }: AnnouncedHere): NonNullable<ServiceL2Status['status']> {
    const { name, namespace = '' } = splitKey(key)
    return {
      ...(interfaces !== null && { interfaces: interfaces.map((each) => ({ name: each })) }),
      node: this.#init.node,
      serviceName: name,
      serviceNamespace: namespace,
    }
  }

  async #create(name: string, { key }: AnnouncedHere): Promise<void> {
    const { namespace, node } = this.#init
    const service = splitKey(key)
    const body = {
      apiVersion: SERVICE_L2_STATUSES.apiVersion,
      kind: SERVICE_L2_STATUSES.kind,
      metadata: {
        name,
        namespace,
        labels: {
          [LABELS.node]: node,
          [LABELS.serviceName]: service.name,
          [LABELS.serviceNamespace]: service.namespace,
        },
        ownerReferences: await this.#ownPod.ownerReferences(),
      },
      spec: {},
    }
    // Conflict: it is there; our watch has not shown it yet.
    const path = pathOf(SERVICE_L2_STATUSES, { namespace })
    await tolerating(409, this.#client.request({ method: 'POST', path, body }))
  }

  async #delete(name: string): Promise<void> {
    const path = pathOf(SERVICE_L2_STATUSES, { namespace: this.#init.namespace, name })
    await tolerating(404, this.#client.request({ method: 'DELETE', path }))
  }
}
