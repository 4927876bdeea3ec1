// Asks each speaker's status API what only the speaker can see: its segments, and whom it hears there.

import https from 'node:https'
import type { Node } from '../api/index.ts'
import { type ApiClient, isStatus, pathOf } from '../kube/index.ts'
import type { PeerView, SegmentView } from '../status/index.ts'
import type { Cluster } from './cluster.ts'
import type { ProgramPod } from './program-pods.ts'

/** Of one question; a node that is lost does not hold up the answer of the others. */
const DEADLINE_MS = 3000
/** Speakers asked at the same time. */
const AT_ONCE = 32
/** Longer answers are broken off: 1,000 peers take a third of it. */
const ANSWER_LIMIT = 1 << 20
const SERVICE_ACCOUNTS = { apiVersion: 'v1', plural: 'serviceaccounts', namespaced: true }
/** May see what the status APIs show, and nothing else. */
const VIEWER = 'viewer'
/** The shortest that the API server gives. */
const TOKEN_SECONDS = 600

/** What a speaker said, or why it said nothing. */
export type Hearing =
  | {
      readonly node: string
      readonly segments: readonly SegmentView[]
      readonly peers: readonly PeerView[]
    }
  | { readonly node: string; readonly problem: string }

/**
 * Of all speakers that are Ready. Never rejects.
 *
 * Their certificates are of their own making, so that whoever stands in for a node on the LAN could read what is sent:
 * hence not the token of the person who asks, but one of ten minutes that may see the status APIs alone.
 */
export async function askSpeakers(
  client: ApiClient,
  { programs, nodes, namespace }: Pick<Cluster, 'programs' | 'nodes' | 'namespace'>,
  deadlineMs = DEADLINE_MS,
): Promise<Hearing[]> {
  const speakers = programs.filter(
    ({ component, isReady, address, port }) =>
      component === 'speaker' && isReady && address !== '' && port > 0,
  )
  const token = await viewerToken(client, namespace)
  if ('problem' in token) return speakers.map(({ node }) => ({ node, ...token }))
  const hearings: Hearing[] = []
  for (let from = 0; from < speakers.length; from += AT_ONCE) {
    const some = speakers.slice(from, from + AT_ONCE)
    hearings.push(
      ...(await Promise.all(
        some.map((speaker) =>
          ask(speaker, addressesOf(speaker.node, nodes), { token: token.token, deadlineMs }),
        ),
      )),
    )
  }
  return hearings
}

function addressesOf(name: string, nodes: readonly Node[]): string[] {
  const node = nodes.find(({ metadata }) => metadata?.name === name)
  return (node?.status?.addresses ?? []).map(({ address }) => address)
}

async function viewerToken(
  client: ApiClient,
  namespace: string,
): Promise<{ token: string } | { problem: string }> {
  try {
    const { status } = await client.request<{ status?: { token?: string } }>({
      method: 'POST',
      path: pathOf(SERVICE_ACCOUNTS, { namespace, name: VIEWER, subresource: 'token' }),
      body: {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { expirationSeconds: TOKEN_SECONDS },
      },
    })
    return status?.token === undefined ? { problem: 'the API server gave no token' } : { token: status.token }
  } catch (error) {
    const remedy = isStatus(error, 403)
      ? `; ask for the right to create a token of ServiceAccount ${VIEWER}`
      : ''
    return { problem: `${(error as Error).message}${remedy}` }
  }
}

interface Question {
  readonly token: string
  /** Ends it. */
  readonly signal: AbortSignal
}

/** At all addresses of the node at once: not every machine reaches all networks of a node. The first answer counts. */
async function ask(
  { node, address, port }: ProgramPod,
  others: readonly string[],
  { token, deadlineMs }: { token: string; deadlineMs: number },
): Promise<Hearing> {
  const hosts = [...new Set([address, ...others])].map((host) => (host.includes(':') ? `[${host}]` : host))
  const over = new AbortController()
  const timer = setTimeout(() => over.abort(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs)
  const question = { token, signal: over.signal }
  try {
    return await Promise.any(hosts.map((host) => askAt(`https://${host}:${port}/api/v1`, node, question)))
  } catch (error) {
    const [first] = (error as AggregateError).errors as Error[]
    return { node, problem: `https://${hosts[0]}:${port}: ${first?.message}` }
  } finally {
    clearTimeout(timer)
    over.abort()
  }
}

async function askAt(url: string, node: string, question: Question): Promise<Hearing> {
  const [segments, peers] = await Promise.all([
    itemsAt<SegmentView>(`${url}/segments`, question),
    itemsAt<PeerView>(`${url}/peers`, question),
  ])
  return { node, segments, peers }
}

async function itemsAt<T>(url: string, question: Question): Promise<readonly T[]> {
  const answer: unknown = JSON.parse(await fetchText(url, question))
  const items = (answer as { items?: unknown } | null)?.items
  if (!Array.isArray(items)) throw new Error('it answers with something else')
  return items as T[]
}

function fetchText(url: string, { token, signal }: Question): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = {
      headers: { authorization: `Bearer ${token}` },
      rejectUnauthorized: false,
      agent: false,
      signal,
    }
    const request = https.get(url, options, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        if (text.length > ANSWER_LIMIT) request.destroy(new Error('its answer has no end'))
      })
      response.on('error', reject)
      response.on('end', () => {
        if (response.statusCode === 200) resolve(text)
        else reject(new Error(`HTTP ${response.statusCode}`))
      })
    })
    request.on('error', (error) => reject(signal.aborted ? (signal.reason as Error) : error))
  })
}
