import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { stringify } from 'yaml'
import { loadPersonalCredentials } from '../../src/kube/credentials.ts'
import { NotConfigured } from '../../src/kube/errors.ts'
import { FIRST } from './certificates.ts'

interface Entries {
  /** Each leads from a context of this name to https://NAME:6443, unless `server` says otherwise. */
  readonly contexts: readonly string[]
  readonly current?: string
  readonly server?: string
  readonly ca?: string
  readonly token?: string
}

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'kubeconfig-test-'))
  t.after(() => rmSync(dir, { recursive: true }))
  return dir
}

function write(file: string, { contexts, current, server, ca, token }: Entries): string {
  const config = {
    clusters: contexts.map((name) => ({
      name,
      cluster: { server: server ?? `https://${name}:6443`, ...(ca && { 'certificate-authority': ca }) },
    })),
    users: contexts.map((name) => ({ name, user: { token: token ?? `token-of-${name}` } })),
    contexts: contexts.map((name) => ({ name, context: { cluster: name, user: name } })),
    ...(current !== undefined && { 'current-context': current }),
  }
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, stringify(config))
  return file
}

/** $KUBECONFIG for the length of a test. */
function listed(t: TestContext, ...files: readonly string[]): void {
  const before = process.env.KUBECONFIG
  t.after(() => {
    if (before === undefined) delete process.env.KUBECONFIG
    else process.env.KUBECONFIG = before
  })
  process.env.KUBECONFIG = files.join(delimiter)
}

test('of several files the first that sets a current context decides', async (t) => {
  const dir = folder(t)
  const prod = write(join(dir, 'prod'), { contexts: ['prod'], current: 'prod' })
  const lab = write(join(dir, 'lab'), { contexts: ['lab'], current: 'lab' })
  const silent = write(join(dir, 'silent'), { contexts: ['silent'] })
  listed(t, prod, lab)
  assert.equal((await loadPersonalCredentials({})).server, 'https://prod:6443')
  assert.equal((await loadPersonalCredentials({ context: 'lab' })).server, 'https://lab:6443')
  listed(t, silent, lab, prod)
  assert.equal((await loadPersonalCredentials({})).server, 'https://lab:6443')
})

test('a current context may stand in another file than what it leads to', async (t) => {
  const dir = folder(t)
  const choice = write(join(dir, 'choice'), { contexts: [], current: 'lab' })
  const both = write(join(dir, 'both'), { contexts: ['prod', 'lab'], current: 'prod' })
  listed(t, choice, both)
  assert.equal((await loadPersonalCredentials({})).server, 'https://lab:6443')
})

test('of entries of one name the first file’s counts, as a whole', async (t) => {
  const dir = folder(t)
  const first = write(join(dir, 'first'), { contexts: ['x'], current: 'x', token: 'first' })
  const second = write(join(dir, 'second'), { contexts: ['x', 'y'], server: 'https://second:6443', ca: 'ca' })
  listed(t, first, second, first)
  const credentials = await loadPersonalCredentials({})
  assert.equal(credentials.server, 'https://x:6443')
  const { headers, tls } = await credentials.access()
  assert.deepEqual([headers.Authorization, tls], ['Bearer first', {}])
  await assert.rejects(loadPersonalCredentials({ context: 'z' }), { message: /no context "z"; it has x, y$/ })
})

test('files that are not there or empty are skipped, and so are empty names', async (t) => {
  const dir = folder(t)
  const file = write(join(dir, 'config'), { contexts: ['x'], current: 'x' })
  const empty = join(dir, 'empty')
  writeFileSync(empty, '\n')
  listed(t, join(dir, 'missing'), '', empty, file)
  assert.equal((await loadPersonalCredentials({})).server, 'https://x:6443')
})

test('where no file of the list is there, or one cannot be used, the list is named', async (t) => {
  const dir = folder(t)
  const missing = [join(dir, 'one'), join(dir, 'other')]
  listed(t, ...missing)
  const message = `cannot use the kubeconfig ${missing.join(delimiter)}: ENOENT`
  await assert.rejects(
    loadPersonalCredentials({}),
    (error) => error instanceof NotConfigured && error.message.startsWith(message),
  )
  const garbage = join(dir, 'garbage')
  writeFileSync(garbage, '{ [')
  listed(t, write(join(dir, 'config'), { contexts: ['x'], current: 'x' }), garbage)
  await assert.rejects(loadPersonalCredentials({}), NotConfigured)
})

test('a relative path is taken from the folder of the file that names it', async (t) => {
  const dir = folder(t)
  const first = write(join(dir, 'a', 'config'), { contexts: ['a'], current: 'b', ca: 'ca.crt' })
  const second = write(join(dir, 'b', 'config'), { contexts: ['b'], ca: 'ca.crt' })
  writeFileSync(join(dir, 'b', 'ca.crt'), FIRST.cert)
  listed(t, first, second)
  const { tls } = await (await loadPersonalCredentials({})).access()
  assert.equal(String(tls.ca), FIRST.cert)
})
