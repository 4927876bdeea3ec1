// What the APIs of both programs have in common: routes with their schemas, the document that lists them, and a limit to
// the time that is spent on who looks.

import { setImmediate } from 'node:timers/promises'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { openApi, type RouteSchema } from './openapi.ts'
import { Problem } from './problem.ts'
import { type Schema, text } from './schema.ts'
import { WorkBudget } from './work-budget.ts'

/** Of this program. */
export const VERSION = '0.1.0'
/** What it costs to take a request in and send an answer, besides making it. */
const REQUEST_MS = 0.5
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
    server.get(url, { schema }, async ({ query, params }) => {
      await budget.turn()
      return budget.charge(() => answer(query as never, params as never))
    })
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

interface Budget {
  /** Resolves when it is this answer's turn: between two of them those who wait for an address have theirs. */
  turn(): Promise<void>
  charge<T>(work: () => T): T
}

/** What is looked up costs time that those who wait for an address need: beyond its share the API says to come back. */
function keepWithinBudget(server: FastifyInstance): Budget {
  const budget = new WorkBudget(BUDGET)
  const serializing = new WeakMap<object, number>()
  server.addHook('preHandler', async ({ url }) => {
    if (!url.startsWith('/api/')) return
    if (!budget.allows(performance.now()))
      throw new Problem('Busy', 'too much is asked at once: come back in a second')
    budget.spend(REQUEST_MS)
  })
  server.addHook('preSerialization', async (request) => void serializing.set(request, performance.now()))
  server.addHook('onSend', async (request) => {
    budget.spend(performance.now() - (serializing.get(request) ?? performance.now()))
  })
  let last: Promise<void> = Promise.resolve()
  return {
    turn() {
      last = last.then(() => setImmediate())
      return last
    },
    charge(work) {
      const start = performance.now()
      try {
        return work()
      } finally {
        budget.spend(performance.now() - start)
      }
    },
  }
}
