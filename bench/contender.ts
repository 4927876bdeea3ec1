// Who is measured: this checkout's product, and each other implementation that the command line names with a manifest of
// its own. They take turns in one cluster; what a manifest brings is applied as it is, but for what a benchmark changes.

import { readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'
import type { KubeObject } from '../src/api/index.ts'
import { ROOT } from '../scripts/checkout.mjs'
import { kubectl, NAMESPACE, pids } from '../test/e2e/cluster.ts'
import { OURS } from './figures.ts'
import { peers } from './settings.ts'

interface Workload extends KubeObject {
  kind: string
  spec: {
    replicas?: number
    template: {
      metadata?: { labels?: Record<string, string> }
      spec: {
        serviceAccountName?: string
        containers: { name: string; args?: string[]; livenessProbe?: object }[]
      }
    }
  }
}

/** Who gives addresses, and who announces them: of Deployments, and of DaemonSets, whatever they are called. */
export const ROLES = ['controller', 'speaker'] as const
export type Role = (typeof ROLES)[number]

/** What runs, or stands in the way of others when nobody is there to answer. The rest stays: definitions, rights, namespaces. */
const TAKEN_AWAY = /^(Deployment|DaemonSet|StatefulSet|\w+WebhookConfiguration)$/
const WORKLOAD = /^(Deployment|DaemonSet|StatefulSet)$/
const ROLLOUT_LIMIT_S = 120
/** What speakers say of themselves, by MetalLB's interface. */
const STATUSES = `/apis/metallb.io/v1beta1/namespaces/${NAMESPACE}/servicel2statuses`

interface Change {
  /** One replica of each Deployment, and no DaemonSets: the controller alone. */
  readonly onlyController: boolean
}

export class Contender {
  readonly name: string
  readonly #objects: readonly (KubeObject & { kind: string })[]

  constructor(name: string, manifest: string, change: Change) {
    this.name = name
    const all = parseAllDocuments(readFileSync(manifest, 'utf8'))
      .map((document) => document.toJS() as (KubeObject & { kind: string }) | null)
      .filter((object) => object !== null)
    this.#objects = change.onlyController ? onlyControllers(all, name) : all
  }

  get #workloads(): Workload[] {
    return this.#objects.filter(({ kind }) => WORKLOAD.test(kind)) as Workload[]
  }

  /** Process ids of its containers; none while it is away. */
  get processes(): number[] {
    return ROLES.flatMap((role) => this.processesOf(role))
  }

  processesOf(role: Role): number[] {
    return [...new Set(this.#workloadsOf(role).flatMap(containersOf))].flatMap(pidsOrNone)
  }

  /** Names of the processes of its speaker on a node, as the sandbox calls them. */
  speakersOn(node: string): string[] {
    return this.#workloadsOf('speaker')
      .flatMap(containersOf)
      .map((container) => `${container}-${node}`)
  }

  /** Who they are to the API server. */
  usersOf(role: Role): string[] {
    const users = this.#workloadsOf(role).map(
      ({ metadata, spec }) =>
        `system:serviceaccount:${metadata?.namespace ?? 'default'}:${spec.template.spec.serviceAccountName ?? 'default'}`,
    )
    return [...new Set(users)]
  }

  #workloadsOf(role: Role): Workload[] {
    return this.#workloads.filter(({ kind }) => (kind === 'DaemonSet') === (role === 'speaker'))
  }

  /** Applies the manifest and waits until all of it is ready. */
  async install(): Promise<void> {
    await kubectl('apply -f -', list(this.#objects))
    await this.ready()
  }

  /** Waits until all of its pods are ready. */
  readonly ready = async (): Promise<void> => {
    for (const { kind, metadata } of this.#workloads) {
      const { name = '', namespace = 'default' } = metadata ?? {}
      await kubectl(`rollout status ${kind}/${name} -n ${namespace} --timeout=${ROLLOUT_LIMIT_S}s`)
    }
  }

  /** Ends all of its pods, for others to take their place; does not wait. */
  async replacePods(): Promise<void> {
    for (const workload of this.#workloads) await kubectl(`delete pod ${selection(workload)} --wait=false`)
  }

  /** Ends the pod of its speaker on a node, likewise. */
  async replaceSpeaker(node: string): Promise<void> {
    for (const workload of this.#workloadsOf('speaker')) {
      const which = `${selection(workload)} --field-selector spec.nodeName=${node}`
      await kubectl(`delete pod ${which} --wait=false`)
    }
  }

  /**
   * Ends what runs, and waits for its end; takes away what it said of Services, which to the next one would be news. Does
   * without the garbage collector, which with thousands of Services has minutes of other work first.
   */
  async remove(): Promise<void> {
    const gone = this.#objects.filter(({ kind }) => TAKEN_AWAY.test(kind))
    await kubectl('delete --ignore-not-found -f -', list(gone))
    for (const workload of this.#workloads) {
      await kubectl(`delete replicaset ${selection(workload)}`)
      await kubectl(`delete pod ${selection(workload)} --timeout=${ROLLOUT_LIMIT_S}s`)
    }
    await kubectl(`delete --raw ${STATUSES}`)
  }

  async reinstall(): Promise<void> {
    await this.remove()
    await this.install()
  }
}

function containersOf({ spec }: Workload): string[] {
  return spec.template.spec.containers.map(({ name }) => name)
}

/** Of its pods, as options of kubectl. */
function selection({ metadata, spec }: Workload): string {
  const labels = Object.entries(spec.template.metadata?.labels ?? {}).map(([key, value]) => `${key}=${value}`)
  return `-n ${metadata?.namespace ?? 'default'} -l ${labels.join(',')}`
}

function list(items: readonly object[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
}

function pidsOrNone(container: string): number[] {
  try {
    return pids(container)
  } catch {
    return [] // no file: none runs
  }
}

/**
 * Some measurements freeze them: nobody is to end them for that, and ours goes without a lease, lest it stand by afterwards.
 */
function onlyControllers(
  objects: readonly (KubeObject & { kind: string })[],
  name: string,
): (KubeObject & { kind: string })[] {
  return objects
    .filter(({ kind }) => kind !== 'DaemonSet')
    .map((object) => {
      if (object.kind !== 'Deployment') return object
      const { spec, ...rest } = structuredClone(object) as Workload
      for (const container of spec.template.spec.containers) {
        delete container.livenessProbe
        if (name === OURS) container.args = [...(container.args ?? []), '--lease=false']
      }
      return { ...rest, spec: { ...spec, replicas: 1 } }
    })
}

export interface Turn {
  readonly contender: Contender
  /** From 0. */
  readonly trial: number
  /** It has just been installed. */
  readonly isFresh: boolean
}

const MANIFEST = `${ROOT}/deploy/typemetal.yaml`
/** Who is in the cluster: at first what the sandbox has installed, with all that it has. */
let installed: Contender | undefined = new Contender(OURS, MANIFEST, { onlyController: false })

/** Takes away whoever is in the cluster. */
export async function vacate(): Promise<void> {
  await installed?.remove()
  installed = undefined
}

/** Ours and the peers, trial by trial; who is alone stays installed from one to the next, and the last until `vacate`. */
export async function inTurns(
  trials: number,
  change: Change,
  work: (turn: Turn) => Promise<void>,
): Promise<void> {
  const ours = new Contender(OURS, MANIFEST, change)
  const contenders = [ours, ...peers().map(({ name, manifest }) => new Contender(name, manifest, change))]
  for (let trial = 0; trial < trials; trial++) {
    for (const contender of contenders) {
      const isFresh = installed !== contender
      if (isFresh) {
        await vacate()
        await contender.install()
        installed = contender
      }
      await work({ contender, trial, isFresh })
    }
  }
}
