// The programs' command line: Go's way of writing flags, as MetalLB's manifests have them, and the environment behind it.

/** A flag, argument or variable is wrong or missing; the message names it and what was expected. */
export class FlagError extends Error {}

interface FlagSpec {
  /** Its value when neither the flag nor the variable is given; undefined: it has to be given. */
  fallback?: string
  /** The environment variable behind it. */
  env?: string
  help: string
  /** MetalLB has it and it means nothing here: why, as it is logged when it is given. */
  unused?: string
}

/** A program's flags by name, without dashes. */
export type FlagSpecs = Record<string, FlagSpec>

export type Flags<S extends FlagSpecs> = { readonly [Name in keyof S]: string }

const FLAG = /^--?([a-zA-Z][\w.-]*)(?:=(.*))?$/s

export interface CommandLine<S extends FlagSpecs> {
  readonly flags: Flags<S>
  /** What was given and counts for nothing, in sentences. */
  readonly warnings: readonly string[]
}

/**
 * Reads `-x=v`, `--x=v`, `--x v`, and, where the default is `true` or `false`, `--x` for `true`. Flags that it does not
 * know are passed over with a warning: a manifest made for MetalLB is to start. Throws `FlagError` for values that make
 * no sense.
 */
export function parseFlags<S extends FlagSpecs>(
  specs: S,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): CommandLine<S> {
  const given = readArguments(specs, args)
  const entries = Object.entries(specs).map(([name, spec]) => {
    const { env: variable, fallback } = spec
    const value = given.get(name) ?? (variable === undefined ? undefined : env[variable]) ?? fallback
    if (value !== undefined) return [name, isSwitch(spec) ? switchValue(name, value) : value]
    throw new FlagError(`--${name} is missing${variable === undefined ? '' : ` (or set ${variable})`}`)
  })
  const warnings = [...given.keys()].flatMap((name) => {
    const spec = specs[name]
    if (spec === undefined) return [`--${name}: no such flag; it is ignored`]
    return spec.unused === undefined ? [] : [`--${name} has no effect: ${spec.unused}`]
  })
  return { flags: Object.fromEntries(entries) as Flags<S>, warnings }
}

function readArguments(specs: FlagSpecs, args: readonly string[]): Map<string, string> {
  const given = new Map<string, string>()
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? ''
    const [, name, value] = FLAG.exec(arg) ?? []
    if (name === undefined) throw new FlagError(`${arg}: expected a flag, --name=value`)
    const next = args[index + 1]
    const takesNext =
      next !== undefined && (isSwitch(specs[name]) ? SWITCH.test(next) : !next.startsWith('-'))
    if (value !== undefined) given.set(name, value)
    else if (takesNext) given.set(name, args[++index] ?? '')
    else given.set(name, 'true')
  }
  return given
}

const SWITCH = /^(true|false)$/

function isSwitch(spec: FlagSpec | undefined): boolean {
  return SWITCH.test(spec?.fallback ?? '')
}

/** As Go's strconv.ParseBool. */
function switchValue(name: string, text: string): 'true' | 'false' {
  if (/^(1|t|T|TRUE|true|True)$/.test(text)) return 'true'
  if (/^(0|f|F|FALSE|false|False)$/.test(text)) return 'false'
  throw new FlagError(`--${name}=${text}: expected true or false`)
}

/** A flag that MetalLB has and that means nothing here, because `why`. */
export function noEffect(why: string, fallback = ''): FlagSpec {
  return { fallback, help: "MetalLB's", unused: why }
}

/** Of the speakers' pods, unless told otherwise. */
const SPEAKER_LABELS = 'app=metallb,component=speaker'

/** The flags that both programs have. */
export const COMMON_FLAGS = {
  port: { fallback: '9120', help: 'HTTPS port of metrics and status API; 0: off' },
  'health-probe-port': { fallback: '17472', help: 'port of /healthz and /readyz' },
  'log-level': { fallback: 'info', help: 'all, debug, info, warn, error or none' },
  namespace: {
    fallback: 'metallb-system',
    env: 'METALLB_NAMESPACE',
    help: 'where our own objects are; in a pod its own namespace',
  },
  'pod-name': { fallback: '', env: 'METALLB_POD_NAME', help: 'our own pod; empty outside a cluster' },
  'lb-class': { fallback: '', help: 'the loadBalancerClass that is ours; empty: Services without one' },
  'ml-labels': { fallback: SPEAKER_LABELS, env: 'METALLB_ML_LABELS', help: 'labels of the speaker pods' },
  'tls-min-version': { fallback: '', help: 'VersionTLS12, or by default VersionTLS13' },
  'tls-cipher-suites': { fallback: '', help: "of TLS 1.2, Go's names with commas; empty: OpenSSL's choice" },
  'tls-curve-preferences': { fallback: '', help: "numbers with commas, as 29,23; empty: OpenSSL's choice" },
  'metrics-cert-dir': { fallback: '', help: 'folder with tls.crt and tls.key; empty: a certificate is made' },
  'pprof-bind-address': noEffect('Go has this profiler; start Node with --inspect instead'),
  kubeconfig: { fallback: '', help: 'file to find the API server by; empty: in-cluster, else $KUBECONFIG' },
} as const satisfies FlagSpecs

/** A selector of the speakers' pods; an empty one would be of all pods. */
export function speakerLabels(text: string): string {
  return text || SPEAKER_LABELS
}

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

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** A time span as Go writes it, `1m30s`; in ms, more than 0. */
export function durationFlag(name: string, text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
  const ms = parts.reduce((sum, [, number, unit = '']) => sum + Number(number) * (UNIT_MS[unit] ?? 0), 0)
  if (parts.map(([part]) => part).join('') === text && ms > 0) return ms
  throw new FlagError(`--${name}=${text}: expected a time span, such as 15s or 1m30s`)
}

/** A number of things, at least one. */
export function countFlag(name: string, text: string): number {
  const count = Number(text)
  if (/^\d{1,6}$/.test(text) && count > 0) return count
  throw new FlagError(`--${name}=${text}: expected a number from 1 to 999999`)
}

/** The text of `--help`; flags that mean nothing here come last, by name. */
export function usage(specs: FlagSpecs): string {
  const entries = Object.entries(specs)
  const used = entries
    .filter(([, { unused }]) => unused === undefined)
    .map(([name, { help, fallback, env }]) => {
      const origin = [
        fallback === undefined ? 'required' : `default ${fallback || 'empty'}`,
        ...(env ? [`$${env}`] : []),
      ]
      return `  --${name.padEnd(20)} ${help} (${origin.join(', ')})`
    })
  const unused = entries.filter(([, spec]) => spec.unused !== undefined).map(([name]) => `--${name}`)
  return [...used, "  MetalLB's, accepted without effect:", `    ${unused.join(' ')}`].join('\n')
}
