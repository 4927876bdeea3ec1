// What the end-to-end tests do to the cluster they run in, and ask it as clients outside do.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

const DEADLINE_MS = 60_000
const SANDBOX_DIR = process.env.SANDBOX_DIR ?? ''
export const NAMESPACE = 'metallb-system'

/** Runs kubectl; rejects with its error output in the message. `input` is what `-f -` reads. */
export async function kubectl(args: string, input?: string): Promise<string> {
  const running = run('kubectl', args.split(' '))
  running.child.stdin?.end(input ?? '')
  return (await running).stdout
}

export async function apply(...objects: object[]): Promise<string> {
  return kubectl('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
}

export async function get<T = Record<string, never>>(what: string): Promise<T> {
  return JSON.parse(await kubectl(`get ${what} -o json`)) as T
}

/** Runs a command on the machine outside the cluster. */
export async function client(...command: string[]): Promise<string> {
  return (await run('ip', ['netns', 'exec', 'client', ...command])).stdout
}

/** One request from outside the cluster; rejects when nobody answers within 5 s: a lost SYN is sent again after one. */
export function curl(address: string, portAndPath = '', ...options: string[]): Promise<string> {
  const host = address.includes(':') ? `[${address}]` : address
  return client('curl', '-sS', '--max-time', '5', ...options, `http://${host}${portAndPath}`)
}

/**
 * The first answer of an address that is new. A try ends after a second, because kube-proxy may need one to know the
 * address, and until then the node forwards the request to nowhere, which it says only after three.
 */
export function firstAnswer(address: string, port = ''): Promise<string> {
  return eventually(`an answer from ${address}${port}`, () => curl(address, port, '--connect-timeout', '1'))
}

/** One UDP datagram from outside the cluster; rejects when no answer comes within 2 s, as datagrams get lost. */
export function askByUdp(address: string, port: number): Promise<string> {
  return client(
    'bash',
    '-c',
    `exec 3<>/dev/udp/${address}/${port} && echo hello >&3 && timeout 2 head -n 1 <&3`,
  )
}

/** Repeats `attempt` until it neither throws nor returns false; the last failure is the test's. */
export async function eventually<T>(
  what: string,
  attempt: () => Promise<T>,
  deadlineMs = DEADLINE_MS,
): Promise<Exclude<T, false>> {
  for (const end = performance.now() + deadlineMs; ; await sleep(100)) {
    let failure: unknown
    try {
      const result = await attempt()
      if (result !== false) return result as Exclude<T, false>
    } catch (error) {
      failure = error
    }
    if (performance.now() <= end) continue
    const last = failure instanceof Error ? `; at last: ${failure.message}` : ''
    throw new Error(`${what}: not within ${deadlineMs / 1000} s${last}`, { cause: failure })
  }
}

/** Takes away what tests make, and waits until it is gone: the next file uses the same names for others. */
export async function cleanUp(): Promise<void> {
  await kubectl('delete deployment --all --cascade=foreground')
  await kubectl('delete service -l!provider')
  await kubectl(`delete ipaddresspools,l2advertisements --all -n ${NAMESPACE}`)
}

export function pool(name: string, addresses: string[], spec: object = {}): object {
  return {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'IPAddressPool',
    metadata: { name, namespace: NAMESPACE },
    spec: { addresses, ...spec },
  }
}

export function advertisement(name: string, spec: object = {}): object {
  return {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'L2Advertisement',
    metadata: { name, namespace: NAMESPACE },
    spec,
  }
}

/** A Deployment of echo servers and a Service of type LoadBalancer for it, named alike. */
export function web(name: string, { replicas = 3, annotations = {}, spec = {} } = {}): object[] {
  const labels = { app: name }
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'web', image: 'nginx' }] },
        },
      },
    },
    loadBalancer(name, { annotations, spec: { selector: labels, ...spec } }),
  ]
}

/** A Service of type LoadBalancer that nobody but the controller has any work with. */
export function bareService(name: string): object {
  const labels = { 'service.kubernetes.io/service-proxy-name': 'nobody' }
  const spec = { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports: [{ port: 80 }] }
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, labels }, spec }
}

export function loadBalancer(name: string, { annotations = {}, spec = {} } = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, annotations },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }], selector: { app: name }, ...spec },
  }
}

/** The external addresses of a Service; empty while it is pending. */
export async function externalIPs(service: string): Promise<string[]> {
  const { status } = await get<{ status: { loadBalancer?: { ingress?: { ip: string }[] } } }>(
    `service ${service}`,
  )
  return (status.loadBalancer?.ingress ?? []).map(({ ip }) => ip)
}

/** Waits until the Service has just these addresses. */
export async function assigned(service: string, ...addresses: string[]): Promise<void> {
  await eventually(`the addresses of ${service}`, async () =>
    assert.deepEqual(await externalIPs(service), addresses),
  )
}

