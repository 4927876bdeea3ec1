// Where the API server is and how to prove who we are: in a pod from the files of its service account, elsewhere from a
// kubeconfig.

import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Access, Credentials, CredentialsSource } from './access.ts'
import { NotConfigured } from './errors.ts'
import { serviceAccountSource, TOKEN } from './service-account.ts'

/** Tokens and certificates on disk are replaced while we run; this is how soon that is noticed. */
const REFRESH_MS = 30_000

/**
 * `kubeconfig` when it is given, else the service account of the pod, else $KUBECONFIG, else ~/.kube/config.
 * Rejects with `NotConfigured` when there is none or when it cannot be used.
 */
export async function loadCredentials(kubeconfig?: string): Promise<Credentials> {
  if (!kubeconfig && isInCluster()) return new RefreshedCredentials(serviceAccountSource())
  return new RefreshedCredentials(await personSource(kubeconfig))
}

/** Which cluster a person means; empty: as kubectl finds it. */
export interface PersonalChoice {
  readonly kubeconfig?: string | undefined
  /** A context of the kubeconfig other than its current one. */
  readonly context?: string | undefined
}

/**
 * As kubectl finds them: `kubeconfig`, else $KUBECONFIG, else ~/.kube/config, else the service account of the pod.
 * Rejects with `NotConfigured` when there is none or when it cannot be used.
 */
export async function loadPersonalCredentials({ kubeconfig, context }: PersonalChoice): Promise<Credentials> {
  const named = kubeconfig || context || process.env.KUBECONFIG || homeConfig()
  if (named === undefined && isInCluster()) return new RefreshedCredentials(serviceAccountSource())
  return new RefreshedCredentials(await personSource(kubeconfig, context))
}

async function personSource(kubeconfig?: string, context?: string): Promise<CredentialsSource> {
  const files = kubeconfig ? [kubeconfig] : filesOfPerson()
  if (files === undefined) {
    throw new NotConfigured(
      'no API server: not in a cluster, no $KUBECONFIG, no ~/.kube/config; run in a pod or give --kubeconfig FILE',
    )
  }
  // client-node takes 20 MB of memory, and no pod needs it.
  const { kubeconfigSource } = await import('./kubeconfig.ts')
  return kubeconfigSource({ files, context: context ?? null })
}

function filesOfPerson(): readonly string[] | undefined {
  const { KUBECONFIG } = process.env
  if (KUBECONFIG) return KUBECONFIG.split(delimiter).filter((file) => file !== '')
  const file = homeConfig()
  return file === undefined ? undefined : [file]
}

function isInCluster(): boolean {
  return Boolean(process.env.KUBERNETES_SERVICE_HOST) && existsSync(TOKEN)
}

function homeConfig(): string | undefined {
  const path = join(homedir(), '.kube', 'config')
  return existsSync(path) ? path : undefined
}

/** Reads from its source now and then, and hands out what it read last in between. */
class RefreshedCredentials implements Credentials {
  readonly server: string
  readonly namespace: string | undefined
  readonly #source: CredentialsSource
  #access: Access | undefined
  #reading: Promise<Access> | undefined
  #freshUntil = 0

  constructor(source: CredentialsSource) {
    this.#source = source
    this.server = source.server.replace(/\/$/, '')
    this.namespace = source.namespace
  }

  async access(): Promise<Access> {
    if (this.#access && performance.now() < this.#freshUntil) return this.#access
    return (this.#reading ??= this.#read().finally(() => (this.#reading = undefined)))
  }

  forget(): void {
    this.#source.forget()
    this.#freshUntil = 0
  }

  async #read(): Promise<Access> {
    const read = await this.#source.read()
    const before = this.#access
    this.#freshUntil = performance.now() + REFRESH_MS
    this.#access = before && isSame(before.tls, read.tls) ? { ...before, headers: read.headers } : read
    return this.#access
  }
}

function isSame(one: Access['tls'], other: Access['tls']): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
