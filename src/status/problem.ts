// What goes wrong with a question, as RFC 9457 has it: problem+json, with a reason that programs can rely on.

import { STATUS_CODES } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { objectOf, oneOf, type Schema, text } from './schema.ts'

/** Each reason with its HTTP status; docs list them. */
export const PROBLEMS = {
  InvalidParameter: 400,
  Unauthenticated: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  Gone: 410,
  MisdirectedRequest: 421,
  Internal: 500,
  NotReady: 503,
  Busy: 503,
} as const

/** Who is told these comes again at once, if he means harm: then the telling alone would keep us busy. */
const HELD_BACK: ReadonlySet<ProblemReason> = new Set(['Unauthenticated', 'Forbidden', 'Busy'])
const HELD_BACK_MS = 500

export type ProblemReason = keyof typeof PROBLEMS

/** Ends a request with a problem; `message` is a sentence for whoever asked. */
export class Problem extends Error {
  readonly reason: ProblemReason

  constructor(reason: ProblemReason, message: string) {
    super(message)
    this.reason = reason
  }
}

interface ProblemBody {
  type: string
  title: string
  status: number
  reason: string
  detail: string
}

export const PROBLEM: Schema = objectOf<ProblemBody>(
  'Problem',
  {
    type: text(),
    title: text(),
    status: { type: 'integer' },
    reason: oneOf(...Object.keys(PROBLEMS)),
    detail: text(),
  },
  {},
)

export function sendProblem(reply: FastifyReply, reason: ProblemReason, detail: string): FastifyReply {
  const status = PROBLEMS[reason]
  const body: ProblemBody = {
    type: 'about:blank', // RFC 9457 section 4.2.1: the status says it all; `reason` says it more exactly
    title: STATUS_CODES[status] ?? '',
    status,
    reason,
    detail,
  }
  if (status === 503) reply.header('retry-after', '1')
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  return reply.code(status).type('application/problem+json').serializer(JSON.stringify).send(body)
}

/**
 * What the router itself cannot read: a path with broken escapes, a name that is too long. Nobody was asked for a token
 * yet: held back, and the end of the connection, of which one address has only so many a second.
 */
export async function answerFrameworkError(error: Error, _: unknown, reply: FastifyReply): Promise<void> {
  await setTimeout(HELD_BACK_MS)
  sendProblem(reply.header('connection', 'close'), 'InvalidParameter', error.message)
}

/** Lets every failure end as a problem, and none with a stack. `onDefect` hears of those that are our own. */
export function answerWithProblems(server: FastifyInstance, onDefect: (error: Error) => void): void {
  server.setNotFoundHandler((request, reply) => {
    const [path] = request.url.split('?', 1)
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return sendProblem(reply, 'MethodNotAllowed', `${request.method} is not served: this API only shows`)
    }
    return sendProblem(reply, 'NotFound', `there is nothing at ${path}; /openapi.json lists what there is`)
  })
  server.setErrorHandler(async (error: Error & { statusCode?: number }, _, reply) => {
    if (error instanceof Problem) {
      if (HELD_BACK.has(error.reason)) await setTimeout(HELD_BACK_MS)
      return sendProblem(reply, error.reason, error.message)
    }
    const { statusCode = 500 } = error
    if (statusCode >= 400 && statusCode < 500) return sendProblem(reply, 'InvalidParameter', error.message)
    onDefect(error)
    return sendProblem(reply, 'Internal', 'the answer could not be made; the log of the program says why')
  })
}
