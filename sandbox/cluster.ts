// The sandbox seen from inside its namespaces: makes the cluster, installs the product, runs the job, ends with its code.

import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  apiReady,
  apiServer,
  controllerManager,
  etcd,
  type Folders,
  kubeconfigOf,
  kubeProxy,
  certificate,
  scheduler,
  writeCredentials,
} from './control-plane.ts'
import type { KubeletInit } from './kubelet/kubelet.ts'
import type { Init } from './launcher.ts'
import { apiServiceHost, families, folders, host, layoutOf, type Layout, type NodeLayout } from './layout.ts'
import { makeNetwork } from './network.ts'
import { collectPids } from './pid-files.ts'
import { installProduct, PRODUCT_IMAGE, serveStatus } from './product.ts'
import { exitStatus, run } from './shell.ts'
import { replaceFile, Supervisor } from './supervisor.ts'
import { walkThrough } from './walkthrough.ts'

const API_DEADLINE_MS = 120_000
const NODES_DEADLINE_S = 120
const DIST = dirname(dirname(fileURLToPath(import.meta.url)))

async function main(init: Init): Promise<number> {
  const started = performance.now()
  const say = (text: string): void => {
    process.stderr.write(`sandbox: ${text} (${((performance.now() - started) / 1000).toFixed(1)} s)\n`)
  }
  const { options } = init
  const at = folders(init.dir)
  const layout = layoutOf(options)
  await privateMounts(at)
  replaceFile(`${at.pids}/sandbox`, `${process.pid}\n`)
  collectPids(at.pids)
  say(`${at.logs} has the log of every process`)
  writeCredentials(at, layout)
  await makeNetwork(layout)
  writeHosts(at, layout)
  writeCommands(at)
  setEnvironment(init, at)
  await startCluster(init, at, layout)
  say('cluster ready')
  if (options.product) {
    await installProduct()
    say('Typemetal installed')
  }
  serveStatus(at)
  if (options.command !== undefined) return runCommand(options.command)
  await walkThrough(init.statusUrl)
  return init.terminal ? openShell() : 0
}

/** What must not be seen outside: named namespaces, the data, and process ids, which differ on the two sides. */
async function privateMounts(at: Folders): Promise<void> {
  mkdirSync(at.etcd)
  for (const folder of ['/run', at.etcd, at.pids]) {
    await run(['mount', '-t', 'tmpfs', '-o', 'mode=755', 'sandbox', folder])
  }
}

/** Nodes by name, at the addresses that stay reachable when a LAN cable is pulled. */
function writeHosts(at: Folders, layout: Layout): void {
  const [primary = 'ipv4'] = families(layout.ipFamily)
  const lines = layout.nodes.map((node) => `${host(node.management[primary])} ${node.name}`)
  writeFileSync(at.hosts, ['127.0.0.1 localhost', '::1 localhost', ...lines, ''].join('\n'))
}

/**
 * The commands of the inside: `client COMMAND…` runs something on the machine outside the cluster, `kubectl typemetal`
 * the command line of this checkout.
 */
function writeCommands(at: Folders): void {
  mkdirSync(at.bin)
  writeFileSync(`${at.bin}/client`, '#!/bin/sh\nexec ip netns exec client "$@"\n', { mode: 0o755 })
  const typemetal = join(DIST, 'kubectl-typemetal.js')
  const command = `#!/bin/sh\nexec '${process.execPath}' --enable-source-maps '${typemetal}' "$@"\n`
  writeFileSync(`${at.bin}/kubectl-typemetal`, command, { mode: 0o755 })
}

function setEnvironment({ dir, kubeBin }: Init, at: Folders): void {
  process.env.PATH = `${at.bin}:${kubeBin}:${process.env.PATH}`
  process.env.KUBECONFIG = kubeconfigOf(at, 'admin')
  process.env.SANDBOX_DIR = dir
  delete process.env.SANDBOX_INIT
}

