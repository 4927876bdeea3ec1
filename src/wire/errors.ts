// What can go wrong between us and the kernel.
import { getSystemErrorName } from 'node:util'

/** The native addon is not there, or this Node cannot load it; the message says where it was looked for. */
export class AddonMissing extends Error {}

/** The process may not do what it has to; `capability` names what it lacks. */
export class MissingCapability extends Error {
  readonly capability: string

  constructor(capability: string, options: ErrorOptions) {
    super(
      `${capability} is missing: frames can be neither received nor sent. ` +
        `Add it to the container (securityContext.capabilities.add: [${capability.replace('CAP_', '')}]) or run as root.`,
      options,
    )
    this.capability = capability
  }
}

/** A system call failed; `code` is the errno's name (`ENODEV`), the message says which call and on what. */
export class WireError extends Error {
  readonly code: string

  constructor(code: string, message: string, options: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Calls into the addon and turns what it throws into the errors above. */
export function withTypedErrors<T>(call: () => T): T {
  try {
    return call()
  } catch (error) {
    if (!(error instanceof Error) || !('errno' in error) || typeof error.errno !== 'number') throw error
    const code = getSystemErrorName(-error.errno)
    if (code === 'EPERM' || code === 'EACCES') throw new MissingCapability('CAP_NET_RAW', { cause: error })
    throw new WireError(code, error.message, { cause: error })
  }
}
