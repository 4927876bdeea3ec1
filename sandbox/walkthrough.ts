// `npm run sandbox`: the whole job before one's eyes, each command printed before its true output.

import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT } from './product.ts'

const ADDRESS = '172.25.254.50'
const DEADLINE_MS = 60_000
const EXAMPLE = join(ROOT, 'deploy/example.yaml')

/** A step of the walk-through did not do what it should. */
class WalkThroughFailed extends Error {}

function comment(text: string): void {
  process.stdout.write(`\n# ${text}\n`)
}

interface Shown {
  child: ChildProcess
  /** All that it has printed so far. */
  output: () => string
  code: Promise<number | null>
}

/** Prints a shell command and starts it with its output shown. */
function start(command: string, shownAs = command): Shown {
  process.stdout.write(`$ ${shownAs}\n`)
  const child = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    process.stdout.write(text)
  })
  const code = new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(127))
    child.on('close', resolve)
  })
  return { child, output: () => output, code }
}

/** Runs a command to its end; it has to succeed. */
async function show(command: string): Promise<string> {
  const { output, code } = start(command)
  const ended = await code
  if (!output().endsWith('\n')) process.stdout.write('\n')
  if (ended !== 0) throw new WalkThroughFailed(`\`${command}\` ended with ${ended}`)
  return output()
}

/** Waits until `done()`, or fails saying `what`. */
async function until(what: string, done: () => boolean): Promise<void> {
  for (const end = performance.now() + DEADLINE_MS; !done(); await sleep(50)) {
    if (performance.now() > end) throw new WalkThroughFailed(`${what}: not within ${DEADLINE_MS / 1000} s`)
  }
}

/** Shows the job; throws when a step does not do what it should. `statusUrl`: the status API as seen from outside. */
export async function walkThrough(statusUrl: string | undefined): Promise<void> {
  comment('A Deployment, and a Service of type LoadBalancer for it')
  await show('kubectl create deployment web --image=nginx --replicas=3')
  await show('kubectl expose deployment web --port=80 --type=LoadBalancer')
  await show('kubectl rollout status deployment web')
  const before = await show('kubectl get service web')
  if (!before.includes('<pending>'))
    throw new WalkThroughFailed('the Service has an address before there is a pool')

  comment('No pool yet, so it stays pending. Apply one, and an advertisement, and watch')
  await show(`cat ${EXAMPLE}`)
  const watch = start('exec kubectl get service web --watch', 'kubectl get service web --watch &')
  await until('the watch', () => watch.output().includes('<pending>'))
  await show(`kubectl apply -f ${EXAMPLE}`)
  await until(`EXTERNAL-IP ${ADDRESS}`, () => watch.output().includes(ADDRESS))
  watch.child.kill()
  await watch.code

  comment('From the client, a machine on the LAN that is no part of the cluster')
  await show(
    `client curl -s --retry 20 --retry-connrefused --retry-delay 1 --connect-timeout 1 http://${ADDRESS}`,
  )
  const answers = await show(`client sh -c 'for i in 1 2 3 4 5 6 7 8; do curl -s http://${ADDRESS}; done'`)
  const pods = new Set(answers.split('\n').map((line) => line.split(' ')[0]))
  if (pods.size < 3) throw new WalkThroughFailed('one pod answered all requests')

  comment('Which node answered ARP: the client’s neighbour table, and the nodes’ own addresses')
  const neighbour = await show(`client ip neigh show ${ADDRESS}`)
  const mac = /lladdr (\S+)/.exec(neighbour)?.[1] ?? 'nobody'
  const links = await show(
    'for node in $(ip netns list | cut -d" " -f1 | grep ^node- | sort); do echo $node $(ip -n $node -br link show eth0); done',
  )
  const node = links
    .split('\n')
    .find((line) => line.includes(mac))
    ?.split(' ')[0]
  if (node === undefined) throw new WalkThroughFailed(`no node has ${mac}`)

  comment('The cluster says the same')
  await saysNode(node, 'kubectl -n metallb-system get servicel2statuses')
  await saysNode(node, 'curl -s --unix-socket $SANDBOX_DIR/status.sock http://localhost/api/v1/services')

  comment('All of it in one look, and what is wrong, if anything is')
  await saysNode(node, 'kubectl typemetal explain web')
  await show('kubectl typemetal doctor')
  if (statusUrl !== undefined)
    process.stdout.write(`\nThe status API, from outside the sandbox: ${statusUrl}\n`)
}

/** Repeats `command` until its output names `node`: what the API shows comes just after the announcement. */
async function saysNode(node: string, command: string): Promise<void> {
  const end = performance.now() + DEADLINE_MS
  while (!(await show(command)).includes(node)) {
    if (performance.now() > end)
      throw new WalkThroughFailed(`\`${command}\` does not name ${node}, which answers`)
    await sleep(1000)
  }
}
