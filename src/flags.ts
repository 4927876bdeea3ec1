// The programs' command line: Go's way of writing flags, as MetalLB's manifests have them, and the environment behind it.

/** A flag, argument or variable is wrong or missing; the message names it and what was expected. */
export class FlagError extends Error {}

interface FlagSpec {
  /** Its value when neither the flag nor the variable is given; undefined: it has to be given. */
  fallback?: string
  /** The environment variable behind it. */
  env?: string
  help: string
}

/** A program's flags by name, without dashes. */
export type FlagSpecs = Record<string, FlagSpec>

export type Flags<S extends FlagSpecs> = { readonly [Name in keyof S]: string }

const FLAG = /^--?([a-z][a-z0-9-]*)(?:=(.*))?$/s

/** Reads `-x=v`, `--x=v`, `--x v`, and `--x` for `true`. Throws `FlagError` for what it does not know. */
export function parseFlags<S extends FlagSpecs>(
  specs: S,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Flags<S> {
  const given = readArguments(specs, args)
  const entries = Object.entries(specs).map(([name, { env: variable, fallback }]) => {
    const value = given.get(name) ?? (variable === undefined ? undefined : env[variable]) ?? fallback
    if (value !== undefined) return [name, value]
    throw new FlagError(`--${name} is missing${variable === undefined ? '' : ` (or set ${variable})`}`)
  })
  return Object.fromEntries(entries) as Flags<S>
}

function readArguments(specs: FlagSpecs, args: readonly string[]): Map<string, string> {
  const given = new Map<string, string>()
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? ''
    const [, name, value] = FLAG.exec(arg) ?? []
    if (name === undefined) throw new FlagError(`${arg}: expected a flag, --name=value`)
    if (!(name in specs))
      throw new FlagError(`--${name}: no such flag; there are --${Object.keys(specs).join(', --')}`)
    const next = args[index + 1]
    if (value !== undefined) given.set(name, value)
    else if (next !== undefined && !next.startsWith('-')) given.set(name, args[++index] ?? '')
    else given.set(name, 'true')
  }
  return given
}

/** The flags that both programs have. */
export const COMMON_FLAGS = {
  port: { fallback: '9120', help: 'port of metrics and status API; 0: off' },
  'health-probe-port': { fallback: '17472', help: 'port of /healthz and /readyz' },
  'log-level': { fallback: 'info', help: 'all, debug, info, warn, error or none' },
  namespace: { fallback: 'metallb-system', env: 'METALLB_NAMESPACE', help: 'where our own objects are' },
  'pod-name': { fallback: '', env: 'METALLB_POD_NAME', help: 'our own pod; empty outside a cluster' },
  'lb-class': { fallback: '', help: 'the loadBalancerClass that is ours; empty: Services without one' },
  kubeconfig: { fallback: '', help: 'file to find the API server by; empty: in-cluster, else $KUBECONFIG' },
} as const satisfies FlagSpecs

/** A TCP port; 0 switches the server off. */
export function portFlag(name: string, text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new FlagError(`--${name}=${text}: expected a port, 0 to 65535`)
}

/** MetalLB's names for log levels, and pino's for the same. */
const LOG_LEVELS: Readonly<Record<string, string>> = {
  all: 'trace',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  none: 'silent',
}

/** The pino level that a `--log-level` stands for. */
export function logLevelFlag(text: string): string {
  const level = LOG_LEVELS[text]
  if (level !== undefined) return level
  throw new FlagError(`--log-level=${text}: expected ${Object.keys(LOG_LEVELS).join(', ')}`)
}

/** The text of `--help`. */
export function usage(specs: FlagSpecs): string {
  return Object.entries(specs)
    .map(([name, { help, fallback, env }]) => {
      const origin = [
        fallback === undefined ? 'required' : `default ${fallback || 'empty'}`,
        ...(env ? [`$${env}`] : []),
      ]
      return `  --${name.padEnd(20)} ${help} (${origin.join(', ')})`
    })
    .join('\n')
}
