// What can go wrong with a request to the API server, one class each.

/** The server answered with a failure. */
export class ApiError extends Error {
  /** HTTP status, or the code of a watch's ERROR event. */
  readonly status: number
  /** `NotFound`, `Conflict`, `Expired`…: the Status object's reason, empty when the body was none. */
  readonly reason: string
  /** How long the server asks to wait (Retry-After). */
  readonly retryAfterMs: number | undefined

  constructor(status: number, reason: string, message: string, retryAfterMs?: number) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.reason = reason
    this.retryAfterMs = retryAfterMs
  }
}

/** No answer: the server cannot be reached, took too long, or broke off. `code` is the errno or `DEADLINE`. */
export class ApiUnreachable extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.name = 'ApiUnreachable'
    this.code = code
  }
}

/** There is neither an in-cluster configuration nor a kubeconfig. */
export class NotConfigured extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'NotConfigured'
  }
}

/** The term is over: whoever gets this stops writing; somebody else may have begun. */
export class TermOver extends Error {
  constructor() {
    super('this replica is not the active one any more')
    this.name = 'TermOver'
  }
}

/** Whether `error` is the server's answer with HTTP status `status`. */
export function isStatus(error: unknown, status: number): boolean {
  return error instanceof ApiError && error.status === status
}

/** Waits for `call`; that the server answers with HTTP status `status` is as good as success. */
export async function tolerating(status: number, call: Promise<unknown>): Promise<void> {
  try {
    await call
  } catch (error) {
    if (!isStatus(error, status)) throw error
  }
}

/** Turns a failed response into an `ApiError`; the body is a Status object, or anything at all. */
export function apiErrorOf(status: number, body: string, retryAfter?: string): ApiError {
  const seconds = Number(retryAfter)
  const retryAfterMs = retryAfter !== undefined && Number.isFinite(seconds) ? seconds * 1000 : undefined
  const { reason, message } = parseStatus(body)
  return new ApiError(status, reason ?? '', message ?? `HTTP ${status}: ${body.slice(0, 200)}`, retryAfterMs)
}

function parseStatus(body: string): { reason?: string; message?: string } {
  try {
    const status: unknown = JSON.parse(body)
    return typeof status === 'object' && status !== null ? status : {}
  } catch {
    return {} // a proxy's page, or nothing
  }
}
