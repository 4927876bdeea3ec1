// Credentials from a kubeconfig: @kubernetes/client-node reads it, and runs its plugins. Its transport is not used: it
// opens a new TLS connection for every request.

import { KubeConfig, type User } from '@kubernetes/client-node'
import { readFileSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { RequestOptions } from 'node:https'
import { delimiter, dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import type { Access, CredentialsSource } from './access.ts'
import { NotConfigured } from './errors.ts'
import { isReachable, proxyOf, withNamesLeftToProxy } from './proxy.ts'

export interface KubeconfigChoice {
  /** Merged as kubectl does; where one is there, those that are not are skipped. */
  readonly files: readonly string[]
  /** `null`: the current one. */
  readonly context: string | null
}

export function kubeconfigSource(choice: KubeconfigChoice): CredentialsSource {
  let config: KubeConfig | undefined = loadConfig(choice)
  return {
    server: config.getCurrentCluster()?.server ?? '',
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
    async read() {
      config ??= loadConfig(choice)
      const options: RequestOptions = { headers: {} }
      await config.applyToHTTPSOptions(options)
      const { ca, cert, key, passphrase, rejectUnauthorized, servername } = options
      const tls = definedOnly({ ca, cert, key, passphrase, rejectUnauthorized, servername })
      const headers = { ...headersOf(options), ...(await tokenOf(config.getCurrentUser())) }
      return { headers, tls, ...proxyOf(config.getCurrentCluster(), options) }
    },
    forget() {
      config = undefined // with it goes what the plugins remember
    },
  }
}

/** client-node by itself would fall back to http://localhost:8080, where nobody wants to go. */
function loadConfig({ files, context: wanted }: KubeconfigChoice): KubeConfig {
  const file = files.join(delimiter)
  let config: KubeConfig
  try {
    config = mergeFiles(files)
  } catch (error) {
    throw new NotConfigured(`cannot use the kubeconfig ${file}: ${(error as Error).message}`)
  }
  if (wanted !== null && config.getContextObject(wanted) === null) {
    const known = new Set(config.getContexts().map(({ name }) => name))
    throw new NotConfigured(`${file} has no context "${wanted}"; it has ${[...known].join(', ') || 'none'}`)
  }
  if (wanted !== null) config.setCurrentContext(wanted)
  const cluster = config.getCurrentCluster()
  if (!URL.canParse(cluster?.server ?? '')) {
    const context = config.getCurrentContext() as string | undefined
    const why = context ? `its current context "${context}" leads to no cluster` : 'it has no current context'
    throw new NotConfigured(`${file} names no API server: ${why}`)
  }
  if (cluster !== null && !isReachable(cluster)) {
    throw new NotConfigured(
      `the proxy-url of cluster "${cluster.name}" in ${file} leads to no proxy: it begins with http://, https:// or socks5://`,
    )
  }
  const { user = '' } = config.getContextObject(config.getCurrentContext()) ?? {}
  if (user !== '' && config.getUser(user) === null) {
    throw new NotConfigured(`${file} has no user "${user}", whom its context names`)
  }
  return config
}

/**
 * What the first file says counts, of the current context and of each entry by its name (Kubernetes docs, Organizing
 * Cluster Access Using kubeconfig Files). With client-node's own merge the last current context would win, and an entry
 * in two files be an error.
 */
function mergeFiles(files: readonly string[]): KubeConfig {
  const present = files.filter((file) => statSync(file, { throwIfNoEntry: false }) !== undefined)
  const loaded = (present.length > 0 ? present : files).map(loadFile)
  const merged = new KubeConfig()
  merged.loadFromOptions({
    clusters: loaded.flatMap(({ clusters }) => clusters.map(withNamesLeftToProxy)), // of a name the first is found
    users: loaded.flatMap(({ users }) => users),
    contexts: loaded.flatMap(({ contexts }) => contexts),
    currentContext: loaded.find(({ currentContext }) => currentContext)?.currentContext,
  })
  return merged
}

function loadFile(file: string): KubeConfig {
  const config = new KubeConfig()
  const text = readFileSync(file, 'utf8')
  if (text.trim() === '') return config // which is no error for kubectl
  config.loadFromString(text)
  config.makePathsAbsolute(dirname(file))
  const { users } = parse(text) as { users?: readonly { name: string; user?: { tokenFile?: string } }[] }
  for (const { name, user } of users ?? []) {
    const known: KnownUser | null = config.getUser(name)
    if (known !== null && user?.tokenFile) known.tokenFile = resolve(dirname(file), user.tokenFile)
  }
  return config
}

/** With what client-node leaves out. */
type KnownUser = User & { tokenFile?: string }

/** It counts also where the user has a token besides, as with kubectl. */
async function tokenOf(user: KnownUser | null): Promise<Record<string, string>> {
  if (!user?.tokenFile) return {}
  const token = await readFile(user.tokenFile, 'utf8')
  return { Authorization: `Bearer ${token.trim()}` }
}

function definedOnly(values: object): Access['tls'] {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

/** client-node does not trim the token file, and a newline is not allowed in a header. */
function headersOf({ headers, auth }: RequestOptions): Record<string, string> {
  const given = Object.entries(headers ?? {}).map(([name, value]) => [name, String(value).trim()])
  const basic = auth ? [['Authorization', `Basic ${Buffer.from(auth).toString('base64')}`]] : []
  return Object.fromEntries([...given, ...basic]) as Record<string, string>
}
