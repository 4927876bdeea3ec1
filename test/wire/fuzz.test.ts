import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const FRAMES = 1_000_000
/** The same every time: a test that fails has to fail again. */
const SEED = 1

const SANITIZERS = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all']
const pathOf = (source: string): string => fileURLToPath(new URL(`../../${source}`, import.meta.url))
const SOURCES = ['test/wire/fuzz.cc', 'native/judge.cc', 'native/ndp.cc'].map(pathOf)

let folder: string

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'typemetal-fuzz-'))
})

after(() => rmSync(folder, { recursive: true }))

/** True when the compiler can. */
function compile(program: string, options: readonly string[]): boolean {
  const all = ['-std=c++17', '-O1', '-g1', ...options, '-o', program, ...SOURCES]
  return spawnSync(process.env.CXX || 'c++', all, { stdio: 'ignore' }).status === 0
}

test('a million frames, right and wrong, break no rule of the responder and read nothing beyond them', (t) => {
  const program = join(folder, 'fuzz')
  if (!compile(program, SANITIZERS)) {
    t.diagnostic('without sanitizers: the compiler has none')
    assert.ok(compile(program, []), 'the driver does not compile')
  }
  const { status, stdout, stderr } = spawnSync(program, [String(FRAMES), String(SEED)], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  const { frames, answered, observed } = JSON.parse(stdout) as Record<string, number>
  assert.equal(frames, FRAMES)
  assert.ok((answered ?? 0) > 10_000 && (observed ?? 0) > 10_000, stdout)
})
