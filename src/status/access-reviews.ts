// Who may look: the cluster says, by TokenReview whose token it is, by SubjectAccessReview whether he may get this path
// (Kubernetes docs, "Webhook Token Authentication" and "Checking API Access"; nonResourceURLs of a ClusterRole).

import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { type ApiClient, ApiUnreachable } from '../kube/index.ts'
import { Problem } from './problem.ts'

/** A yes holds for so long: whoever is barred gets in no longer than that. */
const GRANTED_MS = 60_000
/** A no, so that a new role is soon felt. */
const REFUSED_MS = 10_000
/** While the API server is away a yes goes on holding: that is when one wants to look. */
const STALE_MS = 10 * 60_000
const DEADLINE_MS = 3000
/** Asked at a time; strangers with invented tokens are not to keep the API server busy. */
const REVIEWS = 8
const REMEMBERED = 1024
/** Service account tokens have about 1,000 characters. */
const TOKEN_LENGTH = 8192

/**
 * The path that a role has to name. Not the API's own: the cluster's role system:discovery, which is everybody's who is
 * authenticated, be it any ServiceAccount, grants `/api/*` and `/openapi/*`.
 */
function pathInRoles(path: string): string {
  return path === '/metrics' ? path : `/typemetal${path}`
}

interface User {
  readonly username?: string
  readonly uid?: string
  readonly groups?: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

interface Remembered<T> {
  readonly value: T | null
  readonly at: number
}

export interface AccessReviewsComponents {
  readonly client: Pick<ApiClient, 'request'>
  /** Milliseconds; never goes back. */
  readonly clock: () => number
}

export class AccessReviews {
  readonly #components: AccessReviewsComponents
  /** By the hash of the token. */
  readonly #users = new Map<string, Remembered<User>>()
  /** By user and path. */
  readonly #grants = new Map<string, Remembered<true>>()
  readonly #asking = new Map<string, Promise<unknown>>()

  constructor(components: AccessReviewsComponents) {
    this.#components = components
  }

  /** Throws a `Problem` unless whoever sent the request may get what he asks for. */
  async check({ url, headers }: Pick<FastifyRequest, 'url' | 'headers'>): Promise<void> {
    const [, token] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? []
    if (token === undefined || token.length > TOKEN_LENGTH) {
      throw new Problem('Unauthenticated', 'send a token of the cluster: Authorization: Bearer TOKEN')
    }
    const hash = createHash('sha256').update(token).digest('base64')
    const user = await this.#remember(this.#users, hash, () => this.#userOf(token))
    if (user === null) throw new Problem('Unauthenticated', 'the cluster does not know this token')
    const [path = '/'] = url.split('?', 1)
    const granted = await this.#remember(this.#grants, `${hash} ${path}`, () => this.#mayGet(user, path))
    if (granted === null) {
      const who = JSON.stringify(user.username ?? '')
      throw new Problem(
        'Forbidden',
        `${who} may not get ${path}: a ClusterRole with the nonResourceURL ${pathInRoles(path)} grants it`,
      )
    }
  }

  async #userOf(token: string): Promise<User | null> {
    const { status } = await this.#post<{ status?: { authenticated?: boolean; user?: User } }>(
      '/apis/authentication.k8s.io/v1/tokenreviews',
      { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } },
    )
    return status?.authenticated === true ? (status.user ?? {}) : null
  }

  async #mayGet({ username, uid, groups, extra }: User, path: string): Promise<true | null> {
    const nonResourceAttributes = { path: pathInRoles(path), verb: 'get' }
    const { status } = await this.#post<{ status?: { allowed?: boolean } }>(
      '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: { user: username, uid, groups, extra, nonResourceAttributes },
      },
    )
    return status?.allowed === true ? true : null
  }

  async #post<T>(path: string, body: object): Promise<T> {
    return this.#components.client.request<T>({ method: 'POST', path, body, deadlineMs: DEADLINE_MS })
  }

  /** What is known by this key, or what `ask` says now; two who ask the same at a time ask once. */
  async #remember<T>(
    known: Map<string, Remembered<T>>,
    key: string,
    ask: () => Promise<T | null>,
  ): Promise<T | null> {
    const now = this.#components.clock()
    const before = known.get(key)
    const age = before === undefined ? Infinity : now - before.at
    if (before !== undefined && age < (before.value === null ? REFUSED_MS : GRANTED_MS)) return before.value
    try {
      const value = await this.#askOnce(key, ask)
      known.delete(key)
      known.set(key, { value, at: now })
      const [oldest = ''] = known.keys()
      if (known.size > REMEMBERED) known.delete(oldest)
      return value
    } catch (error) {
      if (error instanceof Problem) throw error
      const away = error instanceof ApiUnreachable
      if (away && before !== undefined && before.value !== null && age < STALE_MS) return before.value
      const cause = error instanceof Error ? error.message : String(error)
      throw new Problem('NotReady', `the API server could not be asked who may look: ${cause}`)
    }
  }

  async #askOnce<T>(key: string, ask: () => Promise<T | null>): Promise<T | null> {
    const asked = this.#asking.get(key)
    if (asked !== undefined) return asked as Promise<T | null>
    if (this.#asking.size >= REVIEWS)
      throw new Problem('Busy', 'too many strangers at once: come back in a second')
    const asking = ask().finally(() => this.#asking.delete(key))
    this.#asking.set(key, asking)
    return asking
  }
}
