import assert from 'node:assert/strict'
import test from 'node:test'
import { inOrder, type Startable } from '../../src/kube/startable.ts'

test('parts start one after the other and stop in the opposite order', async () => {
  const seen: string[] = []
  const part = (name: string): Startable => ({
    start: async () => {
      await Promise.resolve()
      seen.push(`+${name}`)
    },
    stop: () => {
      seen.push(`-${name}`)
    },
  })
  const whole = inOrder([part('a'), inOrder([part('b'), part('c')])])
  await whole.start()
  await whole.stop()
  assert.deepEqual(seen, ['+a', '+b', '+c', '-c', '-b', '-a'])
})
