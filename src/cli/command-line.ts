// What is typed: a command, what it is about, and its flags, written as kubectl's are.

import { parseArgs, type ParseArgsConfig } from 'node:util'
import { durationFlag, FlagError } from '../flags.ts'
import { CommandFailed, EXIT } from './exit-code.ts'

type Format = 'table' | 'json' | 'yaml'

export interface CommandLine {
  readonly command: CommandName
  /** What it is about: a Service, an address, a node; undefined where there is nothing of the kind. */
  readonly subject: string | undefined
  readonly format: Format
  readonly watch: boolean
  /** Of the Services; undefined: the context's. */
  readonly namespace: string | undefined
  readonly allNamespaces: boolean
  readonly kubeconfig: string | undefined
  readonly context: string | undefined
  /** Whom to be for the API server; undefined: oneself. */
  readonly as: string | undefined
  readonly asGroups: readonly string[]
  /** Where Typemetal is installed. */
  readonly installation: string
  readonly timeoutMs: number
  readonly force: boolean
  readonly dryRun: boolean
  readonly pool: string | undefined
  readonly node: string | undefined
}

interface Command {
  readonly summary: string
  /** What has to be named: how the usage calls it. */
  readonly subject?: string
  readonly flags: readonly (keyof typeof FLAGS)[]
}

const COMMON = ['output', 'kubeconfig', 'context', 'as', 'as-group', 'installation', 'help'] as const
const OF_SERVICES = [...COMMON, 'watch', 'namespace', 'all-namespaces'] as const

const COMMANDS = {
  status: { summary: 'programs, nodes, pools and Services at a glance', flags: [...COMMON, 'watch'] },
  pools: { summary: 'how full each pool is, and who announces it', flags: [...COMMON, 'watch'] },
  services: {
    summary: 'address, pool, node and state of each Service of type LoadBalancer',
    flags: [...OF_SERVICES, 'pool', 'node'],
  },
  explain: {
    summary: 'why a Service has its address or none, and who announces it or why nobody does',
    subject: 'SERVICE',
    flags: [...COMMON, 'watch', 'namespace'],
  },
  where: {
    summary: 'whose an address is, and who answers for it',
    subject: 'IP',
    flags: [...COMMON, 'watch'],
  },
  doctor: { summary: 'what is wrong, why it matters, and what to do', flags: [...COMMON, 'watch'] },
  drain: {
    summary: 'let a node announce nothing, and wait until others have taken over',
    subject: 'NODE',
    flags: [...COMMON, 'timeout', 'force'],
  },
  undrain: { summary: 'let a node announce again', subject: 'NODE', flags: COMMON },
  rebalance: {
    summary: 'move addresses from nodes that announce many to nodes that announce few',
    flags: [...COMMON, 'timeout', 'dry-run'],
  },
} as const satisfies Record<string, Command>

export type CommandName = keyof typeof COMMANDS

const FLAGS = {
  output: { type: 'string', short: 'o', help: 'table, json or yaml' },
  watch: { type: 'boolean', short: 'w', help: 'go on, and show what changes' },
  namespace: { type: 'string', short: 'n', help: "of the Services; default: the context's" },
  'all-namespaces': { type: 'boolean', short: 'A', help: 'Services of all namespaces' },
  pool: { type: 'string', help: 'only Services with an address of this pool' },
  node: { type: 'string', help: 'only Services that this node announces' },
  timeout: { type: 'string', help: 'how long to wait for the handover; default 60s' },
  'dry-run': { type: 'boolean', help: 'say what would move, and move nothing' },
  force: { type: 'boolean', help: 'also where a Service would be left without a node' },
  kubeconfig: { type: 'string', help: 'file to find the API server by' },
  context: { type: 'string', help: 'context of the kubeconfig' },
  as: { type: 'string', help: 'user to be for the API server' },
  'as-group': { type: 'string', multiple: true, help: 'his groups, one a flag' },
  installation: {
    type: 'string',
    help: 'namespace of Typemetal; default $METALLB_NAMESPACE or metallb-system',
  },
  help: { type: 'boolean', short: 'h', help: 'this text' },
} as const

const DEFAULT_TIMEOUT = '60s'

/** Throws `CommandFailed` with the exit code for usage. `null`: help is wanted, or nothing was given. */
export function parseCommandLine(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): CommandLine | null {
  const { positionals, values } = parse(args)
  const [name, subject, ...others] = positionals
  if (values.help || name === undefined || name === 'help') return null
  if (!isCommand(name)) throw wrong(`${name}: no such command; there are ${Object.keys(COMMANDS).join(', ')}`)
  const { flags, subject: wanted }: Command = COMMANDS[name]
  for (const flag of Object.keys(values) as (keyof typeof FLAGS)[]) {
    if (!flags.includes(flag)) throw wrong(`${name} has no flag --${flag}`)
  }
  if (wanted !== undefined && subject === undefined) throw wrong(`${name} ${wanted}: name one`)
  const surplus = wanted === undefined ? subject : others[0]
  if (surplus !== undefined) throw wrong(`${surplus}: ${name} takes ${wanted ?? 'no argument'}`)
  if (values['as-group'] !== undefined && values.as === undefined)
    throw wrong('--as-group: name the user as well, with --as')
  return {
    command: name,
    subject,
    format: formatOf(values.output ?? 'table'),
    watch: values.watch ?? false,
    namespace: values.namespace,
    allNamespaces: values['all-namespaces'] ?? false,
    kubeconfig: values.kubeconfig,
    context: values.context,
    as: values.as,
    asGroups: values['as-group'] ?? [],
    installation: values.installation ?? env.METALLB_NAMESPACE ?? 'metallb-system',
    timeoutMs: timeoutOf(values.timeout ?? DEFAULT_TIMEOUT),
    force: values.force ?? false,
    dryRun: values['dry-run'] ?? false,
    pool: values.pool,
    node: values.node,
  }
}

function parse(args: readonly string[]) {
  try {
    const options = FLAGS satisfies ParseArgsConfig['options']
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    throw wrong((error as Error).message)
  }
}

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name)
}

function formatOf(text: string): Format {
  if (text === 'table' || text === 'json' || text === 'yaml') return text
  throw wrong(`--output=${text}: expected table, json or yaml`)
}

function timeoutOf(text: string): number {
  try {
    return durationFlag('timeout', text)
  } catch (error) {
    throw error instanceof FlagError ? wrong(error.message) : error
  }
}

function wrong(message: string): CommandFailed {
  return new CommandFailed(EXIT.usage, `${message}\nkubectl typemetal --help says what there is`)
}

/** The text of `--help`. */
export function usageText(): string {
  const commands = Object.entries<Command>(COMMANDS).map(
    ([name, { summary, subject }]) => `  ${[name, subject].filter(Boolean).join(' ').padEnd(18)} ${summary}`,
  )
  const flags = Object.entries<{ short?: string; type: string; help: string }>(FLAGS).map(
    ([name, { short, type, help }]) =>
      `  ${`${short === undefined ? '    ' : `-${short}, `}--${name}${type === 'string' ? '=…' : ''}`.padEnd(24)} ${help}`,
  )
  return [
    'kubectl typemetal COMMAND [flags]',
    '',
    ...commands,
    '',
    ...flags,
    '',
    'Exit codes: 0 well, 1 could not be done, 2 wrong usage, 3 not found, 4 warnings, 5 errors.',
    '',
  ].join('\n')
}
