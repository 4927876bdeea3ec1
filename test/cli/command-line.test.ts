import assert from 'node:assert/strict'
import test from 'node:test'
import { parseCommandLine, usageText } from '../../src/cli/command-line.ts'

const parse = (text: string, env = {}) => parseCommandLine(text.split(' ').filter(Boolean), env)

test('flags are written as kubectl’s are, before or after what the command is about', () => {
  const line = parse('-n prod explain web -o json --kubeconfig=/k --context c')
  assert.equal(line?.command, 'explain')
  assert.equal(line?.subject, 'web')
  assert.deepEqual(
    [line?.namespace, line?.format, line?.kubeconfig, line?.context],
    ['prod', 'json', '/k', 'c'],
  )
  assert.equal(parse('services -Aw')?.allNamespaces, true)
  assert.equal(parse('drain node-1 --timeout=1m30s')?.timeoutMs, 90_000)
})

test('the installation is in metallb-system, unless the environment or a flag says otherwise', () => {
  assert.equal(parse('status')?.installation, 'metallb-system')
  assert.equal(parse('status', { METALLB_NAMESPACE: 'lb' })?.installation, 'lb')
  assert.equal(parse('status --installation=mine', { METALLB_NAMESPACE: 'lb' })?.installation, 'mine')
})

test('help is given to who asks for it, or for nothing', () => {
  for (const text of ['', 'help', '--help', 'doctor -h']) assert.equal(parse(text), null)
  assert.match(usageText(), /explain SERVICE/)
})

const wrong: readonly [text: string, message: RegExp][] = [
  ['statsu', /statsu: no such command; there are status/],
  ['explain', /explain SERVICE: name one/],
  ['explain a b', /b: explain takes SERVICE/],
  ['status web', /web: status takes no argument/],
  ['status -o xml', /--output=xml: expected table, json or yaml/],
  ['status --force', /status has no flag --force/],
  ['drain node-1 --timeout=soon', /--timeout=soon: expected a time span/],
  ['status --colour', /--colour/],
  ['status -o', /output/],
]

for (const [text, message] of wrong) {
  test(`"${text}" is refused as wrong usage`, () => {
    assert.throws(() => parse(text), { exitCode: 2, message })
  })
}
