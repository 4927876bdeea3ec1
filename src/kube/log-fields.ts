// How log lines name the object that they are about.

import { splitKey } from './resource.ts'

const FIELDS = new Map([
  ['Service', 'service'],
  ['IPAddressPool', 'pool'],
  ['L2Advertisement', 'advertisement'],
  ['Node', 'node'],
])

/** `key`: as `keyOf` makes it. `{ service: 'default/web' }`, `{ pool: 'lan' }`; of other kinds `{ kind, key }`. */
export function logFields(kind: string, key: string): Record<string, string> {
  const field = FIELDS.get(kind)
  if (field === undefined) return { kind, key }
  // The other kinds have no namespace, or all of them ours.
  return { [field]: field === 'service' ? key : splitKey(key).name }
}
