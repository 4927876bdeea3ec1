// Where the API server is and how to prove who we are: @kubernetes/client-node reads kubeconfig, in-cluster files and
// plugins. Its transport is not used: it opens a new TLS connection for every request.

import { KubeConfig } from '@kubernetes/client-node'
import { existsSync } from 'node:fs'
import type { RequestOptions } from 'node:https'
import { NotConfigured } from './errors.ts'

/** Tokens and certificates on disk are replaced while we run; this is how soon that is noticed. */
const REFRESH_MS = 30_000

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
 * In-cluster configuration where there is one, else `kubeconfig`, else $KUBECONFIG, else ~/.kube/config.
 * Throws `NotConfigured` when there is none.
 */
export function loadCredentials(kubeconfig?: string): Credentials {
  return new ConfigCredentials(() => loadConfig(kubeconfig))
}

function loadConfig(kubeconfig: string | undefined): KubeConfig {
  const config = new KubeConfig()
  const inCluster = process.env.KUBERNETES_SERVICE_HOST !== undefined && existsSync(IN_CLUSTER_TOKEN)
  if (kubeconfig !== undefined) config.loadFromFile(kubeconfig)
  else if (inCluster) config.loadFromCluster()
  else config.loadFromDefault()
  if (!config.getCurrentCluster()?.server) {
    throw new NotConfigured(
      `no API server in ${kubeconfig ?? 'the in-cluster files, $KUBECONFIG or ~/.kube/config'}: run in a cluster or give --kubeconfig`,
    )
  }
  return config
}

class ConfigCredentials implements Credentials {
  readonly server: string
  readonly #load: () => KubeConfig
  #config: KubeConfig | undefined
  #access: Access | undefined
  #readAt = 0

  constructor(load: () => KubeConfig) {
    this.#load = load
    this.#config = load()
    this.server = (this.#config.getCurrentCluster()?.server ?? '').replace(/\/$/, '')
  }

  async access(): Promise<Access> {
    if (this.#access && performance.now() - this.#readAt < REFRESH_MS) return this.#access
    this.#config ??= this.#load()
    const options: RequestOptions = { headers: {} }
    await this.#config.applyToHTTPSOptions(options)
    const { ca, cert, key, passphrase, rejectUnauthorized, servername } = options
    const tls = definedOnly({ ca, cert, key, passphrase, rejectUnauthorized, servername })
    const before = this.#access?.tls
    this.#readAt = performance.now()
    this.#access = {
      headers: headersOf(options),
      tls: before && fingerprint(before) === fingerprint(tls) ? before : tls,
    }
    return this.#access
  }

  forget(): void {
    this.#config = undefined
    this.#access = undefined
  }
}

function definedOnly<T extends object>(values: T): Access['tls'] {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

function fingerprint(tls: Access['tls']): string {
  return Object.entries(tls)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join('\n')
}

/** client-node does not trim the token file, and a newline is not allowed in a header. */
function headersOf({ headers, auth }: RequestOptions): Record<string, string> {
  const given = Object.entries(headers ?? {}).map(([name, value]) => [name, String(value).trim()])
  const basic = auth ? [['Authorization', `Basic ${Buffer.from(auth).toString('base64')}`]] : []
  return Object.fromEntries([...given, ...basic]) as Record<string, string>
}
