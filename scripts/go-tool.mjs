// Programs that tests use and that are written in Go: each a module of its own under tools/, built once into the user's
// cache folder. The product, and `npm test`, do without them.
// @ts-check
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './checkout.mjs'
import { run, step } from './progress.mjs'
import { CACHE } from '../sandbox/programs.mjs'

/**
 * The path of the program that tools/NAME/go.mod has as its tool. Throws `StepFailed` where Go, or what it needs, is
 * missing.
 *
 * @param {string} name
 */
export async function goTool(name) {
  const module = join(ROOT, 'tools', name)
  const pin = createHash('sha256')
  for (const file of ['go.mod', 'go.sum']) pin.update(readFileSync(join(module, file)))
  const program = join(CACHE, 'tools', `${name}-${pin.digest('hex').slice(0, 8)}`)
  if (existsSync(program)) return program
  mkdirSync(join(CACHE, 'tools'), { recursive: true })
  const partial = mkdtempSync(join(CACHE, 'tools', 'building-'))
  try {
    await step(`Building ${name} (once; a few minutes)`, () =>
      run('go', ['build', '-trimpath', '-ldflags=-s -w', '-o', `${partial}/${name}`, 'tool'], {
        cwd: module,
        env: { ...process.env, CGO_ENABLED: '0' },
        remedy: 'Go is needed (https://go.dev/dl), and the Go module proxy (`go env GOPROXY`).',
      }),
    )
    renameSync(join(partial, name), program)
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
  return program
}
