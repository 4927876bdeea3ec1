// Bundles the programs into dist/, one file each: they start in half the time, and the image needs no node_modules.
// @ts-check
import { build } from 'esbuild'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { ROOT } from './checkout.mjs'

/** What is in the image: dist/ name without `.js` -> source. */
export const IMAGE_PROGRAMS = {
  main: 'src/main.ts',
  'wire-thread': 'src/speaker/wire-thread.ts',
}

const PROGRAMS = {
  ...IMAGE_PROGRAMS,
  'kubectl-typemetal': 'src/kubectl-typemetal.ts',
  'sandbox/launcher': 'sandbox/launcher.ts',
  'sandbox/cluster': 'sandbox/cluster.ts',
  'sandbox/kubelet': 'sandbox/kubelet/kubelet.ts',
}

/** CommonJS dependencies call `require`, which an ES module has to make for itself. */
const REQUIRE = `import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);`

/**
 * Replaces only what changed, and each file whole: a sandbox that runs may be reading it. Gives the files that went into
 * each of dist/, both relative to the checkout.
 *
 * @param {Record<string, string>} [programs]
 */
export async function bundle(programs = PROGRAMS) {
  const { outputFiles, metafile } = await build({
    metafile: true,
    write: false,
    absWorkingDir: ROOT,
    entryPoints: programs,
    outdir: 'dist',
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    sourcemap: true,
    // Without comments: one character in them beyond Latin-1, and V8 keeps the whole file with two bytes for each.
    minifyWhitespace: true,
    lineLimit: 120,
    legalComments: 'external',
    banner: { js: REQUIRE },
    logLevel: 'warning',
  })
  for (const { path, contents } of outputFiles) {
    if (existsSync(path) && readFileSync(path).equals(contents)) continue
    mkdirSync(dirname(path), { recursive: true })
    // What begins with #! is a command that people call by its name.
    writeFileSync(`${path}.new`, contents, { mode: contents[0] === 0x23 ? 0o755 : 0o644 })
    renameSync(`${path}.new`, path)
  }
  return new Map(Object.entries(metafile.outputs).map(([file, { inputs }]) => [file, Object.keys(inputs)]))
}
