// The image without a container engine: deploy/Dockerfile's build stage carried out command by command, and its result
// started from a root that has nothing but what the image has.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test, { after } from 'node:test'
import { parse } from 'yaml'
import { startSandbox } from '../sandbox/sandbox.ts'

/** Of what a registry stores and a node fetches, beyond Node and the C++ library. */
const MOST_COMPRESSED_BYTES = 60 * 2 ** 20

const folder = mkdtempSync(join(tmpdir(), 'typemetal-image-'))
const image = join(folder, 'image')
after(() => rmSync(folder, { recursive: true, force: true }))

/** The instructions of the Dockerfile's stage `build`, in order. */
function buildStage(): { verb: string; rest: string }[] {
  const text = readFileSync('deploy/Dockerfile', 'utf8').replaceAll('\\\n', ' ')
  const [, stage = ''] = /^FROM .* AS build\n(.*?)^FROM/ms.exec(text) ?? []
  return stage
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ verb: line.split(' ')[0] ?? '', rest: line.slice(line.indexOf(' ') + 1) }))
}

/** What of the checkout reaches the build: deploy/Dockerfile.dockerignore refuses all and lets single names through. */
function allowed(source: string): boolean {
  const lines = readFileSync('deploy/Dockerfile.dockerignore', 'utf8').split('\n')
  return lines.includes(`!${source}`)
}

function copy(sources: string[], to: string): void {
  for (const source of sources) {
    assert.ok(allowed(source), `${source} is not in deploy/Dockerfile.dockerignore`)
    cpSync(source, to.endsWith('/') ? join(to, source) : to, { recursive: true })
  }
}

test("the Dockerfile's build stage makes the image's files from what it copies", () => {
  const source = join(folder, 'src')
  mkdirSync(source)
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch
  const env = { ...process.env, TARGETARCH: architecture, BUILDARCH: architecture }
  for (const { verb, rest } of buildStage()) {
    if (verb === 'COPY') {
      const [to = '', ...from] = rest.split(' ').reverse()
      copy(from, join(source, to).concat(to.endsWith('/') ? '/' : ''))
    } else if (verb === 'RUN') {
      const command = rest.replace(' /out ', ` ${image} `)
      execFileSync('sh', ['-ec', command], { cwd: source, env, stdio: ['ignore', 'ignore', 'inherit'] })
    } else assert.match(verb, /^(ARG|WORKDIR)$/)
  }
  assert.deepEqual(readdirSync(image).sort(), [
    'LICENSE',
    'main.js',
    'main.js.LEGAL.txt',
    'sbom.cdx.json',
    'typemetal.node',
    'wire-thread.js',
  ])
  const compressed = execFileSync('tar', ['-cz', '-C', image, '.'], { maxBuffer: 2 ** 30 })
  assert.ok(compressed.length < MOST_COMPRESSED_BYTES, `${compressed.length} bytes`)
})

test('the list of parts has what the programs import, with licences that can be told', () => {
  const { components } = JSON.parse(readFileSync(join(image, 'sbom.cdx.json'), 'utf8')) as {
    components: { name: string; licenses?: object[]; hashes: { content: string }[] }[]
  }
  const names = new Set(components.map(({ name }) => name))
  for (const name of ['fastify', 'pino', 'prom-client', 'yaml']) assert.ok(names.has(name), name)
  for (const name of ['esbuild', 'typescript', 'tsx']) assert.ok(!names.has(name), name)
  for (const { name, licenses, hashes } of components) {
    assert.ok(licenses, `${name} names no licence`)
    assert.match(hashes[0]?.content ?? '', /^[0-9a-f]{128}$/, name)
  }
})

const crossCompiler = spawnSync('aarch64-linux-gnu-g++', ['--version']).status === 0

test(
  'the addon is compiled for arm64 too',
  { skip: crossCompiler || process.arch !== 'x64' ? false : 'apt-get install g++-aarch64-linux-gnu' },
  () => {
    const arm = join(folder, 'arm64')
    execFileSync(process.execPath, ['scripts/image.mjs', arm, 'arm64'], { stdio: 'ignore' })
    const header = readFileSync(join(arm, 'typemetal.node')).subarray(0, 20)
    assert.equal(header.readUInt16LE(18), 183) // ELF's EM_AARCH64
  },
)

/** A root with Node, the libraries that it asks for, and the image's files. */
function makeRoot(): string {
  const root = join(folder, 'root')
  const put = (from: string, to: string): void => {
    mkdirSync(dirname(join(root, to)), { recursive: true })
    cpSync(from, join(root, to), { recursive: true, dereference: true })
  }
  put(process.execPath, '/usr/local/bin/node')
  const libraries = execFileSync('ldd', [process.execPath], { encoding: 'utf8' }).matchAll(/(\/\S+) \(/g)
  for (const [, library = ''] of libraries) put(library, library)
  put(image, '/typemetal')
  for (const empty of ['proc', 'dev', 'etc/metallb']) mkdirSync(join(root, empty), { recursive: true })
  const { data } = parse(readFileSync('deploy/excluded-interfaces.yaml', 'utf8')) as { data: object }
  for (const [name, text] of Object.entries(data))
    writeFileSync(join(root, 'etc/metallb', name), String(text))
  return root
}

test('both programs work from a root with nothing but Node, the C++ library and these files', async () => {
  const root = makeRoot()
  assert.ok(!existsSync(join(root, 'bin/sh')))
  const script = `
root=${root}
mount --bind $root $root
mount --rbind /proc $root/proc
mount --rbind /dev $root/dev
kubectl config view --raw --flatten > $root/kubeconfig
chmod 644 $root/kubeconfig
kubectl create namespace metallb-system -o name
kubectl apply -k crds
mount -o remount,bind,ro $root
kubectl apply -f deploy/example.yaml
kubectl create service loadbalancer web --tcp=80
run() { exec $1 chroot $2 $root /usr/local/bin/node /typemetal/main.js $3 --kubeconfig=/kubeconfig; }
# An ordinary user's namespace has no other user.
[ "$(awk '{ print $3 }' /proc/self/uid_map)" = 1 ] && user= || user=--userspec=65534:65534
(run "setpriv --no-new-privs --bounding-set=-all,+sys_chroot,+setuid,+setgid" "$user" "controller") &
(run "ip netns exec node-1 setpriv --no-new-privs --bounding-set=-all,+sys_chroot,+net_raw" "" "speaker --node-name=node-1 --health-probe-port=17473 --allow-unauthenticated-hello") &
kubectl wait service web --for=jsonpath={.status.loadBalancer.ingress[0].ip}=172.25.254.50 --timeout=60s
ip netns exec node-1 curl -sS --retry 60 --retry-all-errors --retry-delay 1 --max-time 60 http://127.0.0.1:17473/readyz
`
  const { code, stdout, stderr } = startSandbox(
    'exec',
    '--no-product',
    '--nodes',
    '1',
    '--',
    'sh',
    '-ec',
    script,
  )
  assert.equal(await code, 0, stdout() + stderr())
  assert.match(stdout(), /service\/web condition met\n(.*\n)*ok\n/)
})
