// When Services may share an address: same key, same backends, different ports.

/** What of a Service decides on sharing. */
export interface Sharing {
  /** The annotation's value; empty: shares with nobody. */
  readonly key: string
  /**
   * Empty under externalTrafficPolicy Cluster, where every node reaches every endpoint. Under Local the selector in a
   * canonical form: the holder must have the endpoints of all.
   */
  readonly backend: string
  /** `TCP/80`. */
  readonly ports: readonly string[]
}

/** With nobody: backends and ports are of no account then. */
export const NOT_SHARED: Sharing = { key: '', backend: '', ports: [] }

export type SharingObstacle =
  { readonly kind: 'key' | 'backend' } | { readonly kind: 'port'; readonly port: string }

/** What keeps the two from one address, or `null`. Namespaces are of no account. */
export function sharingObstacle(a: Sharing, b: Sharing): SharingObstacle | null {
  if (a.key === '' || a.key !== b.key) return { kind: 'key' }
  if (a.backend !== b.backend) return { kind: 'backend' }
  const port = a.ports.find((port) => b.ports.includes(port))
  return port === undefined ? null : { kind: 'port', port }
}

/** Whether the two could be on one address, but for their ports. */
export function sameTerms(a: Sharing, b: Sharing): boolean {
  return a.key === b.key && a.backend === b.backend
}

/** Equal for the same terms. */
export function termsOf({ key, backend }: Sharing): string {
  return `${key.length} ${key}${backend}`
}

export function sameSharing(a: Sharing, b: Sharing): boolean {
  return a === b || (sameTerms(a, b) && a.ports.join() === b.ports.join())
}
