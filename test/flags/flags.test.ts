import assert from 'node:assert/strict'
import test from 'node:test'
import { FlagError, logLevelFlag, parseFlags, portFlag } from '../../src/flags.ts'

const SPECS = {
  port: { fallback: '9120', help: '' },
  namespace: { fallback: 'metallb-system', env: 'METALLB_NAMESPACE', help: '' },
  'node-name': { env: 'METALLB_NODE_NAME', help: '' },
  'ignore-exclude-lb': { fallback: 'false', help: '' },
}

test('flags may have one dash or two, and their value behind = or a blank; without value they are true', () => {
  const flags = parseFlags(
    SPECS,
    ['-port=1', '--namespace', 'x', '--node-name=a=b', '--ignore-exclude-lb'],
    {},
  )
  assert.deepEqual(flags, { port: '1', namespace: 'x', 'node-name': 'a=b', 'ignore-exclude-lb': 'true' })
})

test('the flag counts before the environment, and that before the default', () => {
  const env = { METALLB_NAMESPACE: 'from-env', METALLB_NODE_NAME: 'n' }
  assert.equal(parseFlags(SPECS, ['--namespace=from-flag'], env).namespace, 'from-flag')
  assert.equal(parseFlags(SPECS, [], env).namespace, 'from-env')
  assert.equal(parseFlags(SPECS, [], { METALLB_NODE_NAME: 'n' }).namespace, 'metallb-system')
})

for (const [args, names] of [
  [[], /--node-name is missing \(or set METALLB_NODE_NAME\)/],
  [['--wrong=1'], /--wrong: no such flag; there are --port/],
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
