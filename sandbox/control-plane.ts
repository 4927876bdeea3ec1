// The Kubernetes control plane: keys and tokens, and the command line of each program.

import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import {
  API_PORT,
  POD_CIDRS,
  SERVICE_CIDRS,
  apiUrl,
  families,
  type folders,
  host,
  type Layout,
  perFamily,
} from './layout.ts'
import type { ProgramSpec } from './supervisor.ts'

export type Folders = ReturnType<typeof folders>

/** Who talks to the API server, with which static token and groups. */
const USERS = {
  admin: { user: 'kubernetes-admin', groups: ['system:masters'] },
  kubelet: { user: 'sandbox-kubelet', groups: ['system:masters'] },
  scheduler: { user: 'system:kube-scheduler', groups: [] },
  'controller-manager': { user: 'system:kube-controller-manager', groups: [] },
  proxy: { user: 'system:kube-proxy', groups: [] },
} satisfies Record<string, { user: string; groups: string[] }>

export type User = keyof typeof USERS

/** The file that a user's program finds the API server and its credentials in. */
export function kubeconfigOf(at: Folders, user: User): string {
  return user === 'admin' ? at.kubeconfig : `${at.pki}/${user}.kubeconfig`
}

/** Static tokens and the key for ServiceAccount tokens; the API server makes its own certificate. */
export function writeCredentials(at: Folders, layout: Layout): void {
  mkdirSync(at.pki, { recursive: true, mode: 0o700 })
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  writeFileSync(`${at.pki}/service-account.key`, privateKey, { mode: 0o600 })
  writeFileSync(`${at.pki}/service-account.pub`, publicKey)
  const tokens = Object.entries(USERS).map(([name, { user, groups }]) => {
    const token = randomBytes(16).toString('hex')
    writeFileSync(kubeconfigOf(at, name as User), kubeconfig(at, layout, user, token), { mode: 0o600 })
    return `${token},${user},${user},"${groups.join(',')}"`
  })
  writeFileSync(`${at.pki}/tokens.csv`, `${tokens.join('\n')}\n`, { mode: 0o600 })
}

/** JSON is YAML: what kubectl and client-go read. */
function kubeconfig(at: Folders, layout: Layout, user: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'sandbox', cluster: { server: apiUrl(layout), 'certificate-authority': certificate(at) } },
    ],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: 'sandbox', context: { cluster: 'sandbox', user } }],
    'current-context': 'sandbox',
  })
}

/** The API server's certificate with its signer, made by itself at its first start. */
export function certificate(at: Folders): string {
  return `${at.pki}/apiserver.crt`
}

export function etcd(at: Folders, bin: string): ProgramSpec {
  return {
    name: 'etcd',
    command: [
      `${bin}/etcd`,
      `--data-dir=${at.etcd}`,
      '--listen-client-urls=http://127.0.0.1:2379',
      '--advertise-client-urls=http://127.0.0.1:2379',
      '--listen-peer-urls=http://127.0.0.1:2380',
      '--unsafe-no-fsync',
      '--log-level=warn',
    ],
  }
}

/**
 * Which requests the API server logs with `--audit`: those of the product's ServiceAccounts, without their contents.
 * (Kubernetes docs, "Auditing".)
 */
const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata', userGroups: ['system:serviceaccounts:metallb-system'] }, { level: 'None' }],
}

function auditFlags(at: Folders): string[] {
  const policy = `${at.pki}/audit-policy.json`
  writeFileSync(policy, JSON.stringify(AUDIT_POLICY))
  return [`--audit-policy-file=${policy}`, `--audit-log-path=${at.logs}/audit.log`]
}

export function apiServer(at: Folders, bin: string, layout: Layout, audit: boolean): ProgramSpec {
  const [primary = 'ipv4'] = families(layout.ipFamily)
  return {
    name: 'kube-apiserver',
    command: [
      `${bin}/kube-apiserver`,
      '--etcd-servers=http://127.0.0.1:2379',
      `--bind-address=${primary === 'ipv6' ? '::' : '0.0.0.0'}`,
      `--advertise-address=${host(layout.controlPlane[primary])}`,
      `--secure-port=${API_PORT}`,
      `--cert-dir=${at.pki}`,
      `--service-cluster-ip-range=${perFamily(layout.ipFamily, SERVICE_CIDRS)}`,
      '--authorization-mode=Node,RBAC',
      `--token-auth-file=${at.pki}/tokens.csv`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${at.pki}/service-account.pub`,
      `--service-account-signing-key-file=${at.pki}/service-account.key`,
      // A node's name is in /etc/hosts with its management address, which a pulled LAN cable leaves alone.
      '--kubelet-preferred-address-types=Hostname',
      '--allow-privileged=true',
      ...(audit ? auditFlags(at) : []),
    ],
  }
}

export function controllerManager(at: Folders, bin: string): ProgramSpec {
  return {
    name: 'kube-controller-manager',
    command: [
      `${bin}/kube-controller-manager`,
      `--kubeconfig=${kubeconfigOf(at, 'controller-manager')}`,
      `--root-ca-file=${certificate(at)}`,
      `--service-account-private-key-file=${at.pki}/service-account.key`,
      '--use-service-account-credentials',
      '--leader-elect=false',
      '--secure-port=0',
    ],
  }
}

export function scheduler(at: Folders, bin: string): ProgramSpec {
  return {
    name: 'kube-scheduler',
    command: [
      `${bin}/kube-scheduler`,
      `--kubeconfig=${kubeconfigOf(at, 'scheduler')}`,
      '--leader-elect=false',
      '--secure-port=0',
    ],
  }
}

export function kubeProxy(at: Folders, bin: string, layout: Layout, node: string, mode: string): ProgramSpec {
  return {
    name: `kube-proxy-${node}`,
    namespace: node,
    command: [
      `${bin}/kube-proxy`,
      `--kubeconfig=${kubeconfigOf(at, 'proxy')}`,
      `--hostname-override=${node}`,
      `--proxy-mode=${mode}`,
      `--cluster-cidr=${perFamily(layout.ipFamily, POD_CIDRS)}`,
      // The table's size belongs to the machine, not to a namespace.
      '--conntrack-max-per-core=0',
    ],
  }
}

/** Waits until the API server says that it is ready; throws after `deadlineMs`. */
export async function apiReady(at: Folders, layout: Layout, deadlineMs: number): Promise<void> {
  const end = performance.now() + deadlineMs
  while (!(await askReady(at, layout))) {
    if (performance.now() > end) {
      throw new Error(
        `kube-apiserver was not ready after ${deadlineMs / 1000} s: ${at.logs}/kube-apiserver.log`,
      )
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function askReady(at: Folders, layout: Layout): Promise<boolean> {
  if (!existsSync(certificate(at))) return false
  const ca = readFileSync(certificate(at))
  return new Promise((resolve) => {
    request(`${apiUrl(layout)}/readyz`, { ca, timeout: 2000, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
      .on('timeout', function (this: { destroy(): void }) {
        this.destroy()
      })
      .on('error', () => resolve(false))
      .end()
  })
}
