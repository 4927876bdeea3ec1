// A container's environment and arguments, as the kubelet makes them from the pod. Pure.

import type { Container, EnvVar, Pod } from '../../src/api/index.ts'

/** A referenced object's data: ConfigMap values and decoded Secret values; `undefined` when there is no such object. */
export type Lookup = (kind: 'ConfigMap' | 'Secret', name: string) => Record<string, string> | undefined

/** Something that the pod refers to is not there yet; the container waits, as `CreateContainerConfigError` says. */
export class ReferenceMissing extends Error {}

/** What the pod asks for and this stand-in does not offer. */
export class Unsupported extends Error {}

export interface Downward {
  pod: Pod
  podIPs: readonly string[]
  hostIPs: readonly string[]
}

/** The value of a downward-API path such as `metadata.name` or `status.podIP`. */
export function fieldValue(path: string, { pod, podIPs, hostIPs }: Downward): string {
  const { metadata = {}, spec } = pod
  const entry = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path)
  if (entry) return metadata[entry[1] as 'labels' | 'annotations']?.[entry[2] ?? ''] ?? ''
  const fields: Record<string, string> = {
    'metadata.name': metadata.name ?? '',
    'metadata.namespace': metadata.namespace ?? '',
    'metadata.uid': metadata.uid ?? '',
    'metadata.labels': formatMap(metadata.labels),
    'metadata.annotations': formatMap(metadata.annotations),
    'spec.nodeName': spec?.nodeName ?? '',
    'spec.serviceAccountName': spec?.serviceAccountName ?? '',
    'status.podIP': podIPs[0] ?? '',
    'status.podIPs': podIPs.join(','),
    'status.hostIP': hostIPs[0] ?? '',
    'status.hostIPs': hostIPs.join(','),
  }
  const value = fields[path]
  if (value === undefined) throw new Unsupported(`fieldRef ${path}`)
  return value
}

function formatMap(map: Record<string, string> | undefined): string {
  return Object.entries(map ?? {})
    .map(([key, value]) => `${key}=${JSON.stringify(value)}\n`)
    .join('')
}

/** All variables of `container`, in order, each able to use those before it as `$(NAME)`. */
export function environmentOf(
  container: Container,
  downward: Downward,
  lookup: Lookup,
): Record<string, string> {
  const environment: Record<string, string> = {}
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const data =
      (configMapRef && read('ConfigMap', configMapRef, lookup)) ??
      (secretRef && read('Secret', secretRef, lookup))
    for (const [key, value] of Object.entries(data ?? {})) environment[prefix + key] = value
  }
  for (const variable of container.env ?? []) {
    const value = valueOf(variable, environment, downward, lookup)
    if (value !== undefined) environment[variable.name] = value
  }
  return environment
}

function valueOf(
  { name, value, valueFrom }: EnvVar,
  environment: Record<string, string>,
  downward: Downward,
  lookup: Lookup,
): string | undefined {
  if (valueFrom === undefined) return expand(value ?? '', environment)
  const { fieldRef, configMapKeyRef, secretKeyRef } = valueFrom
  if (fieldRef) return fieldValue(fieldRef.fieldPath, downward)
  if (configMapKeyRef) return readKey('ConfigMap', configMapKeyRef, lookup)
  if (secretKeyRef) return readKey('Secret', secretKeyRef, lookup)
  throw new Unsupported(`valueFrom of variable ${name}: ${Object.keys(valueFrom).join(', ')}`)
}

interface Reference {
  name?: string
  optional?: boolean
}

function read(kind: 'ConfigMap' | 'Secret', { name = '', optional }: Reference, lookup: Lookup) {
  const data = lookup(kind, name)
  if (data === undefined && !optional) throw new ReferenceMissing(`${kind.toLowerCase()} "${name}" not found`)
  return data
}

function readKey(kind: 'ConfigMap' | 'Secret', reference: Reference & { key: string }, lookup: Lookup) {
  const value = read(kind, reference, lookup)?.[reference.key]
  if (value === undefined && !reference.optional) {
    throw new ReferenceMissing(`couldn't find key ${reference.key} in ${kind} ${reference.name}`)
  }
  return value
}

/** Replaces `$(NAME)` by the variable's value; `$$(NAME)` stands for itself, an unknown name stays as it is. */
export function expand(text: string, environment: Record<string, string>): string {
  return text.replace(/\$\$|\$\(([^)]+)\)/g, (match, name?: string) => {
    if (name === undefined) return '$'
    return environment[name] ?? match
  })
}
