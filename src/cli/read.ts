// Reads the cluster: once, or again and again as it changes. What the API server does not show is noted, and done without.

import type { Logger } from 'pino'
import type { KubeObject } from '../api/index.ts'
import {
  type ApiClient,
  isStatus,
  listAll,
  type Reflector,
  Reflectors,
  type Startable,
} from '../kube/index.ts'
import type { ClusterObjects, Unseen } from './cluster.ts'
import {
  type Collection,
  type CollectionName,
  collectionsToRead,
  gathered,
  type Reading,
} from './collections.ts'

/** Changes that come together are shown together. */
const GATHER_MS = 200

/** Rejects with `ApiUnreachable`, or with the `ApiError` of who is nobody to the server, or of a server in trouble. */
export async function readCluster(client: ApiClient, reading: Reading): Promise<ClusterObjects> {
  const unseen: Unseen[] = []
  const read = async (collection: Collection<KubeObject>): Promise<readonly KubeObject[]> => {
    const { resource, scope, narrowed } = collection
    try {
      return await listAll(client, resource, scope)
    } catch (error) {
      if (!isStatus(error, 403) && !isStatus(error, 404)) throw error
      const { message } = error as Error
      unseen.push({ kind: resource.kind, message, isUnknown: isStatus(error, 404) })
      return narrowed === undefined ? [] : await listAll(client, resource, narrowed).catch(nothingIfForbidden)
    }
  }
  const lists = new Map<CollectionName, readonly KubeObject[]>()
  const wanted = collectionsToRead(reading)
  await Promise.all(wanted.map(async ([name, collection]) => lists.set(name, await read(collection))))
  const objects = gathered(reading, (name) => lists.get(name) ?? [])
  return { ...objects, unseen, readAt: Date.now(), namespace: reading.namespace }
}

function nothingIfForbidden(error: unknown): [] {
  if (isStatus(error, 403)) return []
  throw error
}

/** Keeps a copy of the cluster, and tells when it has changed. An API server that is away changes nothing. */
export class WatchedCluster implements Startable {
  readonly #reading: Reading
  readonly #unseen: readonly Unseen[]
  readonly #onChange: () => void
  readonly #all: Reflectors
  readonly #reflectors = new Map<CollectionName, Reflector<KubeObject>>()
  #gathering: NodeJS.Timeout | undefined
  #stopped = false

  /** `unseen`: what is not there to be watched, as `readCluster` found. */
  constructor(
    { client, log, onChange }: { client: ApiClient; log: Logger; onChange: () => void },
    { reading, unseen }: { reading: Reading; unseen: readonly Unseen[] },
  ) {
    this.#all = new Reflectors({ client, log })
    this.#onChange = onChange
    this.#reading = reading
    this.#unseen = unseen
    for (const [name, { resource, scope, narrowed }] of collectionsToRead(reading)) {
      const isWhole = unseen.every(({ kind }) => kind !== resource.kind)
      const place = isWhole ? scope : (narrowed ?? scope)
      const init = { resource, ...place, optional: true, onChange: () => this.#changed() }
      this.#reflectors.set(name, this.#all.add<KubeObject>(init))
    }
  }

  /** Nothing is told before all of it has been read: half of a cluster looks like a broken one. */
  start(): void {
    this.#all.start()
    void this.#all.synced().then(() => this.#changed())
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#gathering)
    await this.#all.stop()
  }

  /** As it is now. */
  get objects(): ClusterObjects {
    const copy = gathered(this.#reading, (name) => [...(this.#reflectors.get(name)?.objects.values() ?? [])])
    return { ...copy, unseen: this.#unseen, readAt: Date.now(), namespace: this.#reading.namespace }
  }

  #changed(): void {
    if (this.#stopped || !this.#all.hasSynced) return
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined
      this.#onChange()
    }, GATHER_MS)
  }
}
