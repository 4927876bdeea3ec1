// The product in the sandbox: installed from deploy/ as a user would, and its status API led outside.

import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Folders } from './control-plane.ts'
import { run } from './shell.ts'

/** Pods whose image begins with this run the product of this checkout. */
export const PRODUCT_IMAGE = 'typemetal/typemetal'

const NAMESPACE = 'metallb-system'
const LOOPBACK_PORT = 9121
const ROLLOUT_DEADLINE_S = 120

/** The checkout. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

export async function installProduct(): Promise<void> {
  await run(['kubectl', 'apply', '-k', join(ROOT, 'deploy')])
  for (const workload of ['deployment/controller', 'daemonset/speaker']) {
    await run(['kubectl', '-n', NAMESPACE, 'rollout', 'status', workload, `--timeout=${ROLLOUT_DEADLINE_S}s`])
  }
}

/** Copies its standard input and output to and from a port of the loopback, as kubectl port-forward does in a pod. */
const RELAY = `exec 3<>/dev/tcp/127.0.0.1/${LOOPBACK_PORT}; cat <&0 >&3 & exec cat <&3`

/** Leads a unix socket, which the launcher connects to from outside, to the loopback of a controller's pod. */
export function serveStatus({ statusSocket, pids }: Folders): void {
  const server = createServer((outside) => {
    const relay = spawn(
      'sh',
      ['-c', `exec nsenter -t "$(head -n 1 ${pids}/controller)" -n bash -c '${RELAY}'`],
      {
        stdio: ['pipe', 'pipe', 'ignore'],
      },
    )
    const end = (): void => {
      outside.destroy()
      relay.kill()
    }
    relay.on('error', end).on('exit', end)
    relay.stdin.on('error', end)
    outside.on('error', end).on('close', end)
    outside.pipe(relay.stdin)
    relay.stdout.pipe(outside)
  })
  server.listen(statusSocket)
}
