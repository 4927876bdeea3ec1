// How a command ends: the process's exit code, which scripts go by.

export const EXIT = {
  /** Done; of what was looked at nothing is to complain of. */
  ok: 0,
  /** It could not be done: no API server, no permission, not in time. */
  failed: 1,
  /** The command line makes no sense. */
  usage: 2,
  /** There is no such Service, pool, node or address. */
  notFound: 3,
  /** The worst of what was found is a warning. */
  warning: 4,
  /** The worst of what was found is an error: somebody is not served. */
  error: 5,
} as const

/** A command ends with this; the message is for the person who gave it. */
export class CommandFailed extends Error {
  readonly exitCode: number

  constructor(exitCode: number, message: string) {
    super(message)
    this.exitCode = exitCode
  }
}
