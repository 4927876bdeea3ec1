// Reads a collection once, page by page. Keeping a copy of it in step: reflector.ts.

import type { KubeObject } from '../api/index.ts'
import type { ApiClient } from './client.ts'
import { isStatus } from './errors.ts'
import { pathOf, type Resource } from './resource.ts'

/** One page parses in about 10 ms; all of a large collection at once would block the loop for half a second. */
const PAGE_SIZE = 500
/** Beginnings of one list: the server forgets what it was reading from after five minutes, or at a restart. */
const ATTEMPTS = 3

export interface ListScope {
  /** Of a namespaced collection: all of them when it is not given. */
  readonly namespace?: string | undefined
  readonly labelSelector?: string | undefined
  readonly fieldSelector?: string | undefined
  readonly pageSize?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Page<T> {
  readonly items: readonly T[]
  /** The version that all pages of this list show. */
  readonly resourceVersion: string
}

interface List<T> {
  metadata?: { continue?: string; resourceVersion?: string }
  items?: T[]
}

/** The pages of one list, of one moment. Objects in it lack kind and version. Rejects as `ApiClient.request`. */
export async function* pagesOf<T extends KubeObject>(
  client: Pick<ApiClient, 'request'>,
  resource: Resource<T>,
  { namespace, labelSelector, fieldSelector, pageSize = PAGE_SIZE, signal }: ListScope,
): AsyncGenerator<Page<T>> {
  for (let next: string | undefined; next !== '';) {
    const { items = [], metadata = {} }: List<T> = await client.request({
      path: pathOf(resource, { namespace }),
      query: { labelSelector, fieldSelector, limit: pageSize, continue: next },
      ...(signal && { signal }),
    })
    yield { items, resourceVersion: metadata.resourceVersion ?? '' }
    next = metadata.continue ?? ''
  }
}

/** All of it; a list that expires while it is read is begun anew. */
export async function listAll<T extends KubeObject>(
  client: Pick<ApiClient, 'request'>,
  resource: Resource<T>,
  scope: ListScope,
): Promise<T[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      const all: T[] = []
      for await (const { items } of pagesOf(client, resource, scope)) all.push(...items)
      return all
    } catch (error) {
      if (!isStatus(error, 410) || attempt === ATTEMPTS) throw error
    }
  }
}
