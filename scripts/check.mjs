// `npm run check`: everything that can be told without running the product.
// @ts-check
import { spawnSync } from 'node:child_process'
import { ROOT } from './checkout.mjs'

const CHECKS = {
  format: ['prettier', '--check', '--log-level', 'warn', '.'],
  types: ['tsc', '-p', 'tsconfig.json'],
  'types of the page': ['tsc', '-p', 'src/page/tsconfig.json'],
  lint: ['oxlint', '-c', '.oxlintrc.json', '--type-aware', '--deny-warnings'],
  'unused code': ['knip'],
  'generated files': ['tsx', 'scripts/generate.ts', '--check'],
}

let failed = 0
for (const [what, [program = '', ...args]] of Object.entries(CHECKS)) {
  const started = Date.now()
  const { status } = spawnSync(`${ROOT}/node_modules/.bin/${program}`, args, { cwd: ROOT, stdio: 'inherit' })
  if (status !== 0) failed++
  process.stdout.write(
    `${status === 0 ? 'ok    ' : 'FAILED'} ${what} (${((Date.now() - started) / 1000).toFixed(1)} s)\n`,
  )
}
process.exitCode = failed === 0 ? 0 : 1
