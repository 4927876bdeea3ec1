// What the APIs of both programs have in common: routes with their schemas, the document that lists them, and a limit to
// the time that is spent on who looks.

import type { FastifyInstance, RouteOptions } from 'fastify'
import { openApi, type RouteSchema } from './openapi.ts'
import { Problem } from './problem.ts'
import { type Schema, text } from './schema.ts'
import { WorkBudget } from './work-budget.ts'

const VERSION = '0.1.0'
/** A fifth of the time for who looks, and at first enough for a page of 10,000 Services. */
const BUDGET = { share: 0.2, burstMs: 1000 }

export interface ApiInit {
  /** Of the document. */
  readonly title: string
  /** Why nothing can be said yet. */
  readonly notReady: () => string | undefined
}

/** Adds a route that answers with what `answer` returns, by the schema. */
type AddRoute = (
  url: string,
  schema: RouteSchema,
  answer: (query: never, params: never) => object | Promise<object>,
) => void

/** Serves /openapi.json, which lists the routes that are added. */
export function apiRoutes(server: FastifyInstance, { title, notReady }: ApiInit): AddRoute {
  const routes: RouteOptions[] = []
  server.addHook('onRoute', (route) => {
    if (route.method === 'GET') routes.push(route)
  })
  const budget = keepWithinBudget(server)
  server.addHook('preHandler', async ({ url }) => {
    const waitingFor = url.startsWith('/api/') ? notReady() : undefined
    if (waitingFor !== undefined) throw new Problem('NotReady', waitingFor)
  })
  server.get('/openapi.json', async () => openApi(title, VERSION, routes))
  return (url, schema, answer) => {
    server.get(url, { schema }, async ({ query, params }) =>
      budget.charge(() => answer(query as never, params as never)),
    )
  }
}

/** Parameters after the question mark, all optional. */
export function queryOf(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: 'object', properties, additionalProperties: false }
}

/** Parameters in the path. */
export function paramsOf(...names: readonly string[]): Schema {
  const properties = Object.fromEntries(names.map((name) => [name, text()]))
  return { type: 'object', properties, required: names }
}

/** What is looked up costs time that those who wait for an address need: beyond its share the API says to come back. */
function keepWithinBudget(server: FastifyInstance): { charge: <T>(work: () => T) => T } {
  const budget = new WorkBudget(BUDGET)
  const charge = <T>(work: () => T): T => {
    const start = performance.now()
    try {
      return work()
    } finally {
      budget.spend(performance.now() - start)
    }
  }
  const serializing = new WeakMap<object, number>()
  server.addHook('preHandler', async ({ url }) => {
    if (!url.startsWith('/api/') || budget.allows(performance.now())) return
    throw new Problem('Busy', 'too much is asked at once: come back in a second')
  })
  server.addHook('preSerialization', async (request) => void serializing.set(request, performance.now()))
  server.addHook('onSend', async (request) => {
    budget.spend(performance.now() - (serializing.get(request) ?? performance.now()))
  })
  return { charge }
}
