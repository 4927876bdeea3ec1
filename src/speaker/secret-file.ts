// The secret that hellos are signed with, from the mounted Secret: read at the start, and again whenever it changes. How
// the speakers go from one to the next is election/'s.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { FlagError } from '../flags.ts'
import type { Startable } from '../kube/index.ts'
import { helloKey } from '../packet/index.ts'

/** The Secret's key, as MetalLB names it. */
const FILE = 'secretkey'

/**
 * Often enough, where the kubelet takes a minute or two to bring a change. It swaps a link above the file, for which
 * inotify would have to watch each folder on the way, and a mount may be of any kind.
 */
const LOOK_MS = 2000

/** What everybody knows who reads this: hellos of speakers that may do without a secret are signed with it. */
const WELL_KNOWN: Uint8Array = Buffer.from('typemetal hello without a secret')

export interface SecretFileInit {
  /** Where the Secret is mounted. */
  folder: string
  /** Without the file: a secret that everybody knows, instead of an error. */
  allowUnauthenticated: boolean
  /** The file has another secret than before; never called before `start`. */
  onChange: (secret: Uint8Array) => void
}

export class SecretFile implements Startable {
  readonly #log: Logger
  readonly #init: SecretFileInit
  readonly #path: string
  #secret: Uint8Array
  #looking: NodeJS.Timeout | undefined
  #said: string | undefined

  /** Throws `FlagError` when there is no secret, and has to be one. */
  constructor({ log }: { log: Logger }, init: SecretFileInit) {
    this.#log = log
    this.#init = init
    this.#path = join(init.folder, FILE)
    const found = readSecret(this.#path)
    if (typeof found !== 'string') this.#secret = found
    else if (init.allowUnauthenticated) {
      this.#secret = WELL_KNOWN
      this.#said = found
      log.warn({ reason: found }, 'hellos are not authenticated: anybody on the LAN can take addresses over')
    } else {
      throw new FlagError(
        `${found}; mount the Secret memberlist there (--ml-secret-key-path), ` +
          'or do without authentication (--allow-unauthenticated-hello)',
      )
    }
  }

  /** The newest that could be read: the file's bytes as they are. */
  get secret(): Uint8Array {
    return this.#secret
  }

  start(): void {
    this.#looking = setInterval(() => this.#look(), LOOK_MS)
  }

  stop(): void {
    clearInterval(this.#looking)
  }

  /** Once a secret was there it goes on for as long as there is no other. */
  #look(): void {
    const found = readSecret(this.#path)
    if (typeof found === 'string') {
      if (found !== this.#said)
        this.#log.warn({ reason: found }, 'going on with the secret that was read last')
      this.#said = found
      return
    }
    this.#said = undefined
    if (Buffer.compare(found, this.#secret) === 0) return
    this.#secret = found
    this.#log.info({ key: helloKey(found).id }, 'the secret has changed')
    this.#init.onChange(found)
  }
}

/** The secret, or why there is none. */
function readSecret(path: string): Uint8Array | string {
  try {
    const bytes = readFileSync(path)
    return bytes.toString().trim() === '' ? `${path}: the file is empty` : bytes
  } catch (error) {
    return `${path}: ${error instanceof Error ? error.message : String(error)}`
  }
}
