// What volumes and environments are filled from, fetched from the API server when it is needed.

import type { ConfigMap, Pod, Secret } from '../../src/api/index.ts'
import { type ApiClient, ApiUnreachable, isStatus, pathOf, SECRETS } from '../../src/kube/index.ts'
import { CONFIG_MAPS, SERVICE_ACCOUNTS } from './resources.ts'
import type { ObjectSource } from './volumes.ts'

const TOKEN_SECONDS = 3607 // the kubelet's own odd number, by which such tokens are recognised
/** A token is replaced when this part of its life is over. */
const RENEW_AFTER = 0.8

/** A server that is frozen must not hold up the start of a container. */
const DEADLINE_MS = 2000

interface Token {
  value: string
  renewAt: number
}

/**
 * While the API server is away the last known values serve, as with the kubelet: a container that ends then can be
 * started again.
 */
export class ApiObjects implements ObjectSource {
  readonly #client: ApiClient
  readonly #known = new Map<string, Record<string, Buffer>>()
  readonly #tokens = new Map<string, Token>()

  constructor(client: ApiClient) {
    this.#client = client
  }

  async data(
    kind: 'ConfigMap' | 'Secret',
    namespace: string,
    name: string,
  ): Promise<Record<string, Buffer> | undefined> {
    const key = `${kind}/${namespace}/${name}`
    try {
      const data = await (kind === 'Secret'
        ? this.#secret(namespace, name)
        : this.#configMap(namespace, name))
      this.#known.set(key, data)
      return data
    } catch (error) {
      if (isStatus(error, 404)) return undefined
      const known = this.#known.get(key)
      if (error instanceof ApiUnreachable && known !== undefined) return known
      throw error
    }
  }

  async #secret(namespace: string, name: string): Promise<Record<string, Buffer>> {
    const { data } = await this.#client.request<Secret>({
      path: pathOf(SECRETS, { namespace, name }),
      deadlineMs: DEADLINE_MS,
    })
    return bytes(data, 'base64')
  }

  async #configMap(namespace: string, name: string): Promise<Record<string, Buffer>> {
    const { data, binaryData } = await this.#client.request<ConfigMap>({
      path: pathOf(CONFIG_MAPS, { namespace, name }),
      deadlineMs: DEADLINE_MS,
    })
    return { ...bytes(data, 'utf8'), ...bytes(binaryData, 'base64') }
  }

  async token(
    { metadata, spec }: Pod,
    audience: string | undefined,
    expirationSeconds = TOKEN_SECONDS,
  ): Promise<string> {
    const key = `${metadata?.uid}/${audience ?? ''}`
    const known = this.#tokens.get(key)
    if (known && Date.now() < known.renewAt) return known.value
    try {
      const fresh = await this.#requestToken(
        metadata,
        spec?.serviceAccountName ?? 'default',
        audience,
        expirationSeconds,
      )
      this.#tokens.set(key, fresh)
      return fresh.value
    } catch (error) {
      if (error instanceof ApiUnreachable && known !== undefined) return known.value
      throw error
    }
  }

  async #requestToken(
    pod: Pod['metadata'],
    name: string,
    audience: string | undefined,
    expirationSeconds: number,
  ): Promise<Token> {
    const { status } = await this.#client.request<{ status: { token: string; expirationTimestamp: string } }>(
      {
        method: 'POST',
        path: pathOf(SERVICE_ACCOUNTS, { namespace: pod?.namespace, name, subresource: 'token' }),
        deadlineMs: DEADLINE_MS,
        body: {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          spec: {
            ...(audience !== undefined && { audiences: [audience] }),
            expirationSeconds,
            boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod?.name, uid: pod?.uid },
          },
        },
      },
    )
    const life = Date.parse(status.expirationTimestamp) - Date.now()
    return { value: status.token, renewAt: Date.now() + life * RENEW_AFTER }
  }

  /** The pod has gone: its tokens with it. */
  forget(uid: string): void {
    for (const key of this.#tokens.keys()) if (key.startsWith(`${uid}/`)) this.#tokens.delete(key)
  }
}

function bytes(data: Record<string, string> | undefined, encoding: BufferEncoding): Record<string, Buffer> {
  return Object.fromEntries(
    Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, encoding)]),
  )
}
