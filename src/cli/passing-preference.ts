// The annotation by which a rebalance has an address moved: set and taken away under a field manager of its own, so that
// what a user has set is never taken for ours, and what an interrupted run has left is.

import { PREFERRED_NODE, type Service } from '../api/index.ts'
import { type ApiClient, PATCH, pathOf, SERVICES, splitKey } from '../kube/index.ts'

const FIELD_MANAGER = 'kubectl-typemetal-rebalance'

/**
 * `node`: `null` takes the annotation away, if it is ours. Rejects with `ApiError`: 409 where somebody else has set it, or
 * the Service is another one of that name.
 */
export async function preferForNow(
  client: ApiClient,
  { key, uid }: { readonly key: string; readonly uid: string },
  node: string | null,
): Promise<void> {
  const { namespace, name } = splitKey(key)
  const annotations = node === null ? {} : { [PREFERRED_NODE]: node }
  await client.request({
    method: 'PATCH',
    path: pathOf(SERVICES, { namespace, name }),
    query: { fieldManager: FIELD_MANAGER },
    contentType: PATCH.apply,
    body: {
      apiVersion: SERVICES.apiVersion,
      kind: SERVICES.kind,
      metadata: { namespace, name, uid, annotations },
    },
  })
}

/** Whether a rebalance has set the annotation: one that goes on, or was broken off. */
export function isPreferredForNow({ metadata }: Service): boolean {
  return metadata?.managedFields?.some(({ manager }) => manager === FIELD_MANAGER) ?? false
}

/** The Service as it will be when that annotation is gone. */
export function withoutPassingPreference(service: Service): Service {
  if (!isPreferredForNow(service)) return service
  const { [PREFERRED_NODE]: _, ...annotations } = service.metadata?.annotations ?? {}
  return { ...service, metadata: { ...service.metadata, annotations } }
}

/** What takes it away by hand. */
export function takingAway(keys: readonly string[]): string {
  return keys
    .map((key) => {
      const { namespace, name } = splitKey(key)
      return `kubectl annotate service -n ${namespace} ${name} ${PREFERRED_NODE}-`
    })
    .join('; ')
}
