// Objects as users write them, for the tests of what is read from them.
import type { IPAddressPool, L2Advertisement, Namespace } from '../../src/api/index.ts'

const metallb = { apiVersion: 'metallb.io/v1beta1' } as const

/** `age`: the larger, the older. */
export function pool(
  name: string,
  addresses: string[],
  { age = 0, labels = {}, ...spec }: Partial<IPAddressPool['spec']> & { age?: number; labels?: object } = {},
): IPAddressPool {
  return {
    ...metallb,
    kind: 'IPAddressPool',
    metadata: { name, labels: { ...labels }, creationTimestamp: `${2026 - age}-01-01T00:00:00Z` },
    spec: { addresses, ...spec },
  }
}

export function advertisement(name: string, spec?: L2Advertisement['spec']): L2Advertisement {
  return { ...metallb, kind: 'L2Advertisement', metadata: { name }, ...(spec !== undefined && { spec }) }
}

export function namespace(name: string, labels: Record<string, string> = {}): Namespace {
  return { metadata: { name, labels } }
}
