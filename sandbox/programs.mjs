// The control-plane programs: finds them where the user says, else builds them once into the user's cache folder.
// @ts-check
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MachineLacks, onPath } from './machine.mjs'
import { run, step } from '../scripts/progress.mjs'

const HERE = dirname(fileURLToPath(import.meta.url))

/** Program -> the Go package that makes it (see the `tool` lines of go.mod). */
const PACKAGES = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  'kube-proxy': 'k8s.io/kubernetes/cmd/kube-proxy',
  'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
}

/** Where everything lies that outlives a sandbox. */
export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'typemetal')

/** @param {string} file */
function read(file) {
  return readFileSync(join(HERE, file), 'utf8')
}

/** Without these flags the API server and kubectl would call themselves v0.0.0-master. */
function versionFlags(/** @type {string} */ version) {
  const [major, minor] = version.split('.')
  const set = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' }
  return Object.entries(set).flatMap(([name, value]) =>
    ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].map(
      (at) => `-X ${at}.${name}=${value}`,
    ),
  )
}

/** @param {string} folder @returns {string[]} */
function missingFrom(folder) {
  return Object.keys(PACKAGES).filter((program) => !existsSync(join(folder, program)))
}

/**
 * A folder with all control-plane programs. Order: `SANDBOX_KUBE_BIN`; the cache; a build, which spares what
 * `KUBEBUILDER_ASSETS` (the convention of setup-envtest) has.
 */
export async function controlPlanePrograms() {
  const given = process.env.SANDBOX_KUBE_BIN
  if (given) {
    const missing = missingFrom(given)
    if (missing.length === 0) return given
    throw new MachineLacks(
      `SANDBOX_KUBE_BIN=${given} lacks ${missing.join(', ')}. Put them there, or unset it and install Go.`,
    )
  }
  const version = /k8s\.io\/kubernetes v(\S+)/.exec(read('go.mod'))?.[1] ?? 'unknown'
  const assets = process.env.KUBEBUILDER_ASSETS
  const pin = createHash('sha256')
    .update(read('go.mod'))
    .update(read('go.sum'))
    .update(assets ?? '')
  const folder = join(CACHE, `kubernetes-${version}-${pin.digest('hex').slice(0, 8)}`)
  if (missingFrom(folder).length > 0) await build(version, folder, assets)
  return folder
}

/** @param {string} version @param {string} folder @param {string | undefined} assets */
async function build(version, folder, assets) {
  if (!onPath('go')) {
    throw new MachineLacks(
      'The sandbox builds Kubernetes from source and finds no Go. Install it (https://go.dev/dl), ' +
        `or set SANDBOX_KUBE_BIN to a folder with ${Object.keys(PACKAGES).join(', ')}.`,
    )
  }
  mkdirSync(CACHE, { recursive: true })
  const partial = mkdtempSync(join(CACHE, 'building-'))
  try {
    await compile(version, partial, assets)
    rmSync(folder, { recursive: true, force: true })
    renameSync(partial, folder)
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
}

/** @param {string} version @param {string} folder @param {string | undefined} assets */
async function compile(version, folder, assets) {
  const spared = assets ? Object.keys(PACKAGES).filter((program) => existsSync(join(assets, program))) : []
  for (const program of spared)
    symlinkSync(join(/** @type {string} */ (assets), program), join(folder, program))
  const packages = Object.entries(PACKAGES).filter(([program]) => !spared.includes(program))
  const title = `Building Kubernetes ${version} (once; 4 to 6 minutes on 2 cores)`
  await step(title, async (note) => {
    let compiled = 0
    await run(
      'go',
      [
        'build',
        '-v',
        '-trimpath',
        `-ldflags=-s -w ${versionFlags(version).join(' ')}`,
        '-o',
        `${folder}/`,
        ...packages.map(([, path]) => path),
      ],
      {
        cwd: HERE,
        env: { ...process.env, CGO_ENABLED: '0' },
        remedy: 'Is the Go module proxy reachable (`go env GOPROXY`), and is there 4 GB of disk space?',
        onLine: (line) => note(line.startsWith('go: ') ? line.slice(4, 70) : `${++compiled} packages`),
      },
    )
  })
  const etcd = join(folder, 'etcd')
  // Go names a program after the last part of its path before the version.
  if (!existsSync(etcd)) renameSync(join(folder, 'server'), etcd)
}
