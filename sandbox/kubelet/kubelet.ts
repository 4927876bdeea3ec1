// The stand-in for a kubelet: runs the pods bound to one node as processes in namespaces and keeps its Node alive.
// It does what the control plane and our own tests need of a kubelet, and says what it does not do.

import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import type { Pod } from '../../src/api/index.ts'
import {
  ApiClient,
  EventRecorder,
  isStatus,
  loadCredentials,
  PATCH,
  pathOf,
  PODS,
  Reflector,
  timestamp,
  WorkQueue,
} from '../../src/kube/index.ts'
import { replaceFile } from '../supervisor.ts'
import { ApiObjects } from './api-objects.ts'
import { type ContainerLog, serveLogs } from './log-server.ts'
import { keepNodeAlive } from './node-heartbeat.ts'
import { NodePod } from './pod.ts'
import { HostNumbers, type PodCidrs } from './pod-network.ts'
import { isShown } from './pod-status.ts'

const KUBELET_PORT = 10_250
const DEFAULT_GRACE_S = 30

/** What the sandbox tells its kubelet, as JSON in SANDBOX_KUBELET. */
export interface KubeletInit extends PodCidrs {
  node: string
  dir: string
  logs: string
  pids: string
  addresses: readonly string[]
  kubeconfig: string
  /** Of the log server; the API server's own serves. */
  certificate: string
  certificateKey: string
  /** The longest wait before a container that ended is started again. */
  maxRestartDelayMs: number
  programs: readonly { image: string; command: readonly string[] }[]
  /** Where in-cluster clients find the API. */
  serviceHost: string
}

class Kubelet {
  readonly #init: KubeletInit
  readonly #log = pino()
  readonly #honourUids = process.getuid?.() === 0 && hasManyUids()
  readonly #client: ApiClient
  readonly #objects: ApiObjects
  readonly #events: EventRecorder
  readonly #pods = new Map<string, NodePod>()
  readonly #hostNumbers: HostNumbers
  readonly #statuses: WorkQueue
  readonly #bound: Reflector<Pod>

  constructor(init: KubeletInit, client: ApiClient) {
    this.#init = init
    this.#client = client
    this.#objects = new ApiObjects(this.#client)
    this.#events = new EventRecorder(
      { client: this.#client, log: this.#log },
      { component: 'kubelet', host: init.node },
    )
    const numbers = `${init.dir}/host-numbers`
    for (const folder of [init.dir, numbers, `${init.dir}/pods`]) mkdirSync(folder, { recursive: true })
    this.#hostNumbers = new HostNumbers(numbers)
    const log = this.#log
    this.#statuses = new WorkQueue({ log, handler: (uid) => this.#reportStatus(uid) })
    this.#bound = new Reflector(
      { client: this.#client, log },
      {
        resource: PODS,
        fieldSelector: `spec.nodeName=${init.node}`,
        onChange: (_, pod, before) => this.#onPod(pod, before),
      },
    )
  }

