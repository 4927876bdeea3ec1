// kube-proxy's other mode, which needs a program that the sandbox does without by default.

import assert from 'node:assert/strict'
import test from 'node:test'
import { execute, reachPod } from '../sandbox/sandbox.ts'

test('a pod answers the client with --proxy-mode iptables', async () => {
  const { stdout, code, stderr } = await execute(
    '--no-product --nodes 2 --proxy-mode iptables',
    reachPod('172.25.254.11'),
  )
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^web-\S+ on node-[12] answers /)
})
