// A pod's volumes as folders on this machine: what each holds, from the objects that it names.

import { mkdirSync } from 'node:fs'
import type { KeyToPath, Pod, Volume, VolumeProjection } from '../../src/api/index.ts'
import { replaceFiles, type VolumeFile } from './atomic-folder.ts'
import { type Downward, fieldValue, ReferenceMissing, Unsupported } from './environment.ts'

const FILE_MODE = 0o644

/** What volumes are filled from. */
export interface ObjectSource {
  /** Values as bytes; undefined when there is no such object. */
  data(
    kind: 'ConfigMap' | 'Secret',
    namespace: string,
    name: string,
  ): Promise<Record<string, Buffer> | undefined>
  /** A ServiceAccount token bound to `pod`, not older than four fifths of its life. */
  token(pod: Pod, audience: string | undefined, expirationSeconds: number | undefined): Promise<string>
}

type Files = Map<string, VolumeFile>

/**
 * Fills the volumes of `downward.pod` below `folder` and returns where each lies. Call it again to bring changed
 * objects in. Throws `ReferenceMissing` when an object is not there, `Unsupported` for kinds that are not offered.
 */
export async function fillVolumes(
  folder: string,
  downward: Downward,
  source: ObjectSource,
): Promise<Map<string, string>> {
  const paths = new Map<string, string>()
  for (const volume of downward.pod.spec?.volumes ?? []) {
    if (volume.hostPath) {
      paths.set(volume.name, volume.hostPath.path)
      continue
    }
    const path = `${folder}/${volume.name}`
    mkdirSync(path, { recursive: true, mode: 0o777 })
    if (!volume.emptyDir) replaceFiles(path, await filesOf(volume, downward, source))
    paths.set(volume.name, path)
  }
  return paths
}

async function filesOf(volume: Volume, downward: Downward, source: ObjectSource): Promise<Files> {
  const { configMap, secret, projected, downwardAPI } = volume
  if (configMap) return objectFiles('ConfigMap', configMap.name, configMap, downward, source)
  if (secret) return objectFiles('Secret', secret.secretName, secret, downward, source)
  if (downwardAPI) return downwardFiles(downwardAPI, downward)
  if (!projected)
    throw new Unsupported(
      `volume ${volume.name}: ${Object.keys(volume)
        .filter((key) => key !== 'name')
        .join()}`,
    )
  const files: Files = new Map()
  for (const part of projected.sources ?? []) {
    for (const [path, file] of await projectedFiles(part, projected.defaultMode, downward, source))
      files.set(path, file)
  }
  return files
}

async function projectedFiles(
  { configMap, secret, downwardAPI, serviceAccountToken, ...others }: VolumeProjection,
  defaultMode: number | undefined,
  downward: Downward,
  source: ObjectSource,
): Promise<Files> {
  const mode = defaultMode === undefined ? {} : { defaultMode }
  if (configMap) return objectFiles('ConfigMap', configMap.name, { ...configMap, ...mode }, downward, source)
  if (secret) return objectFiles('Secret', secret.name, { ...secret, ...mode }, downward, source)
  if (downwardAPI) return downwardFiles({ ...downwardAPI, ...mode }, downward)
  if (!serviceAccountToken) throw new Unsupported(`projected volume: ${Object.keys(others).join()}`)
  const { audience, expirationSeconds, path } = serviceAccountToken
  const content = await source.token(downward.pod, audience, expirationSeconds)
  // Readable by the container's user, whoever that is; it alone sees this folder.
  return new Map([[path, { content, mode: FILE_MODE }]])
}

interface Selection {
  items?: KeyToPath[]
  optional?: boolean
  defaultMode?: number
}

async function objectFiles(
  kind: 'ConfigMap' | 'Secret',
  name: string | undefined,
  { items, optional, defaultMode = FILE_MODE }: Selection,
  { pod }: Downward,
  source: ObjectSource,
): Promise<Files> {
  const data = await source.data(kind, pod.metadata?.namespace ?? '', name ?? '')
  if (data === undefined) {
    if (optional) return new Map()
    throw new ReferenceMissing(`MountVolume.SetUp failed: ${kind.toLowerCase()} "${name}" not found`)
  }
  if (items === undefined) {
    return new Map(Object.entries(data).map(([key, content]) => [key, { content, mode: defaultMode }]))
  }
  return new Map(
    items.map(({ key, path, mode }) => {
      const content = data[key]
      if (content === undefined && !optional)
        throw new ReferenceMissing(`${kind.toLowerCase()} "${name}" has no key ${key}`)
      return [path, { content: content ?? '', mode: mode ?? defaultMode }]
    }),
  )
}

function downwardFiles(
  {
    items,
    defaultMode = FILE_MODE,
  }: { items?: { path: string; fieldRef?: { fieldPath: string }; mode?: number }[]; defaultMode?: number },
  downward: Downward,
): Files {
  return new Map(
    (items ?? []).map(({ path, fieldRef, mode }) => {
      if (!fieldRef) throw new Unsupported(`downwardAPI ${path}: only fieldRef`)
      return [path, { content: fieldValue(fieldRef.fieldPath, downward), mode: mode ?? defaultMode }]
    }),
  )
}
