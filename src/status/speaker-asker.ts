// Asks a speaker's status API what only that speaker can see: its node, its segments, and whom it hears there.

import https from 'node:https'
import { type ApiClient, isStatus, pathOf } from '../kube/index.ts'
import type { NodeView } from './node-view.ts'
import { LARGEST_LIMIT, type Page } from './paging.ts'
import type { PeerView, SegmentView } from './speaker-api.ts'

/** Longer answers are broken off: a page of 1,000 peers takes a third of it. */
const ANSWER_LIMIT = 1 << 20
/** A list of more pages is broken off. */
const PAGES = 20
const SERVICE_ACCOUNTS = { apiVersion: 'v1', plural: 'serviceaccounts', namespaced: true }
/** May see what the status APIs show, and nothing else. */
const VIEWER = 'viewer'
/** The shortest that the API server gives. */
const TOKEN_SECONDS = 600
/** Used for so long, so that none is shown that ends while it is looked at. */
const TOKEN_USED_MS = 500_000
/** So long no other is asked for after one was refused. */
const REFUSED_MS = 10_000

/** What a speaker said, or why it said nothing. */
export type Hearing =
  | {
      readonly node: string
      /** `null`: a release that does not tell it. */
      readonly facts: NodeView | null
      readonly segments: readonly SegmentView[]
      readonly peers: readonly PeerView[]
    }
  | { readonly node: string; readonly problem: string }

/** Where the status API of a node's speaker is. */
export interface SpeakerPlace {
  readonly node: string
  /** IP addresses and host names, asked at the same time: not every machine reaches all networks of a node. */
  readonly hosts: readonly string[]
  readonly port: number
}

export interface SpeakerAskerInit {
  /** Of the installation. */
  readonly namespace: string
  /** Of one question; a node that is lost does not hold up the answer of the others. */
  readonly deadlineMs: number
}

type Token = { readonly text: string } | { readonly problem: string }

/**
 * The speakers' certificates are of their own making, so that whoever stands in for a node on the LAN could read what is
 * sent: hence not the token of who asks, but one of ten minutes that may see the status APIs alone.
 */
export class SpeakerAsker {
  readonly #client: ApiClient
  readonly #init: SpeakerAskerInit
  /** Sessions are taken up again; connections are not kept. */
  readonly #agent = new https.Agent({ rejectUnauthorized: false })
  #token: Promise<Token> | undefined
  #tokenEndsAt = -Infinity

  constructor(client: ApiClient, init: SpeakerAskerInit) {
    this.#client = client
    this.#init = init
  }

  /** Never rejects. */
  async ask({ node, hosts, port }: SpeakerPlace): Promise<Hearing> {
    const token = await this.#viewerToken()
    if ('problem' in token) return { node, ...token }
    const { deadlineMs } = this.#init
    const urls = hosts.map((host) => `https://${host.includes(':') ? `[${host}]` : host}:${port}`)
    const over = new AbortController()
    const timer = setTimeout(() => over.abort(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs)
    const question = { token: token.text, agent: this.#agent, signal: over.signal }
    try {
      return await Promise.any(urls.map((url) => askAt(`${url}/api/v1`, node, question)))
    } catch (error) {
      const problems = ((error as AggregateError).errors as Error[]).map(
        ({ message }, index) => `${urls[index]}: ${message}`,
      )
      return { node, problem: problems.join('; ') || 'it has no address' }
    } finally {
      clearTimeout(timer)
      over.abort()
    }
  }

  async #viewerToken(): Promise<Token> {
    if (this.#token !== undefined && performance.now() < this.#tokenEndsAt) return this.#token
    const token = this.#requestToken()
    this.#token = token
    this.#tokenEndsAt = Infinity // whoever asks meanwhile waits for the same
    this.#tokenEndsAt = performance.now() + ('problem' in (await token) ? REFUSED_MS : TOKEN_USED_MS)
    return token
  }

  async #requestToken(): Promise<Token> {
    try {
      const { status } = await this.#client.request<{ status?: { token?: string } }>({
        method: 'POST',
        path: pathOf(SERVICE_ACCOUNTS, {
          namespace: this.#init.namespace,
          name: VIEWER,
          subresource: 'token',
        }),
        body: {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          spec: { expirationSeconds: TOKEN_SECONDS },
        },
        deadlineMs: this.#init.deadlineMs,
      })
      return status?.token === undefined
        ? { problem: 'the API server gave no token' }
        : { text: status.token }
    } catch (error) {
      const remedy = isStatus(error, 403)
        ? `; ask for the right to create a token of ServiceAccount ${VIEWER}`
        : ''
      return { problem: `${(error as Error).message}${remedy}` }
    }
  }
}

interface Question {
  readonly token: string
  readonly agent: https.Agent
  /** Ends it. */
  readonly signal: AbortSignal
}

async function askAt(url: string, node: string, question: Question): Promise<Hearing> {
  const [facts, segments, peers] = await Promise.all([
    factsAt(`${url}/node`, question),
    itemsAt<SegmentView>(`${url}/segments`, question),
    itemsAt<PeerView>(`${url}/peers`, question),
  ])
  return { node, facts, segments, peers }
}

async function factsAt(url: string, question: Question): Promise<NodeView | null> {
  const text = await fetchText(url, question)
  if (text === null) return null
  const facts = JSON.parse(text) as Partial<NodeView> | null
  if (!Array.isArray(facts?.interfaces) || !Array.isArray(facts.gateways)) throw new SomethingElse()
  return facts as NodeView
}

async function itemsAt<T>(url: string, question: Question): Promise<readonly T[]> {
  const items: T[] = []
  let path = `${url}?limit=${LARGEST_LIMIT}`
  for (let count = 0; count < PAGES; count++) {
    const page = JSON.parse((await fetchText(path, question)) ?? 'null') as Partial<Page<T>> | null
    if (!Array.isArray(page?.items)) throw new SomethingElse()
    for (const item of page.items) items.push(item)
    if (page.continue === undefined) return items
    path = `${url}?limit=${LARGEST_LIMIT}&continue=${encodeURIComponent(page.continue)}`
  }
  throw new Endless()
}

class SomethingElse extends Error {
  constructor() {
    super('it answers with something else')
  }
}

class Endless extends Error {
  constructor() {
    super('its answer has no end')
  }
}

/** `null`: there is no such thing. */
function fetchText(url: string, { token, agent, signal }: Question): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const options = { headers: { authorization: `Bearer ${token}` }, agent, signal }
    const request = https.get(url, options, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        if (text.length > ANSWER_LIMIT) request.destroy(new Endless())
      })
      response.on('error', reject)
      response.on('end', () => {
        if (response.statusCode === 200) resolve(text)
        else if (response.statusCode === 404) resolve(null)
        else reject(new Error(`HTTP ${response.statusCode}`))
      })
    })
    request.on('error', (error) => reject(signal.aborted ? (signal.reason as Error) : error))
  })
}
