// What volumes and environments are filled from, fetched from the API server when it is needed.

import type { ConfigMap, Pod, Secret } from '../../src/api/index.ts'
import { type ApiClient, isStatus, pathOf } from '../../src/kube/index.ts'
import { CONFIG_MAPS, SECRETS, SERVICE_ACCOUNTS } from './resources.ts'
import type { ObjectSource } from './volumes.ts'

const TOKEN_SECONDS = 3607 // the kubelet's own odd number, by which such tokens are recognised
/** A token is replaced when this part of its life is over. */
const RENEW_AFTER = 0.8

interface Token {
  value: string
  renewAt: number
}

export class ApiObjects implements ObjectSource {
  readonly #client: ApiClient
  readonly #tokens = new Map<string, Token>()

  constructor(client: ApiClient) {
    this.#client = client
  }

  async data(
    kind: 'ConfigMap' | 'Secret',
    namespace: string,
    name: string,
  ): Promise<Record<string, Buffer> | undefined> {
    try {
      return kind === 'Secret' ? await this.#secret(namespace, name) : await this.#configMap(namespace, name)
    } catch (error) {
      if (isStatus(error, 404)) return undefined
      throw error
    }
  }

  async #secret(namespace: string, name: string): Promise<Record<string, Buffer>> {
    const { data } = await this.#client.request<Secret>({ path: pathOf(SECRETS, { namespace, name }) })
    return bytes(data, 'base64')
  }

  async #configMap(namespace: string, name: string): Promise<Record<string, Buffer>> {
    const { data, binaryData } = await this.#client.request<ConfigMap>({
      path: pathOf(CONFIG_MAPS, { namespace, name }),
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
    const { status } = await this.#client.request<{ status: { token: string; expirationTimestamp: string } }>(
      {
        method: 'POST',
        path: pathOf(SERVICE_ACCOUNTS, {
          namespace: metadata?.namespace,
          name: spec?.serviceAccountName ?? 'default',
          subresource: 'token',
        }),
        body: {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          spec: {
            ...(audience !== undefined && { audiences: [audience] }),
            expirationSeconds,
            boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: metadata?.name, uid: metadata?.uid },
          },
        },
      },
    )
    const life = Date.parse(status.expirationTimestamp) - Date.now()
    this.#tokens.set(key, { value: status.token, renewAt: Date.now() + life * RENEW_AFTER })
    return status.token
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
