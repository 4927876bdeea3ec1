// Who else writes the addresses of a Service: what the API server recorded of its writers. Pure.

import type { Service } from '../api/index.ts'
import { FIELD_MANAGER } from './service-patch.ts'

/** The field manager that wrote `status.loadBalancer` last and is not ours; `null`: none is recorded. */
export function foreignWriter({ metadata }: Service): string | null {
  const writers = (metadata?.managedFields ?? []).filter(
    ({ manager, fieldsV1 }) => manager !== FIELD_MANAGER && ownsIngress(fieldsV1),
  )
  const [latest] = writers.toSorted((a, b) => ((a.time ?? '') < (b.time ?? '') ? 1 : -1))
  return latest?.manager ?? null
}

function ownsIngress(fields: unknown): boolean {
  const status = (fields as { 'f:status'?: { 'f:loadBalancer'?: unknown } } | undefined)?.['f:status']
  return status?.['f:loadBalancer'] !== undefined
}
