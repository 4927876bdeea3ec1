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
import { type Collection, collectionsToRead, ofEach, type Reading } from './collections.ts'

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
  const lists = new Map<Collection<KubeObject>['resource'], readonly KubeObject[]>()
  await Promise.all(
    collectionsToRead(reading).map(async (collection) =>
      lists.set(collection.resource, await read(collection)),
    ),
  )
  const objects = ofEach(reading, ({ resource }) => lists.get(resource) ?? [])
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
  readonly #reflectors = new Map<string, Reflector<KubeObject>>()
  #gathering: NodeJS.Timeout | undefined

  /** `unseen`: what is not there to be watched, as `readCluster` found. */
  constructor(
    { client, log, onChange }: { client: ApiClient; log: Logger; onChange: () => void },
    { reading, unseen }: { reading: Reading; unseen: readonly Unseen[] },
  ) {
    this.#all = new Reflectors({ client, log })
    this.#onChange = onChange
    this.#reading = reading
    this.#unseen = unseen
    for (const { resource, scope, narrowed } of collectionsToRead(reading)) {
      const isWhole = unseen.every(({ kind }) => kind !== resource.kind)
      const place = isWhole ? scope : (narrowed ?? scope)
      const init = { resource, ...place, optional: true, onChange: () => this.#changed() }
      this.#reflectors.set(resource.kind, this.#all.add<KubeObject>(init))
    }
  }

  /** Resolves when all of it has been read. */
  async start(): Promise<void> {
    this.#all.start()
    await this.#all.synced()
  }

  async stop(): Promise<void> {
    clearTimeout(this.#gathering)
    await this.#all.stop()
  }

  /** As it is now. */
  get objects(): ClusterObjects {
    const copy = ofEach(this.#reading, ({ resource }) => [
      ...(this.#reflectors.get(resource.kind)?.objects.values() ?? []),
    ])
    return { ...copy, unseen: this.#unseen, readAt: Date.now(), namespace: this.#reading.namespace }
  }

  #changed(): void {
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined
      this.#onChange()
    }, GATHER_MS)
  }
}
