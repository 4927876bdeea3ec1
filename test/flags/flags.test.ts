import assert from 'node:assert/strict'
import test from 'node:test'
import {
  countFlag,
  durationFlag,
  FlagError,
  logLevelFlag,
  parseFlags,
  portFlag,
  usage,
} from '../../src/flags.ts'

const SPECS = {
  port: { fallback: '9120', help: '' },
  namespace: { fallback: 'metallb-system', env: 'METALLB_NAMESPACE', help: '' },
  'node-name': { env: 'METALLB_NODE_NAME', help: '' },
  'ignore-exclude-lb': { fallback: 'false', help: '' },
  'webhook-mode': { fallback: '', help: '', unused: 'there is no webhook' },
}

test('flags may have one dash or two, and their value behind = or a blank; without value they are true', () => {
  const { flags } = parseFlags(
    SPECS,
    ['-port=1', '--namespace', 'x', '--node-name=a=b', '--ignore-exclude-lb'],
    {},
  )
  assert.deepEqual(flags, {
    port: '1',
    namespace: 'x',
    'node-name': 'a=b',
    'ignore-exclude-lb': 'true',
    'webhook-mode': '',
  })
})

test('the flag counts before the environment, and that before the default', () => {
  const env = { METALLB_NAMESPACE: 'from-env', METALLB_NODE_NAME: 'n' }
  assert.equal(parseFlags(SPECS, ['--namespace=from-flag'], env).flags.namespace, 'from-flag')
  assert.equal(parseFlags(SPECS, [], env).flags.namespace, 'from-env')
  assert.equal(parseFlags(SPECS, [], { METALLB_NODE_NAME: 'n' }).flags.namespace, 'metallb-system')
})

for (const [args, names] of [
  [[], /--node-name is missing \(or set METALLB_NODE_NAME\)/],
  [['--node-name=n', '--ignore-exclude-lb=maybe'], /--ignore-exclude-lb=maybe: expected true or false/],
  [['positional'], /positional: expected a flag/],
] as const) {
  test(`[${args}] is refused with a sentence that names it`, () => {
    assert.throws(
      () => parseFlags(SPECS, args, {}),
      (error) => error instanceof FlagError && names.test(error.message),
    )
  })
}

test('ports are numbers that TCP has', () => {
  assert.deepEqual([portFlag('port', '0'), portFlag('port', '65535')], [0, 65_535])
  for (const text of ['65536', '-1', 'x', '', '1.5']) assert.throws(() => portFlag('port', text), /--port=/)
})

test('log levels have MetalLB’s names', () => {
  assert.deepEqual(['all', 'warn', 'none'].map(logLevelFlag), ['trace', 'warn', 'silent'])
  assert.throws(() => logLevelFlag('loud'), /--log-level=loud: expected all, debug/)
})

test('a switch takes nothing but a truth value with it, written in any of Go’s ways', () => {
  const read = (...args: string[]): string =>
    parseFlags(SPECS, ['--node-name=n', ...args], {}).flags['ignore-exclude-lb']
  assert.equal(read('-ignore-exclude-lb', '--port=1'), 'true')
  assert.equal(read('--ignore-exclude-lb', 'false'), 'false')
  assert.equal(read('--ignore-exclude-lb=F'), 'false')
  assert.equal(read('--ignore-exclude-lb=1'), 'true')
})

test('what MetalLB knows and we do not need is accepted, as is what nobody knows, each with a warning', () => {
  const args = ['--node-name=n', '-webhook-mode', 'disabled', '--frobnicate', '--port=1']
  const { flags, warnings } = parseFlags(SPECS, args, {})
  assert.equal(flags.port, '1')
  assert.deepEqual(warnings, [
    '--webhook-mode has no effect: there is no webhook',
    '--frobnicate: no such flag; it is ignored',
  ])
})

test('time spans are written as in Go', () => {
  assert.deepEqual(
    ['15s', '1m30s', '250ms', '1.5s', '1h'].map((text) => durationFlag('x', text)),
    [15_000, 90_000, 250, 1500, 3_600_000],
  )
  for (const text of ['', '15', '-1s', 's', '15 s', '0s', '1d']) {
    assert.throws(() => durationFlag('x', text), /--x=.*: expected a time span/)
  }
})

test('counts are whole and at least one', () => {
  assert.equal(countFlag('concurrency', '16'), 16)
  for (const text of ['0', '', '-1', '1.5', 'x', '1e3']) assert.throws(() => countFlag('concurrency', text))
})

test('the help names every flag', () => {
  for (const name of Object.keys(SPECS)) assert.match(usage(SPECS), new RegExp(`--${name}`))
})
