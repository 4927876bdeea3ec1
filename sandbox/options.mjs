// The sandbox's command line: what it takes, what it defaults to, and one sentence for each thing that is wrong.
// Plain JavaScript: it is read before anything is installed, so that a slip is told at once and not after the build.
// @ts-check
import { parseArgs } from 'node:util'

export const USAGE = `npm run sandbox                                   the walk-through, then a shell (on a terminal)
npm run sandbox -- exec [options] -- COMMAND…     a fresh sandbox, COMMAND inside it, its exit code

options of exec
  --nodes N                     nodes of the cluster, 1 to 30 (3)
  --lans N                      LANs that nodes and client share, 1 or 2 (1)
  --ip-family FAMILY            ipv4, ipv6 or dual (dual)
  --proxy-mode MODE             kube-proxy's: nftables or iptables (nftables)
  --no-product                  the cluster alone, without Typemetal
  --program IMAGE=COMMAND       pods whose image begins with IMAGE run COMMAND with the pod's own
                                arguments and environment (repeatable)
  --max-restart-delay SECONDS   the longest wait before a program that ended is started again (300)
  --audit                       log what the product's ServiceAccounts ask of the API server: logs/audit.log
`

/**
 * @typedef {object} SandboxOptions
 * @property {number} nodes
 * @property {number} lans
 * @property {'ipv4' | 'ipv6' | 'dual'} ipFamily
 * @property {'nftables' | 'iptables'} proxyMode
 * @property {boolean} product
 * @property {{ image: string, command: string[] }[]} programs
 * @property {number} maxRestartDelay  seconds
 * @property {boolean} audit
 * @property {string[] | undefined} command  undefined: the walk-through
 */

/** The command line cannot be understood; `message` says what was wrong with it. */
export class UsageError extends Error {}

/**
 * @template {string} T
 * @param {string} option @param {string} value @param {readonly T[]} allowed @returns {T}
 */
function oneOf(option, value, allowed) {
  const found = allowed.find((each) => each === value)
  if (found === undefined) throw new UsageError(`--${option} ${value}: expected ${allowed.join(', ')}`)
  return found
}

/** @param {string} option @param {string} value @param {number} most */
function count(option, value, most) {
  const number = Number(value)
  if (!Number.isInteger(number) || number < 1 || number > most) {
    throw new UsageError(`--${option} ${value}: expected a number from 1 to ${most}`)
  }
  return number
}

/** @param {string} text `IMAGE=COMMAND`; COMMAND is split at blanks */
function program(text) {
  const [, image, command] = /^([^=]+)=(.+)$/.exec(text) ?? []
  if (!image || !command) throw new UsageError(`--program ${text}: expected IMAGE=COMMAND`)
  return { image, command: command.trim().split(/\s+/) }
}

/** @param {string[]} args @returns {SandboxOptions | 'help'} */
export function parseOptions(args) {
  const dashes = args.indexOf('--')
  const own = dashes === -1 ? args : args.slice(0, dashes)
  const command = dashes === -1 ? [] : args.slice(dashes + 1)
  const { values, positionals } = parse(own)
  const [verb, ...rest] = positionals
  if (values.help) return 'help'
  if (verb !== undefined && verb !== 'exec') throw new UsageError(`${verb}: the only verb is exec`)
  if (rest.length > 0) throw new UsageError(`${rest.join(' ')}: put the command behind --`)
  if (verb === 'exec' && command.length === 0) throw new UsageError('exec needs a COMMAND behind --')
  if (verb === undefined && (command.length > 0 || Object.keys(values).length > 0)) {
    throw new UsageError('options and a COMMAND belong to `exec`')
  }
  return {
    nodes: count('nodes', values.nodes ?? '3', 30),
    lans: count('lans', values.lans ?? '1', 2),
    ipFamily: oneOf('ip-family', values['ip-family'] ?? 'dual', ['ipv4', 'ipv6', 'dual']),
    proxyMode: oneOf('proxy-mode', values['proxy-mode'] ?? 'nftables', ['nftables', 'iptables']),
    product: !values['no-product'],
    programs: (values.program ?? []).map(program),
    maxRestartDelay: count('max-restart-delay', values['max-restart-delay'] ?? '300', 300),
    audit: values.audit ?? false,
    command: verb === 'exec' ? command : undefined,
  }
}

/** @param {string[]} args */
function parse(args) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        nodes: { type: 'string' },
        lans: { type: 'string' },
        'ip-family': { type: 'string' },
        'proxy-mode': { type: 'string' },
        'no-product': { type: 'boolean' },
        program: { type: 'string', multiple: true },
        'max-restart-delay': { type: 'string' },
        audit: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}
