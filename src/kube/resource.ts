// The collections of the API: what their URLs are made of.

import { isDeepStrictEqual } from 'node:util'
import type { KubeObject } from '../api/index.ts'

/** A kind of object as the API server serves it; the parameter says what its objects look like. */
export interface Resource<_T extends KubeObject> {
  apiVersion: string
  kind: string
  plural: string
  namespaced: boolean
}

export interface ObjectPath {
  namespace?: string | undefined
  name?: string | undefined
  subresource?: string | undefined
}

/** `/api/v1/namespaces/default/services/web/status` and the like; without a name the collection. */
export function pathOf(
  { apiVersion, plural, namespaced }: Omit<Resource<KubeObject>, 'kind'>,
  { namespace, name, subresource }: ObjectPath = {},
): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const scope = namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : ''
  const object = name === undefined ? '' : `/${encodeURIComponent(name)}`
  return `${root}${scope}/${plural}${object}${subresource === undefined ? '' : `/${subresource}`}`
}

/** `namespace/name`, or the name alone where there are no namespaces. */
export function keyOf({ metadata }: KubeObject): string {
  const { namespace, name = '' } = metadata ?? {}
  return namespace === undefined ? name : `${namespace}/${name}`
}

/**
 * Whether a change is none to who reads what the user wrote: labels and spec (which `generation` counts) are as before,
 * and it is the same object.
 */
export function isSameInput(now: KubeObject | undefined, before: KubeObject | undefined): boolean {
  const matters = (object: KubeObject | undefined): unknown => {
    const { uid, generation, labels } = object?.metadata ?? {}
    return { uid, generation, labels }
  }
  return isDeepStrictEqual(matters(now), matters(before))
}

/** The parts of a key made by `keyOf`. */
export function splitKey(key: string): { namespace: string | undefined; name: string } {
  const slash = key.indexOf('/')
  return slash === -1
    ? { namespace: undefined, name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}
