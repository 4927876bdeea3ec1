// The product in the sandbox: installed from deploy/ as a user would, and its status API led outside.

import { connect, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Folders } from './control-plane.ts'
import { run } from './shell.ts'

/** Pods whose image begins with this run the product of this checkout. */
export const PRODUCT_IMAGE = 'typemetal/typemetal'

const NAMESPACE = 'metallb-system'
const STATUS_PORT = 9120
const ROLLOUT_DEADLINE_S = 120

/** The checkout. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

export async function installProduct(): Promise<void> {
  await run(['kubectl', 'apply', '-k', join(ROOT, 'deploy')])
  for (const workload of ['deployment/controller', 'daemonset/speaker']) {
    await run(['kubectl', '-n', NAMESPACE, 'rollout', 'status', workload, `--timeout=${ROLLOUT_DEADLINE_S}s`])
  }
}

/** The address of a controller that is ready. */
async function controllerAddress(): Promise<string> {
  const ready = '{range .items[?(@.status.containerStatuses[0].ready==true)]}{.status.podIP}{"\\n"}{end}'
  const pods = await run([
    'kubectl',
    '-n',
    NAMESPACE,
    'get',
    'pods',
    '-l',
    'component=controller',
    `-o=jsonpath=${ready}`,
  ])
  const [address] = pods.split('\n')
  if (!address) throw new Error('no controller is ready')
  return address
}

/** Leads a unix socket, which the launcher connects to from outside, to the status API of a controller. */
export function serveStatus({ statusSocket }: Folders): void {
  const server = createServer((outside) => {
    outside.on('error', () => outside.destroy())
    controllerAddress().then(
      (host) => {
        const inside = connect({ host, port: STATUS_PORT })
        outside.pipe(inside).pipe(outside)
        inside.on('error', () => outside.destroy())
        outside.on('error', () => inside.destroy())
      },
      () => outside.destroy(),
    )
  })
  server.listen(statusSocket)
}
