import assert from 'node:assert/strict'
import test from 'node:test'
import { parseFlags } from '../../src/flags.ts'
import { SPEAKER_FLAGS } from '../../src/speaker/index.ts'

/** As MetalLB's own manifest sets it. */
const ENVIRONMENT = {
  METALLB_NODE_NAME: 'node-1',
  METALLB_POD_NAME: 'speaker-x',
  METALLB_NAMESPACE: 'metallb-system',
  METALLB_HOST: '192.0.2.1',
  METALLB_ML_BIND_ADDR: '192.0.2.1',
  METALLB_ML_LABELS: 'app=metallb,component=speaker',
  METALLB_ML_SECRET_KEY_PATH: '/etc/ml_secret_key',
}

test('MetalLB’s own manifest starts the speaker without a warning', () => {
  const { flags, warnings } = parseFlags(SPEAKER_FLAGS, ['--port=9120', '--log-level=info'], ENVIRONMENT)
  assert.deepEqual([flags['node-name'], flags['pod-name'], warnings], ['node-1', 'speaker-x', []])
  assert.equal(flags['ml-secret-key-path'], '/etc/ml_secret_key')
})

for (const flag of [
  '--host=192.0.2.1',
  '--ml-bindaddr=192.0.2.1',
  '--ml-bindport=7946',
  '-ml-wan-config',
  '--bgp-debounce-timeout=100ms',
  '--frrk8s-namespace=frr',
  '--frrk8s-secret-passthrough',
  '--pprof-bind-address=:6060',
]) {
  test(`${flag} is accepted, and a warning says that it has no effect`, () => {
    const { warnings } = parseFlags(SPEAKER_FLAGS, [flag], ENVIRONMENT)
    assert.equal(warnings.length, 1)
    assert.match(warnings[0] ?? '', /^--[\w-]+ has no effect: /)
  })
}
