import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import test from 'node:test'
import { controllerServer, metricsRegistry } from '../../src/status/index.ts'
import { sourceOf } from './source.ts'

const PAGE = '<style>p { color: red }</style><p></p><script>run()</script>'

test('the page may run what is in it, ask nobody but its own host, and be framed by nobody', async () => {
  const init = { access: { kind: 'loopback' }, page: PAGE, onDefect: assert.ifError } as const
  const { headers, body } = await controllerServer(sourceOf(), metricsRegistry(), init).inject('/')
  assert.equal(body, PAGE)
  const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  const policy = (headers['content-security-policy'] as string).split('; ')
  assert.ok(policy.includes("default-src 'none'"))
  assert.ok(policy.includes(`script-src ${hash('run()')}`))
  assert.ok(policy.includes(`style-src ${hash('p { color: red }')}`))
  assert.ok(policy.includes("connect-src 'self'"))
  assert.ok(policy.includes("frame-ancestors 'none'"))
  assert.equal(headers['x-content-type-options'], 'nosniff')
})
