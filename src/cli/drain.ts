// Lets a node announce nothing: sets the exclude label and waits until others have taken its addresses over; and takes
// the label away again.

import type { Logger } from 'pino'
import { EXCLUDE_LABEL, type Node, type Service, type ServiceL2Status } from '../api/index.ts'
import { type ApiClient, isStatus, keyOf, NODES, PATCH, pathOf } from '../kube/index.ts'
import { announcersOf, type Cluster, understand } from './cluster.ts'
import { CommandFailed, EXIT } from './exit-code.ts'
import { type Announcers, WatchedAnnouncers } from './watched-announcers.ts'

export interface DrainComponents {
  client: ApiClient
  log: Logger
  /** Told how far it is. */
  onProgress: (message: string) => void
}

export interface DrainInit {
  node: string
  timeoutMs: number
  /** Also where a Service would be left without a node. */
  force: boolean
}

export interface Drained {
  readonly node: string
  /** Services that others announce now, and who. */
  readonly moved: readonly { readonly service: string; readonly nodes: readonly string[] }[]
  /** Services that nobody else may announce. */
  readonly dark: readonly string[]
  /** Services that had not been taken over in time. */
  readonly left: readonly string[]
}

/** Rejects with `CommandFailed`, before anything is changed, where it would do harm or nothing. */
export async function drain(
  { client, log, onProgress }: DrainComponents,
  cluster: Cluster,
  { node, timeoutMs, force }: DrainInit,
): Promise<Drained> {
  requireNode(node, cluster)
  if (cluster.installation.ignoreExcludeLabel) {
    throw new CommandFailed(
      EXIT.failed,
      `the speakers run with --ignore-exclude-lb: the label would change nothing`,
    )
  }
  const dark = leftDark(node, cluster)
  if (dark.length > 0 && !force) {
    throw new CommandFailed(
      EXIT.failed,
      `only ${node} can announce ${dark.join(', ')} now; let other nodes with a Ready speaker announce them too, or give --force`,
    )
  }
  const held = servicesOn(node, cluster.statuses)
  await label(client, node, '')
  onProgress(`${node} is excluded; Services to hand over: ${held.length}`)
  const handover = new Handover(node, held, new Set(dark))
  const announcers = new WatchedAnnouncers({ client, log }, cluster.namespace)
  announcers.start()
  await announcers.until((now) => handover.leftOf(now).length === 0, AbortSignal.timeout(timeoutMs))
  await announcers.stop()
  return handover.result(announcers.now)
}

export interface Undrained {
  readonly node: string
  /** Whether the label was there. */
  readonly wasExcluded: boolean
}

export async function undrain(client: ApiClient, cluster: Cluster, node: string): Promise<Undrained> {
  const { metadata } = requireNode(node, cluster)
  const wasExcluded = EXCLUDE_LABEL in (metadata?.labels ?? {})
  if (wasExcluded) await label(client, node, null)
  return { node, wasExcluded }
}

function requireNode(name: string, { nodes }: Cluster): Node {
  const found = nodes.find(({ metadata }) => metadata?.name === name)
  if (found !== undefined) return found
  const names = nodes.map(({ metadata }) => metadata?.name).join(', ')
  throw new CommandFailed(EXIT.notFound, `there is no node ${name}; there are ${names || 'none to be seen'}`)
}

async function label(client: ApiClient, name: string, value: '' | null): Promise<void> {
  try {
    await client.request({
      method: 'PATCH',
      path: pathOf(NODES, { name }),
      contentType: PATCH.merge,
      body: { metadata: { labels: { [EXCLUDE_LABEL]: value } } },
    })
  } catch (error) {
    if (!isStatus(error, 403)) throw error
    throw new CommandFailed(EXIT.failed, `${(error as Error).message}; ask for the right to patch nodes`)
  }
}

/** Services that this node may announce now, and none could without it. */
function leftDark(node: string, cluster: Cluster): string[] {
  const without = understand({ ...cluster, nodes: cluster.nodes.map((each) => excluded(each, node)) })
  return cluster.services
    .filter((service) => candidatesFor(service, cluster).includes(node))
    .filter((service) => !candidatesFor(service, without).some((other) => cluster.readySpeakers.has(other)))
    .map(keyOf)
    .sort()
}

function candidatesFor(service: Service, { intentOf }: Cluster): string[] {
  const intent = intentOf(service)
  return typeof intent === 'string' ? [] : intent.candidates.map((candidate) => candidate.node)
}

function excluded(node: Node, name: string): Node {
  const { metadata } = node
  if (metadata?.name !== name) return node
  return { ...node, metadata: { ...metadata, labels: { ...metadata.labels, [EXCLUDE_LABEL]: '' } } }
}

function servicesOn(node: string, statuses: readonly ServiceL2Status[]): string[] {
  return [...announcersOf(statuses)].flatMap(([service, nodes]) => (nodes.includes(node) ? service : []))
}

/** What has become of the Services that a node announced. */
class Handover {
  readonly #node: string
  readonly #held: readonly string[]
  readonly #dark: ReadonlySet<string>

  constructor(node: string, held: readonly string[], dark: ReadonlySet<string>) {
    this.#node = node
    this.#held = held
    this.#dark = dark
  }

  result(announcers: Announcers): Drained {
    const left = this.leftOf(announcers)
    const moved = this.#held
      .filter((service) => !left.includes(service) && !this.#dark.has(service))
      .map((service) => ({ service, nodes: announcers?.get(service) ?? [] }))
    return { node: this.#node, moved, dark: [...this.#dark], left }
  }

  /** Those that it still announces, or that nobody does; also what it took over meanwhile. */
  leftOf(announcers: Announcers): string[] {
    if (announcers === null) return [...this.#held]
    const here = [...announcers].flatMap(([service, nodes]) => (nodes.includes(this.#node) ? service : []))
    const nowhere = this.#held.filter((service) => !this.#dark.has(service) && !announcers.has(service))
    return [...new Set([...here, ...nowhere])].sort()
  }
}