  start(): void {
    const { node: name, addresses, podCidrs, certificate, certificateKey } = this.#init
    keepNodeAlive(this.#client, this.#log, { name, addresses, podCidrs, kubeletPort: KUBELET_PORT })
    const tls = { cert: readFileSync(certificate), key: readFileSync(certificateKey) }
    serveLogs(KUBELET_PORT, tls, (namespace, pod, container) => this.#findLog(namespace, pod, container))
    this.#statuses.start()
    this.#bound.start()
  }

  #onPod(pod: Pod | undefined, before: Pod | undefined): void {
    const uid = (pod ?? before)?.metadata?.uid ?? ''
    // A pod of the same name may have taken the place of one whose end was not seen.
    if (before && before.metadata?.uid !== uid) this.#remove(before.metadata?.uid ?? '', 0)
    if (pod === undefined) return this.#remove(uid, 0)
    const known = this.#pods.get(uid)
    known?.update(pod)
    // The control plane marks the pods of a node that was silent as not ready; only we can take that back.
    if (known && !isShown(known.status(timestamp()), pod.status)) this.#statuses.add(uid)
    if (pod.metadata?.deletionTimestamp !== undefined) {
      if (!known) this.#make(uid, pod) // bound to an earlier kubelet, which may have left processes
      return this.#remove(uid, pod.metadata.deletionGracePeriodSeconds ?? DEFAULT_GRACE_S)
    }
    const finished = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
    if (!known && !finished) this.#make(uid, pod).start()
  }

  #make(uid: string, pod: Pod): NodePod {
    const { certificate: _, ...init } = this.#init
    const made = new NodePod(
      pod,
      {
        source: this.#objects,
        hostNumbers: this.#hostNumbers,
        reportStatus: () => this.#statuses.add(uid),
        event: (object, type, reason, message) => this.#events.record({ object, type, reason, message }),
        pidsChanged: (container) => this.#writePids(container),
      },
      { ...init, echo: ECHO, honourUids: this.#honourUids },
    )
    this.#pods.set(uid, made)
    return made
  }

  #remove(uid: string, graceSeconds: number): void {
    const pod = this.#pods.get(uid)
    pod?.stop(graceSeconds * 1000).then(
      () => {
        this.#pods.delete(uid)
        this.#objects.forget(uid)
        this.#statuses.add(uid)
      },
      (error: unknown) => this.#log.error({ uid, error: String(error) }, 'pod was not taken down'),
    )
  }

  #boundPod(uid: string): Pod | undefined {
    return [...this.#bound.objects.values()].find(({ metadata }) => metadata?.uid === uid)
  }

  /** Writes a pod's status, or deletes the object of a pod that has ended here and is to go. */
  async #reportStatus(uid: string): Promise<void> {
    const pod = this.#boundPod(uid)
    if (pod === undefined) return
    const { namespace, name, deletionTimestamp } = pod.metadata ?? {}
    const running = this.#pods.get(uid)
    try {
      if (running) {
        const status = running.status(timestamp())
        const body = { metadata: { uid }, status }
        const path = pathOf(PODS, { namespace, name, subresource: 'status' })
        await this.#client.request({ method: 'PATCH', path, contentType: PATCH.merge, body })
      } else if (deletionTimestamp !== undefined) {
        const body = {
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          gracePeriodSeconds: 0,
          preconditions: { uid },
        }
        await this.#client.request({ method: 'DELETE', path: pathOf(PODS, { namespace, name }), body })
      }
    } catch (error) {
      if (!isStatus(error, 404)) throw error
    }
  }

  #findLog(namespace: string, name: string, container: string): ContainerLog | undefined {
    const pod = [...this.#pods.values()].find(
      ({ pod: { metadata } }) => metadata?.namespace === namespace && metadata?.name === name,
    )
    return pod?.containers.find(({ run }) => run.name === container)?.log
  }

  /** pids/NAME-NODE: the processes of all containers of that name on this node, one a line. */
  #writePids(name: string): void {
    const pids = [...this.#pods.values()]
      .flatMap(({ containers }) => containers)
      .filter(({ run, pid }) => run.name === name && pid !== undefined)
      .map(({ pid }) => `${pid}\n`)
    replaceFile(`${this.#init.pids}/${name}-${this.#init.node}`, pids.join(''))
  }
}

const ECHO = [process.execPath, join(dirname(fileURLToPath(import.meta.url)), '../../sandbox/echo.mjs')]

/** An ordinary user's namespace has one uid only. */
function hasManyUids(): boolean {
  const [, , count] = readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/)
  return Number(count) > 1
}

const init = JSON.parse(process.env.SANDBOX_KUBELET ?? '{}') as KubeletInit
delete process.env.SANDBOX_KUBELET
new Kubelet(init, new ApiClient(await loadCredentials(init.kubeconfig))).start()