/** The pool that a Service's addresses are from, as its annotation says. */
export async function poolOf(service: string): Promise<string | undefined> {
  const { metadata } = await get<{ metadata: { annotations?: Record<string, string> } }>(`service ${service}`)
  return metadata.annotations?.['metallb.io/ip-allocated-from-pool']
}

/** A condition of an object, as `status reason: message`, or `none`. */
export async function conditionOf(object: string, type: string): Promise<string> {
  const { status } = await get<{
    status?: { conditions?: { type: string; status: string; reason: string; message: string }[] }
  }>(object)
  const found = status?.conditions?.find((each) => each.type === type)
  return found === undefined ? 'none' : `${found.status} ${found.reason}: ${found.message}`
}

/** Waits until the condition that says what a Service has, and why, is as expected. */
export async function allocated(service: string, expected: RegExp): Promise<void> {
  await eventually(`the condition of ${service}`, async () =>
    assert.match(await conditionOf(`service ${service}`, 'typemetal.io/Allocated'), expected),
  )
}

/** The events of an object, as `Reason: message`. */
async function eventsOf(name: string): Promise<string[]> {
  const { items } = await get<{ items: { reason: string; message: string }[] }>(
    `events --field-selector involvedObject.name=${name}`,
  )
  return items.map(({ reason, message }) => `${reason}: ${message}`)
}

/** Waits until an event of the object, as `Reason: message`, is as expected. */
export async function told(name: string, expected: RegExp): Promise<void> {
  await eventually(`an event of ${name}`, async () =>
    (await eventsOf(name)).some((event) => expected.test(event)),
  )
}

/** The nodes that say that they announce a Service. */
export async function announcers(service: string): Promise<string[]> {
  const { items } = await get<{ items: { status?: { node?: string } }[] }>(
    `servicel2statuses -n ${NAMESPACE} -l metallb.io/service-name=${service}`,
  )
  return items.flatMap(({ status }) => status?.node ?? [])
}

/** The one node that says that it announces a Service. */
export async function holderOf(service: string): Promise<string> {
  return eventually(`one holder of ${service}`, async () => {
    const [node, ...others] = await announcers(service)
    return node !== undefined && others.length === 0 && node
  })
}

/** Waits until nobody says that he announces the Service. */
export async function unannounced(service: string): Promise<void> {
  await eventually(`no announcer of ${service}`, async () => (await announcers(service)).length === 0)
}

/** The process ids under a name of SANDBOX_DIR/pids. */
export function pids(name: string): number[] {
  return readFileSync(`${SANDBOX_DIR}/pids/${name}`, 'utf8').trim().split('\n').filter(Boolean).map(Number)
}

export function signal(name: string, signal: NodeJS.Signals): void {
  for (const pid of pids(name)) process.kill(pid, signal)
}

/** Ends a program without warning, and waits until it has been started anew. */
export async function kill(name: string): Promise<void> {
  const running = pids(name)
  signal(name, 'SIGKILL')
  await eventually(`a new ${name}`, async () => pids(name).some((pid) => !running.includes(pid)))
}

/** The addresses of the product's pods of one component. */
export async function podAddresses(component: string): Promise<string[]> {
  const pods = await get<{ items: { status: { podIP: string } }[] }>(
    `pods -n ${NAMESPACE} -l component=${component}`,
  )
  return pods.items.map(({ status: { podIP } }) => (podIP.includes(':') ? `[${podIP}]` : podIP))
}

/** What a program says of its readiness. */
export async function health(address: string): Promise<string> {
  return (await run('curl', ['-sS', '--max-time', '2', `http://${address}:17472/readyz`])).stdout
}

/** Waits until a program says that it is ready. */
export async function ready(address: string): Promise<void> {
  await eventually('readiness', async () => (await health(address)) === 'ok\n')
}

/** The administrator's. */
const TOKEN = (
  JSON.parse(readFileSync(process.env.KUBECONFIG ?? '', 'utf8')) as { users: { user: { token: string } }[] }
).users[0]?.user.token

/** What `curl` prints of a page of the program's port 9120. */
export async function fetchSecured(address: string, path: string, ...options: string[]): Promise<string> {
  const url = `https://${address}:9120${path}`
  return (await run('curl', ['-sSk', '--max-time', '2', ...options, url])).stdout
}

/** Options of `curl` that show it to be the administrator's. */
export const AS_ADMINISTRATOR = ['--oauth2-bearer', TOKEN ?? '']

/** The controller's status API. */
export async function status<T>(path: string): Promise<T> {
  const [address = ''] = await podAddresses('controller')
  return JSON.parse(await fetchSecured(address, path, ...AS_ADMINISTRATOR)) as T
}
