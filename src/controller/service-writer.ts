// What the API server is told of one Service: its addresses, or that it has none. One request each.

import { ANNOTATION, type Service } from '../api/index.ts'
import type { Decision } from '../allocator/index.ts'
import { formatAddress } from '../ip/index.ts'
import { type ApiClient, PATCH, pathOf, SERVICES } from '../kube/index.ts'

const FIELD_MANAGER = 'typemetal-controller'

/**
 * Writes the decision for `service` as it was read: rejects with a conflict when somebody has changed it since.
 *
 * Annotations sent to a Service's `/status` are kept, so addresses and pool are one write. A release is a merge patch,
 * because an apply without a field leaves what another writer owns too.
 */
export async function writeService(client: ApiClient, service: Service, decision: Decision): Promise<void> {
  const { namespace, name, uid, resourceVersion } = service.metadata ?? {}
  const path = pathOf(SERVICES, { namespace, name, subresource: 'status' })
  const metadata = { uid, resourceVersion }
  if (decision.write === 'release') {
    const body = {
      metadata: { ...metadata, annotations: { [ANNOTATION.allocatedFromPool]: null } },
      status: { loadBalancer: { ingress: null } },
    }
    await client.request({ method: 'PATCH', path, contentType: PATCH.merge, body })
    return
  }
  const body = {
    apiVersion: SERVICES.apiVersion,
    kind: SERVICES.kind,
    metadata: {
      namespace,
      name,
      ...metadata,
      ...(decision.pool !== null && { annotations: { [ANNOTATION.allocatedFromPool]: decision.pool } }),
    },
    status: {
      loadBalancer: { ingress: decision.addresses.map((address) => ({ ip: formatAddress(address) })) },
    },
  }
  const query = { fieldManager: FIELD_MANAGER, force: true }
  await client.request({ method: 'PATCH', path, query, contentType: PATCH.apply, body })
}
