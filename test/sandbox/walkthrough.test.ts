// `npm run sandbox` without a terminal: the walk-through to its end.

import assert from 'node:assert/strict'
import test from 'node:test'
import { startSandbox } from './sandbox.ts'

test('the walk-through shows the whole job and ends with 0', async () => {
  const { code, stdout, stderr } = startSandbox()
  assert.equal(await code, 0, stderr() + stdout())
  for (const shown of [
    /\$ kubectl get service web\n[^\n]+\nweb .*<pending>/,
    /\$ kubectl apply -f \S*example\.yaml\nipaddresspool\.metallb\.io\/first-pool created/,
    /web +LoadBalancer +\S+ +172\.25\.254\.50 /,
    /on node-\d answers/,
    /172\.25\.254\.50 dev eth0 lladdr/,
    /IPAllocated/,
    /nodeAssigned/,
    /\nNothing to complain of\.\n/,
  ]) {
    assert.match(stdout(), shown)
  }
})
