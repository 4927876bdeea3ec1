// The programs of the image: `typemetal controller` and `typemetal speaker`.

import './small-heap.ts'
import { parse } from 'node:path'
import { type Logger, pino, stdTimeFunctions } from 'pino'
import { CONTROLLER_FLAGS, createController } from './controller/index.ts'
import { FlagError, logLevelFlag, parseFlags, usage } from './flags.ts'
import { NotConfigured, podNamespace, type Startable } from './kube/index.ts'
import { createSpeaker, SPEAKER_FLAGS } from './speaker/index.ts'
import { MissingCapability } from './wire/index.ts'

/** A stop that takes longer is broken off; the kubelet's patience ends soon after. */
const STOP_DEADLINE_MS = 8000

const USAGE = `typemetal controller [flags]
${usage(CONTROLLER_FLAGS)}

typemetal speaker [flags]
${usage(SPEAKER_FLAGS)}
`

/** JSON lines on stdout, with the level as a word and the time as people read it. */
function makeLogger(program: string, level: string): Logger {
  return pino({
    level: logLevelFlag(level),
    base: { program },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  })
}

/** Makes the program that the command line names; rejects with `FlagError` for what it does not understand. */
async function createProgram([name, ...args]: readonly string[]): Promise<Startable> {
  const env = { METALLB_NAMESPACE: podNamespace(), ...process.env }
  if (name === 'controller') {
    const { flags, warnings } = parseFlags(CONTROLLER_FLAGS, args, env)
    return createController(flags, startLog(name, flags['log-level'], warnings))
  }
  if (name === 'speaker') {
    const { flags, warnings } = parseFlags(SPEAKER_FLAGS, args, env)
    return createSpeaker(flags, startLog(name, flags['log-level'], warnings))
  }
  throw new FlagError(`${name ?? 'nothing'}: expected controller or speaker`)
}

function startLog(program: string, level: string, warnings: readonly string[]): Logger {
  const log = makeLogger(program, level)
  for (const warning of warnings) log.warn(warning)
  return log
}

/** With a link of the program's name to this file its name need not be given, as in MetalLB's images. */
function withProgram(script: string, args: readonly string[]): readonly string[] {
  const { name } = parse(script)
  const isProgram = name === 'controller' || name === 'speaker'
  return isProgram && args[0] !== name ? [name, ...args] : args
}

/** What is wrong with flags or machine is told in a sentence, a defect with its stack. */
function messageOf(error: unknown): string {
  if (error instanceof FlagError || error instanceof NotConfigured || error instanceof MissingCapability) {
    return error.message
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

function fail(error: unknown): never {
  process.stderr.write(`typemetal: ${messageOf(error)}\n`)
  process.exit(1)
}

async function main(args: readonly string[]): Promise<void> {
  if (args.length === 0 || args.some((arg) => /^-?-h(elp)?$/.test(arg))) {
    process.stdout.write(USAGE)
    return
  }
  const program = await createProgram(args)
  const stop = (): void => {
    setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref()
    Promise.resolve(program.stop()).then(() => process.exit(0), fail)
  }
  process.once('SIGTERM', stop).once('SIGINT', stop)
  await program.start()
}

main(withProgram(process.argv[1] ?? '', process.argv.slice(2))).catch(fail)
