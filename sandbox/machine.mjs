// What the sandbox needs of the machine beyond Node: a few system programs and the right to make namespaces.
// Says in one sentence what is missing and how to get it; installs it itself only as root on Debian or Ubuntu.
// @ts-check
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { run, step } from '../scripts/progress.mjs'

/** Something of the machine is missing; `message` names it and the remedy. */
export class MachineLacks extends Error {}

/** Where system programs live, also for users whose PATH leaves the sbin folders out (Debian's default). */
export const SYSTEM_PATH = [
  ...new Set([...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']),
].join(delimiter)

/** @param {string} program @param {string} path */
export function onPath(program, path = SYSTEM_PATH) {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** Program -> package that has it, the same on Debian, Ubuntu, Fedora and Alpine but for the compiler. */
const PROGRAMS = {
  ip: 'iproute2',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  flock: 'util-linux',
  curl: 'curl',
  'c++': 'g++',
}
const PROXY_PROGRAMS = { nftables: { nft: 'nftables' }, iptables: { iptables: 'iptables' } }

/** @param {'nftables' | 'iptables'} proxyMode */
export async function requirePrograms(proxyMode) {
  const wanted = Object.entries({ ...PROGRAMS, ...PROXY_PROGRAMS[proxyMode] })
  const missing = () => wanted.filter(([program]) => !onPath(program))
  const packages = [...new Set(missing().map(([, name]) => name))]
  if (packages.length === 0) return
  const names = missing().map(([program]) => program)
  if (process.getuid?.() === 0 && onPath('apt-get')) {
    await step(`Installing ${packages.join(', ')} (apt-get)`, () => aptInstall(packages))
  }
  if (missing().length > 0) {
    throw new MachineLacks(
      `The sandbox needs ${names.join(', ')}. Install: sudo apt-get install ${packages.join(' ')} (or your distribution's packages of these names)`,
    )
  }
}

/** @param {string[]} packages */
async function aptInstall(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const remedy = `Install by hand: apt-get install ${packages.join(' ')}`
  await run('apt-get', ['update', '-q'], { env, remedy })
  await run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...packages], { env, remedy })
}

/** The options of `unshare` that make a world of our own: as root without a user namespace, so that uids stay real. */
export function unshareOptions() {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  return [...user, '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
}

/**
 * Tries what the sandbox will do. A mount is part of the trial because AppArmor (Ubuntu 24.04) lets `unshare` pass
 * and refuses the first mount.
 */
export function requireNamespaces() {
  const trial = ['sh', '-c', 'mount -t tmpfs none /run && ip netns add trial && ip -n trial link set lo up']
  const { status, stderr } = spawnSync('unshare', [...unshareOptions(), '--', ...trial], {
    encoding: 'utf8',
    env: { ...process.env, PATH: SYSTEM_PATH },
  })
  if (status === 0) return
  const said = stderr.trim().split('\n')[0] ?? status
  throw new MachineLacks(
    process.getuid?.() === 0
      ? `This machine does not let root make namespaces (${said}). In a container it takes --privileged.`
      : `This machine does not let an ordinary user make namespaces (${said}). ` +
          `Allow it: ${namespaceRemedy()}; or run the sandbox as root.`,
  )
}

function namespaceRemedy() {
  const settings = [
    ['kernel.apparmor_restrict_unprivileged_userns', '1', '0'],
    ['kernel.unprivileged_userns_clone', '0', '1'],
    ['user.max_user_namespaces', '0', '10000'],
  ]
  const wrong = settings.filter(([name = '', bad]) => readSysctl(name) === bad)
  const commands = (wrong.length > 0 ? wrong : settings.slice(0, 1)).map(
    ([name, , good]) => `sudo sysctl -w ${name}=${good}`,
  )
  return commands.join(' && ')
}

/** @param {string} name */
function readSysctl(name) {
  const { stdout } = spawnSync('cat', [`/proc/sys/${name.replaceAll('.', '/')}`], { encoding: 'utf8' })
  return stdout.trim()
}
