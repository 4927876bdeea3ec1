// Credentials from a kubeconfig: @kubernetes/client-node reads it, and runs its plugins. Its transport is not used: it
// opens a new TLS connection for every request.

import { KubeConfig } from '@kubernetes/client-node'
import type { RequestOptions } from 'node:https'
import type { Access, CredentialsSource } from './access.ts'
import { NotConfigured } from './errors.ts'

export interface KubeconfigChoice {
  /** The file that was asked for; `null`: client-node's own search. */
  readonly named: string | null
  /** What an error calls it. */
  readonly file: string
  /** `null`: the current one of the file. */
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
      return { headers: headersOf(options), tls }
    },
    forget() {
      config = undefined // with it goes what the plugins remember
    },
  }
}

/** client-node by itself would fall back to http://localhost:8080, where nobody wants to go. */
function loadConfig({ named, file, context: wanted }: KubeconfigChoice): KubeConfig {
  const config = new KubeConfig()
  try {
    if (named === null) config.loadFromDefault()
    else config.loadFromFile(named)
  } catch (error) {
    throw new NotConfigured(`cannot use the kubeconfig ${file}: ${(error as Error).message}`)
  }
  if (wanted !== null && config.getContextObject(wanted) === null) {
    const known = config.getContexts().map(({ name }) => name)
    throw new NotConfigured(`${file} has no context "${wanted}"; it has ${known.join(', ') || 'none'}`)
  }
  if (wanted !== null) config.setCurrentContext(wanted)
  if (!URL.canParse(config.getCurrentCluster()?.server ?? '')) {
    const context = config.getCurrentContext() as string | undefined
    const why = context ? `its current context "${context}" leads to no cluster` : 'it has no current context'
    throw new NotConfigured(`${file} names no API server: ${why}`)
  }
  const { user = '' } = config.getContextObject(config.getCurrentContext()) ?? {}
  if (user !== '' && config.getUser(user) === null) {
    throw new NotConfigured(`${file} has no user "${user}", whom its context names`)
  }
  return config
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
