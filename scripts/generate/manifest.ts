// deploy/typemetal.yaml: the objects of deploy/kustomization.yaml in one file, for `kubectl apply -f`. Knows of
// kustomize only that it lists files and folders: a kustomization that changes objects is refused.

import { join } from 'node:path'
import { parse } from 'yaml'
import { type Generated, read } from './sources.ts'

const HEADER =
  '# Rendered from deploy/kustomization.yaml: edit the files that it names, then `npm run generate`.\n'

export function manifest(): Generated {
  const texts = resourceFiles('deploy').map((file) => read(file).trim())
  return new Map([['deploy/typemetal.yaml', `${HEADER}${texts.join('\n---\n')}\n`]])
}

/** The files that the kustomization of `folder` stands for, in its order. */
export function resourceFiles(folder: string): string[] {
  const file = join(folder, 'kustomization.yaml')
  const { apiVersion: _, kind: __, resources, ...rest } = parse(read(file)) as Record<string, unknown>
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) throw new Error(`${file}: ${unknown} cannot be rendered here, only resources`)
  return (resources as string[]).flatMap((resource) => {
    const path = join(folder, resource)
    return path.endsWith('.yaml') ? [path] : resourceFiles(path)
  })
}
