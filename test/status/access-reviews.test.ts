import assert from 'node:assert/strict'
import test from 'node:test'
import { type ApiRequest, ApiUnreachable } from '../../src/kube/index.ts'
import { AccessReviews } from '../../src/status/access-reviews.ts'
import { Problem } from '../../src/status/problem.ts'

/** A cluster that knows the token `good`, whose owner may get /metrics. */
class Cluster {
  now = 0
  readonly asked: string[] = []
  away = false
  /** Answers wait for it. */
  gate: Promise<void> = Promise.resolve()
  readonly reviews = new AccessReviews({
    clock: () => this.now,
    client: { request: async <T>(request: ApiRequest) => (await this.#answer(request)) as T },
  })

  async check(token?: string, path = '/metrics'): Promise<string> {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    try {
      await this.reviews.check({ url: path, headers })
      return 'granted'
    } catch (error) {
      assert.ok(error instanceof Problem)
      return error.reason
    }
  }

  async #answer({ path, body }: ApiRequest): Promise<object> {
    await this.gate
    if (this.away) throw new ApiUnreachable('ECONNREFUSED', 'connect refused')
    const { kind, spec } = body as { kind: string; spec: { token?: string; nonResourceAttributes?: object } }
    this.asked.push(kind)
    assert.ok(path.endsWith(`${kind.toLowerCase()}s`))
    if (kind === 'TokenReview') {
      const authenticated = spec.token === 'good'
      return { status: { authenticated, user: { username: 'prometheus', groups: ['system:authenticated'] } } }
    }
    assert.deepEqual(
      { ...spec, nonResourceAttributes: undefined },
      {
        user: 'prometheus',
        uid: undefined,
        groups: ['system:authenticated'],
        extra: undefined,
        nonResourceAttributes: undefined,
      },
    )
    assert.equal((spec.nonResourceAttributes as { verb: string }).verb, 'get')
    const { path: asked } = spec.nonResourceAttributes as { path: string }
    // As the role system:discovery has it for everybody.
    return { status: { allowed: asked === '/metrics' || asked.startsWith('/api/') } }
  }
}

test('who has no token, one that the cluster does not know, or no right to the path, is told which', async () => {
  const cluster = new Cluster()
  assert.equal(await cluster.check(), 'Unauthenticated')
  assert.deepEqual(cluster.asked, [])
  assert.equal(await cluster.check('bad'), 'Unauthenticated')
  assert.equal(await cluster.check('good', '/api/v1/services'), 'Forbidden')
  assert.equal(await cluster.check('good', '/metrics?x=1'), 'granted')
  assert.equal(await cluster.check('x'.repeat(10_000)), 'Unauthenticated')
})

test('the cluster is asked once a minute for who may, and after ten seconds again for who may not', async () => {
  const cluster = new Cluster()
  for (const now of [0, 1000, 59_999]) {
    cluster.now = now
    assert.equal(await cluster.check('good'), 'granted')
  }
  assert.equal(cluster.asked.length, 2)
  cluster.now = 60_000
  await cluster.check('good')
  assert.equal(cluster.asked.length, 4)
  await cluster.check('bad')
  await cluster.check('bad')
  assert.equal(cluster.asked.length, 5)
  cluster.now = 70_000
  await cluster.check('bad')
  assert.equal(cluster.asked.length, 6)
})

test('while the API server is away, who was let in before is let in for ten minutes, and nobody else', async () => {
  const cluster = new Cluster()
  await cluster.check('good')
  await cluster.check('bad')
  cluster.away = true
  cluster.now = 9 * 60_000
  assert.equal(await cluster.check('good'), 'granted')
  assert.equal(await cluster.check('bad'), 'NotReady')
  cluster.now = 10 * 60_000
  assert.equal(await cluster.check('good'), 'NotReady')
})

test('strangers with invented tokens do not keep the API server busy', async () => {
  const cluster = new Cluster()
  let open = (): void => undefined
  cluster.gate = new Promise((resolve) => (open = resolve))
  const checks = Array.from({ length: 50 }, (_, index) => cluster.check(`invented-${index}`))
  open()
  const answers = await Promise.all(checks)
  assert.equal(answers.filter((answer) => answer === 'Busy').length, 42)
  assert.equal(cluster.asked.length, 8)
})

test('two who send the same token at a time are one question', async () => {
  const cluster = new Cluster()
  assert.deepEqual(await Promise.all([cluster.check('good'), cluster.check('good')]), ['granted', 'granted'])
  assert.equal(cluster.asked.length, 2)
})
