// Where the API server is and how to prove who we are: @kubernetes/client-node reads kubeconfig, in-cluster files and
// plugins. Its transport is not used: it opens a new TLS connection for every request.

import { KubeConfig } from '@kubernetes/client-node'
import { existsSync } from 'node:fs'
import type { RequestOptions } from 'node:https'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { NotConfigured } from './errors.ts'

/** Tokens and certificates on disk are replaced while we run; this is how soon that is noticed. */
const REFRESH_MS = 30_000

const IN_CLUSTER = 'the service account'
const IN_CLUSTER_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token'

/** What one request needs. */
export interface Access {
  headers: Record<string, string>
  /** Certificates and the like. The same object as long as nothing changed, so that connections can be kept. */
  tls: Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'rejectUnauthorized' | 'servername'>
}

export interface Credentials {
  /** Base URL of the API server, without a slash at its end. */
  readonly server: string
  access(): Promise<Access>
  /** The server refused us: read everything anew at the next `access`. */
  forget(): void
}

/**
 * `kubeconfig` when it is given, else the in-cluster configuration, else $KUBECONFIG, else ~/.kube/config.
 * Throws `NotConfigured` when there is none or when it cannot be used.
 */
export function loadCredentials(kubeconfig?: string): Credentials {
  return new ConfigCredentials(() => loadConfig(kubeconfig))
}

/** client-node by itself would fall back to http://localhost:8080, where nobody wants to go. */
function loadConfig(kubeconfig: string | undefined): KubeConfig {
  const config = new KubeConfig()
  const source = kubeconfig || (isInCluster() ? IN_CLUSTER : process.env.KUBECONFIG || homeConfig())
  if (source === undefined) {
    throw new NotConfigured(
      'no API server: not in a cluster, no $KUBECONFIG, no ~/.kube/config; run in a pod or give --kubeconfig FILE',
    )
  }
  try {
    if (kubeconfig) config.loadFromFile(kubeconfig)
    else if (source === IN_CLUSTER) config.loadFromCluster()
    else config.loadFromDefault()
  } catch (error) {
    throw new NotConfigured(`cannot use the kubeconfig ${source}: ${(error as Error).message}`)
  }
  if (!URL.canParse(config.getCurrentCluster()?.server ?? '')) {
    const context = config.getCurrentContext()
    throw new NotConfigured(
      `${source} names no API server: its current context "${context}" leads to no cluster`,
    )
  }
  return config
}

function isInCluster(): boolean {
  return Boolean(process.env.KUBERNETES_SERVICE_HOST) && existsSync(IN_CLUSTER_TOKEN)
}

function homeConfig(): string | undefined {
  const path = join(homedir(), '.kube', 'config')
  return existsSync(path) ? path : undefined
}

class ConfigCredentials implements Credentials {
  readonly server: string
  readonly #load: () => KubeConfig
  #config: KubeConfig | undefined
  #access: Access | undefined
  #reading: Promise<Access> | undefined
  #freshUntil = 0

  constructor(load: () => KubeConfig) {
    this.#load = load
    this.#config = load()
    this.server = (this.#config.getCurrentCluster()?.server ?? '').replace(/\/$/, '')
  }

  async access(): Promise<Access> {
    if (this.#access && performance.now() < this.#freshUntil) return this.#access
    return (this.#reading ??= this.#read().finally(() => (this.#reading = undefined)))
  }

  forget(): void {
    this.#config = undefined // with it goes what the plugins remember
    this.#freshUntil = 0
  }

  async #read(): Promise<Access> {
    this.#config ??= this.#load()
    const options: RequestOptions = { headers: {} }
    await this.#config.applyToHTTPSOptions(options)
    const { ca, cert, key, passphrase, rejectUnauthorized, servername } = options
    const tls = definedOnly({ ca, cert, key, passphrase, rejectUnauthorized, servername })
    const before = this.#access?.tls
    this.#freshUntil = performance.now() + REFRESH_MS
    this.#access = { headers: headersOf(options), tls: before && isSame(before, tls) ? before : tls }
    return this.#access
  }
}

function definedOnly(values: object): Access['tls'] {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

function isSame(one: Access['tls'], other: Access['tls']): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

/** client-node does not trim the token file, and a newline is not allowed in a header. */
function headersOf({ headers, auth }: RequestOptions): Record<string, string> {
  const given = Object.entries(headers ?? {}).map(([name, value]) => [name, String(value).trim()])
  const basic = auth ? [['Authorization', `Basic ${Buffer.from(auth).toString('base64')}`]] : []
  return Object.fromEntries([...given, ...basic]) as Record<string, string>
}
