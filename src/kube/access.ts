// What proves to the API server who we are, and what it is read from.

import type http from 'node:http'
import type { RequestOptions } from 'node:https'

/** What one request needs. */
export interface Access {
  headers: Record<string, string | string[]>
  /** Certificates and the like. The same object as long as nothing changed, so that connections can be kept. */
  tls: Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'rejectUnauthorized' | 'servername'>
  /** Through which the API server is reached; absent: through none. */
  proxy?: { readonly host: string; readonly agent: http.Agent }
}

export interface Credentials {
  /** Base URL of the API server, without a slash at its end. */
  readonly server: string
  /** Where the objects are that name no namespace, as far as anything says so. */
  readonly namespace?: string | undefined
  access(): Promise<Access>
  /** The server refused us: read everything anew at the next `access`. */
  forget(): void
}

/** Where credentials are read from, each time anew. */
export interface CredentialsSource {
  /** URL of the API server. */
  readonly server: string
  readonly namespace?: string | undefined
  read(): Promise<Access>
  /** Drops what was remembered of earlier reading. */
  forget(): void
}
