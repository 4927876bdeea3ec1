// Runs one command: reads the command line, looks at the cluster or changes it, prints, and tells by an exit code.

import { pino } from 'pino'
import { stringify } from 'yaml'
import { ApiClient, ApiUnreachable, impersonating, isStatus, loadPersonalCredentials } from '../kube/index.ts'
import type { Hearing } from '../status/index.ts'
import { askSpeakers } from './ask-speakers.ts'
import { type Change, CHANGES, isChanging } from './changes.ts'
import { type Cluster, understand } from './cluster.ts'
import { type CommandLine, parseCommandLine, usageText } from './command-line.ts'
import { CommandFailed, EXIT } from './exit-code.ts'
import { readCluster, WatchedCluster } from './read.ts'
import { painter, printable } from './text.ts'
import type { View } from './view.ts'
import { LOOKS, type LookingCommand, serviceKey } from './views.ts'

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Writes to standard output. */
  readonly print: (text: string) => void
  /** Writes a line to standard error. */
  readonly tell: (line: string) => void
  /** Standard output is a terminal; colours only there, and unless NO_COLOR forbids them. */
  readonly isTerminal: boolean
  readonly colours: boolean
  /** Resolves when a command that goes on is to end; asked for only by such a one. */
  readonly interrupted: () => Promise<void>
}

/**
 * Resolves with the exit code. Rejects with `CommandFailed`, `NotConfigured` or `ApiError`, each of which has a message
 * for the person.
 */
export async function runCli(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const line = parseCommandLine(args, surroundings.env)
  if (line === null) {
    surroundings.print(usageText())
    return EXIT.ok
  }
  const credentials = impersonating(await loadPersonalCredentials(line), {
    user: line.as,
    groups: line.asGroups,
  })
  await credentials.access().catch((error: Error) => {
    throw new CommandFailed(EXIT.failed, `the kubeconfig's user cannot log in: ${error.message}`)
  })
  const client = new ApiClient(credentials)
  try {
    return await new Invocation(client, line, credentials.namespace ?? 'default', surroundings).run()
  } catch (error) {
    throw unreached(error, credentials.server)
  } finally {
    client.stop()
  }
}

/** The failures that a person can do something about, in the words for him. */
function unreached(error: unknown, server: string): unknown {
  if (error instanceof ApiUnreachable) {
    return new CommandFailed(EXIT.failed, `the API server ${server} does not answer: ${error.message}`)
  }
  if (!isStatus(error, 401)) return error
  return new CommandFailed(EXIT.failed, `the API server ${server} does not accept the user of the kubeconfig`)
}

/** What a watch goes on from. */
interface Beginning {
  readonly cluster: Cluster
  readonly hearings: readonly Hearing[]
  readonly first: View
}

/** One command, from reading to the exit code. */
class Invocation {
  readonly #client: ApiClient
  readonly #line: CommandLine
  readonly #namespace: string
  readonly #around: Surroundings
  readonly #log
  #told = ''

  constructor(client: ApiClient, line: CommandLine, contextNamespace: string, around: Surroundings) {
    this.#client = client
    this.#line = line
    this.#namespace = line.namespace ?? contextNamespace
    this.#around = around
    // What goes wrong while something is watched is told as it is, and once for all that is watched.
    this.#log = pino({ level: 'warn' }, { write: (text: string) => this.#tellOnce(sentenceOf(text)) })
  }

  async run(): Promise<number> {
    const { command } = this.#line
    const cluster = understand(await readCluster(this.#client, this.#reading))
    if (isChanging(command)) return this.#change(CHANGES[command], cluster)
    if (command !== 'doctor') this.#tellUnseen(cluster)
    const hearings = command === 'doctor' ? await askSpeakers(this.#client, cluster) : []
    const view = this.#look(command, cluster, hearings)
    this.#print(view)
    return this.#line.watch ? this.#watch(command, { cluster, hearings, first: view }) : view.exitCode
  }

  get #reading() {
    const { command, installation } = this.#line
    const ofServices = this.#namespace
    if (command !== 'explain') return { namespace: installation, ofServices }
    const [namespace = '', name = ''] = serviceKey(this.#line, ofServices).split('/')
    return { namespace: installation, ofServices: namespace, eventsOf: { namespace, name } }
  }

  #look(command: LookingCommand, cluster: Cluster, hearings: readonly Hearing[]): View {
    return LOOKS[command]({ cluster, hearings, namespace: this.#namespace }, this.#line)
  }

  /** Prints anew what has changed, until the signal. Speakers are not asked again. */
  async #watch(
    command: LookingCommand,
    { cluster: { unseen }, hearings, first }: Beginning,
  ): Promise<number> {
    const { interrupted, isTerminal, print, tell } = this.#around
    let shown = JSON.stringify(first.value)
    let { exitCode } = first
    const watched = new WatchedCluster(
      { client: this.#client, log: this.#log, onChange: () => show() },
      { reading: this.#reading, unseen },
    )
    const show = (): void => {
      try {
        const view = this.#look(command, understand(watched.objects), hearings)
        exitCode = view.exitCode
        if (JSON.stringify(view.value) === shown) return
        shown = JSON.stringify(view.value)
        print(isTerminal ? CLEAR : this.#line.format === 'yaml' ? '---\n' : '\n')
        this.#print(view)
      } catch (error) {
        tell((error as Error).message) // what is watched has gone; it may come back
      }
    }
    watched.start()
    await interrupted()
    await watched.stop()
    return exitCode
  }

  async #change(change: Change, cluster: Cluster): Promise<number> {
    const { tell: onProgress, interrupted } = this.#around
    const components = { client: this.#client, log: this.#log, onProgress, interrupted }
    const view = await change(components, cluster, this.#line)
    this.#print(view)
    return view.exitCode
  }

  #print({ value, text }: View): void {
    this.#told = ''
    const { print, colours } = this.#around
    const { format } = this.#line
    if (format === 'json') print(`${JSON.stringify(value, undefined, 2)}\n`)
    else if (format === 'yaml') print(stringify(value, { aliasDuplicateObjects: false }))
    else print(text({ paint: painter(colours), now: Date.now() }))
  }

  /** Until something else is to be told, or printed. */
  #tellOnce(sentence: string): void {
    if (sentence === this.#told) return
    this.#told = sentence
    this.#around.tell(printable(sentence))
  }

  #tellUnseen({ unseen }: Cluster): void {
    for (const { kind, message, isUnknown } of unseen) {
      if (!isUnknown) this.#around.tell(printable(`cannot see ${kind} objects: ${message}`))
    }
  }
}

/** Cursor home, erase the display: ECMA-48 sections 8.3.21 and 8.3.39. */
const CLEAR = '\u001b[H\u001b[2J'

/** Without the request that failed: there is one for each collection. */
function sentenceOf(logLine: string): string {
  const { msg } = JSON.parse(logLine) as { msg: string }
  return msg
}
