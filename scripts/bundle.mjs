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

/** The page as a module, which the controller's bundle takes in. */
const PAGE = `${ROOT}/dist/page.js`

/** CommonJS dependencies call `require`, which an ES module has to make for itself. */
const REQUIRE = `import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);`

/**
 * Gives the files that went into each of dist/, both relative to the checkout.
 *
 * @param {Record<string, string>} [programs]
 */
export async function bundle(programs = PROGRAMS) {
  const page = await statusPage()
  replace([
    {
      path: PAGE,
      contents: Buffer.from(`export const PAGE = ${JSON.stringify(page)}
`),
    },
  ])
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
    inject: [PAGE],
    logLevel: 'warning',
  })
  replace(outputFiles)
  return new Map(Object.entries(metafile.outputs).map(([file, { inputs }]) => [file, Object.keys(inputs)]))
}

/**
 * Replaces only what changed, and each file whole: a sandbox that runs may be reading it.
 *
 * @param {readonly { path: string, contents: Uint8Array }[]} files
 */
function replace(files) {
  for (const { path, contents } of files) {
    if (existsSync(path) && readFileSync(path).equals(contents)) continue
    mkdirSync(dirname(path), { recursive: true })
    // What begins with #! is a command that people call by its name.
    writeFileSync(`${path}.new`, contents, { mode: contents[0] === 0x23 ? 0o755 : 0o644 })
    renameSync(`${path}.new`, path)
  }
}

/** The status page: script and style within the one file, so that it needs nothing else. */
async function statusPage() {
  const folder = `${ROOT}/src/page`
  const { outputFiles } = await build({
    write: false,
    absWorkingDir: ROOT,
    entryPoints: { main: `${folder}/main.ts`, style: `${folder}/style.css` },
    outdir: 'dist/page',
    bundle: true,
    minify: true,
    format: 'iife',
    target: ['chrome111', 'firefox115', 'safari16.4'],
    logLevel: 'warning',
  })
  /** @param {string} name */
  const text = (name) => outputFiles.find(({ path }) => path.endsWith(name))?.text ?? ''
  return readFileSync(`${folder}/index.html`, 'utf8')
    .replace('/* style.css */', () => text('.css'))
    .replace('/* main.js */', () => text('.js'))
}