async function startCluster({ kubeBin, options }: Init, at: Folders, layout: Layout): Promise<void> {
  await run(['mount', '--bind', at.hosts, '/etc/hosts'])
  const supervisor = new Supervisor(at, options.maxRestartDelay * 1000)
  supervisor.start(etcd(at, kubeBin))
  supervisor.start(apiServer(at, kubeBin, layout, options.audit))
  await apiReady(at, layout, API_DEADLINE_MS)
  supervisor.start(controllerManager(at, kubeBin))
  supervisor.start(scheduler(at, kubeBin))
  const product = options.product ? [{ image: PRODUCT_IMAGE, command: copyProduct(at) }] : []
  const programs = [...options.programs, ...product]
  for (const node of layout.nodes) {
    supervisor.start(kubeProxy(at, kubeBin, layout, node.name, options.proxyMode))
    supervisor.start({
      name: `kubelet-${node.name}`,
      namespace: node.name,
      command: [process.execPath, '--enable-source-maps', join(DIST, 'sandbox/kubelet.js')],
      env: {
        ...process.env,
        SANDBOX_KUBELET: JSON.stringify(kubeletInit(at, layout, node, options, programs)),
      },
    })
  }
  await waitFor('node', '--all', '--for=create')
  await waitFor('node', '--all', '--for=condition=Ready')
  // Pods are refused before the controller-manager has made it.
  await waitFor('serviceaccount', 'default', '--for=create')
}

async function waitFor(...what: string[]): Promise<void> {
  await run(['kubectl', 'wait', ...what, `--timeout=${NODES_DEADLINE_S}s`])
}

/** A copy, so that a rebuild does not change a sandbox that is running, and readable by any user. */
function copyProduct(at: Folders): string[] {
  mkdirSync(at.product)
  for (const file of ['main.js', 'main.js.map', 'wire-thread.js', 'wire-thread.js.map', 'typemetal.node']) {
    cpSync(join(DIST, file), join(at.product, file))
  }
  return ['node', join(at.product, 'main.js')]
}

function kubeletInit(
  at: Folders,
  layout: Layout,
  node: NodeLayout,
  { maxRestartDelay }: Init['options'],
  programs: KubeletInit['programs'],
): KubeletInit {
  const each = families(layout.ipFamily)
  return {
    node: node.name,
    dir: at.node(node.name),
    logs: at.logs,
    pids: at.pids,
    addresses: each.flatMap((family) => node.lans.slice(0, 1).map((lan) => host(lan[family]))),
    podCidrs: each.map((family) => node.podCidr[family]),
    podGateways: each.map((family) => host(node.podGateway[family])),
    kubeconfig: kubeconfigOf(at, 'kubelet'),
    serviceHost: apiServiceHost(layout),
    certificate: certificate(at),
    certificateKey: `${at.pki}/apiserver.key`,
    maxRestartDelayMs: maxRestartDelay * 1000,
    programs,
  }
}

/** Runs the user's command with our terminal; its code is the sandbox's. */
function runCommand(command: string[]): Promise<number> {
  const [file = '', ...args] = command
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: 'inherit' })
    child.on('error', (error) => {
      process.stderr.write(`sandbox: ${file}: ${error.message}\n`)
      resolve(127)
    })
    child.on('exit', (code, signal) => resolve(exitStatus(code, signal)))
  })
}

function openShell(): Promise<number> {
  process.stdout.write(
    '\nA shell inside the sandbox. `kubectl …` talks to the cluster, `client COMMAND…` runs something outside it.\n' +
      'Leave with exit or Ctrl-D.\n\n',
  )
  return runCommand([process.env.SHELL ?? 'sh']).then(() => 0)
}

/** The outside holds the other end of this pipe: when it closes, or dies, everything here ends. */
function endWithLauncher(dir: string): void {
  const leave = (): void => {
    // If the launcher was killed, nobody else removes the folder.
    spawnSync('umount', ['--lazy', folders(dir).pids, folders(dir).etcd])
    rmSync(dir, { recursive: true, force: true })
    process.exit(1)
  }
  new Socket({ fd: 3, readable: true, writable: false })
    .once('close', leave)
    .on('error', () => undefined)
    .resume()
  process.on('SIGINT', () => undefined) // Ctrl-C is told to the launcher, which closes the pipe
}

const init = JSON.parse(process.env.SANDBOX_INIT ?? '{}') as Init
endWithLauncher(init.dir)
main(init).then(
  (code) => process.exit(code),
  (error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    writeFileSync(folders(init.dir).failure, `${reason}\n`)
    process.stderr.write(`sandbox: ${reason}\n`)
    process.exit(1)
  },
)
