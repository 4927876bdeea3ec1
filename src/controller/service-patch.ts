// What the API server is told of one Service: its addresses, why it has none, or that it has none any more. Pure.

import { ANNOTATION, ALLOCATED_CONDITION, type Service } from '../api/index.ts'
import type { Decision, Finding } from '../allocator/index.ts'
import { formatAddress } from '../ip/index.ts'
import { type ApiRequest, dated, PATCH, pathOf, SERVICES } from '../kube/index.ts'

export const FIELD_MANAGER = 'typemetal-controller'

/** As much of a decision as is written. */
export type Writing = Pick<Decision, 'write' | 'addresses' | 'pool' | 'finding'>

/**
 * The one request that carries out `decision` on `service` as it was read: a conflict when somebody has changed it
 * since. `now`: RFC 3339.
 *
 * Annotations sent to a Service's `/status` are kept, so addresses, pool and condition are one write. Addresses are
 * applied, with force, so that they are ours alone. What takes nothing or takes away is a strategic merge patch: an
 * apply without a field leaves what another writer owns too, and drops what we own.
 */
export function servicePatch(service: Service, decision: Writing, now: string): ApiRequest {
  const { namespace, name, uid, resourceVersion } = service.metadata ?? {}
  const { addresses, pool, finding, write } = decision
  const request = {
    method: 'PATCH',
    path: pathOf(SERVICES, { namespace, name, subresource: 'status' }),
  } as const
  const metadata = { uid, resourceVersion }
  const conditions = [conditionElement(service, finding, now)]
  if (write === 'assign') {
    const ingress = addresses.map((address) => ({ ip: formatAddress(address) }))
    const annotations = pool === null ? {} : { [ANNOTATION.allocatedFromPool]: pool }
    return {
      ...request,
      query: { fieldManager: FIELD_MANAGER, force: true },
      contentType: PATCH.apply,
      body: {
        apiVersion: SERVICES.apiVersion,
        kind: SERVICES.kind,
        metadata: { namespace, name, ...metadata, annotations },
        status: { loadBalancer: { ingress }, ...(finding && { conditions }) },
      },
    }
  }
  const cleared = { annotations: { [ANNOTATION.allocatedFromPool]: null } }
  const body =
    write === 'release'
      ? { metadata: { ...metadata, ...cleared }, status: { loadBalancer: { ingress: null }, conditions } }
      : { metadata, status: { conditions } }
  return { ...request, query: { fieldManager: FIELD_MANAGER }, contentType: PATCH.strategic, body }
}

/** Our condition as an element of a patch; the time moves only with the status. */
function conditionElement({ status }: Service, finding: Finding | null, now: string): object {
  if (finding === null) return { $patch: 'delete', type: ALLOCATED_CONDITION }
  return dated({ type: ALLOCATED_CONDITION, ...finding }, status?.conditions, now)
}
