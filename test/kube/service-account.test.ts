import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { podNamespace } from '../../src/kube/service-account.ts'

test("a pod's namespace is what the kubelet wrote, and nothing outside a pod", (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'service-account-'))
  t.after(() => rmSync(folder, { recursive: true }))
  assert.equal(podNamespace(folder), undefined)
  writeFileSync(join(folder, 'namespace'), 'metallb\n')
  assert.equal(podNamespace(folder), 'metallb')
})
