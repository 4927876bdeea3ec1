import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'

const folder = mkdtempSync(join(tmpdir(), 'typemetal-bench-'))
const manifest = join(folder, 'other.yaml')
after(() => rmSync(folder, { recursive: true }))
writeFileSync(
  manifest,
  'spec:\n  containers:\n    - image: "other.example/one:v1"\n    - name: two\n      image: other.example/two\n',
)

/** What the command says, and its exit code. */
function bench(...args: string[]): { code: number | null; said: string } {
  const { status, stderr } = spawnSync(process.execPath, ['bench/run.mjs', ...args], { encoding: 'utf8' })
  return { code: status, said: stderr.split('\n')[0] ?? '' }
}

test('an image of another implementation without a program is named before anything runs', () => {
  const { code, said } = bench(
    'allocate',
    '--peer',
    `other=${manifest}`,
    '--program',
    'other.example/one=true',
  )
  assert.equal(code, 2)
  assert.match(
    said,
    /no program for its image other\.example\/two: add --program other\.example\/two=COMMAND/,
  )
})

test('a manifest that is not there is told', () => {
  const { code, said } = bench('allocate', '--peer', `other=${folder}/none.yaml`)
  assert.equal(code, 2)
  assert.match(said, /there is no such file/)
})

test('a benchmark that cannot run another implementation says so', () => {
  const { code, said } = bench('arp', '--peer', `other=${manifest}`, '--program', 'other.example=true')
  assert.equal(code, 2)
  assert.match(said, /arp cannot run another implementation/)
})
