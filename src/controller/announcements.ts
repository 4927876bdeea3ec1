// Which node says that it announces which Service: the ServiceL2Status objects by Service and by node.

import type { ServiceL2Status } from '../api/index.ts'

export class Announcements {
  readonly #byService = new Map<string, Map<string, ServiceL2Status>>()
  readonly #byNode = new Map<string, Map<string, string>>()

  /** The object of this key is new, other than before, or gone (`undefined`). */
  set(key: string, now: ServiceL2Status | undefined, before: ServiceL2Status | undefined): void {
    const [was, is] = [serviceOf(before), serviceOf(now)]
    if (before !== undefined && was !== undefined) {
      drop(this.#byService, was, key)
      drop(this.#byNode, before.status?.node ?? '', key)
    }
    if (now === undefined || is === undefined) return
    put(this.#byService, is, key, now)
    put(this.#byNode, now.status?.node ?? '', key, is)
  }

  /** Sorted by node. */
  ofService(service: string): ServiceL2Status[] {
    const found = [...(this.#byService.get(service)?.values() ?? [])]
    return found.sort((a, b) => (nodeOf(a) < nodeOf(b) ? -1 : 1))
  }

  /** Keys of the Services that the node says it announces. */
  ofNode(node: string): ReadonlySet<string> {
    return new Set(this.#byNode.get(node)?.values())
  }
}

/** Key of the Service that it is about; `undefined` while it says nothing yet. */
export function serviceOf(object: ServiceL2Status | undefined): string | undefined {
  const { node, serviceName, serviceNamespace } = object?.status ?? {}
  return node === undefined ? undefined : `${serviceNamespace}/${serviceName}`
}

export function nodeOf({ status }: ServiceL2Status): string {
  return status?.node ?? ''
}

function put<T>(index: Map<string, Map<string, T>>, name: string, key: string, value: T): void {
  const entries = index.get(name)
  if (entries === undefined) index.set(name, new Map([[key, value]]))
  else entries.set(key, value)
}

function drop(index: Map<string, Map<string, unknown>>, name: string, key: string): void {
  const entries = index.get(name)
  entries?.delete(key)
  if (entries?.size === 0) index.delete(name)
}
