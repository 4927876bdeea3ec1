import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { pino } from 'pino'
import { replaceFiles } from '../../sandbox/kubelet/atomic-folder.ts'
import { FlagError } from '../../src/flags.ts'
import { SecretFile } from '../../src/speaker/secret-file.ts'

/** A mounted Secret, the file that is made from it, and what it told. */
class Mount {
  readonly folder: string
  readonly changes: string[] = []
  readonly logged: string[] = []
  readonly #tick: (ms: number) => void

  constructor(t: TestContext) {
    this.folder = mkdtempSync(join(tmpdir(), 'secret-test-'))
    t.after(() => rmSync(this.folder, { recursive: true }))
    t.mock.timers.enable({ apis: ['setInterval'] })
    this.#tick = (ms) => t.mock.timers.tick(ms)
  }

  /** As the kubelet brings a changed Secret; `undefined`: it has no such key. */
  put(secret: string | undefined): void {
    replaceFiles(
      this.folder,
      new Map(secret === undefined ? [] : [['secretkey', { content: secret, mode: 0o644 }]]),
    )
  }

  open(allowUnauthenticated = false): SecretFile {
    const log = pino({ level: 'info' }, { write: (line: string) => this.logged.push(JSON.parse(line).msg) })
    const onChange = (secret: Uint8Array): void => void this.changes.push(Buffer.from(secret).toString())
    return new SecretFile({ log }, { folder: this.folder, allowUnauthenticated, onChange })
  }

  wait(): void {
    this.#tick(2000)
  }
}

const textOf = ({ secret }: SecretFile): string => Buffer.from(secret).toString()

for (const [what, secret, reason] of [
  ['missing', undefined, /secretkey: ENOENT.*mount the Secret memberlist.*--allow-unauthenticated-hello/],
  ['empty', '', /secretkey: the file is empty; mount/],
  ['blank', ' \n', /secretkey: the file is empty/],
] as const) {
  test(`a secret that is ${what} is refused at the start, with what to do`, (t) => {
    const mount = new Mount(t)
    mount.put(secret)
    assert.throws(
      () => mount.open(),
      (error) => error instanceof FlagError && reason.test(error.message),
    )
  })
}

test('the secret is the file’s bytes, and a changed one is told once', (t) => {
  const mount = new Mount(t)
  mount.put('first\n')
  const file = mount.open()
  assert.equal(textOf(file), 'first\n')
  file.start()
  t.after(() => file.stop())
  mount.wait()
  mount.put('second')
  mount.wait()
  mount.wait()
  assert.deepEqual([mount.changes, textOf(file)], [['second'], 'second'])
})

test('a secret that disappears goes on, with one warning, until there is another', (t) => {
  const mount = new Mount(t)
  mount.put('first')
  const file = mount.open()
  file.start()
  t.after(() => file.stop())
  mount.put(undefined)
  mount.wait()
  mount.wait()
  assert.deepEqual([textOf(file), mount.changes], ['first', []])
  assert.deepEqual(mount.logged, ['going on with the secret that was read last'])
  mount.put('first')
  mount.wait()
  assert.deepEqual(mount.changes, [])
  mount.put('second')
  mount.wait()
  assert.deepEqual(mount.changes, ['second'])
})

test('who may do without a secret says so, and takes one that comes later', (t) => {
  const mount = new Mount(t)
  const file = mount.open(true)
  assert.match(mount.logged[0] ?? '', /hellos are not authenticated/)
  const other = mount.open(true)
  assert.deepEqual(file.secret, other.secret)
  file.start()
  t.after(() => file.stop())
  mount.wait()
  mount.put('first')
  mount.wait()
  assert.deepEqual([mount.changes, mount.logged.length], [['first'], 3])
})

test('a secret is used also where one could do without', (t) => {
  const mount = new Mount(t)
  mount.put('first')
  assert.equal(textOf(mount.open(true)), 'first')
  assert.deepEqual(mount.logged, [])
})

test('after the stop nothing is looked at any more', (t) => {
  const mount = new Mount(t)
  mount.put('first')
  const file = mount.open()
  file.start()
  file.stop()
  mount.put('second')
  mount.wait()
  assert.deepEqual(mount.changes, [])
})
