// A container's file system, made from the machine's own programs: a script of mounts for a fresh mount namespace.
// The root is empty and its own; the machine's folders are bound into it, then the pod's volumes on top. Pure but for
// reading which folders there are.

import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** A volume's folder or file on this machine, and where the container sees it. */
export interface BindMount {
  source: string
  target: string
  readOnly: boolean
}

/** Made anew in each container. */
const OWN = new Set(['proc', 'sys', 'dev', 'run', 'var', 'etc', 'lost+found'])
/** What programs need of /etc; the rest is not the container's business. */
const ETC = new Set([
  'alternatives',
  'group',
  'hosts',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'localtime',
  'nsswitch.conf',
  'passwd',
  'ssl',
  'ca-certificates',
])

/** Single quotes for the shell. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** Where a program of the container is found first: links to the Node that runs the sandbox. */
export const PROGRAMS_FOLDER = '/.sandbox/bin'

/**
 * Shell lines that mount the file system at `root`. They must run in a mount namespace and in the container's network
 * namespace (for /sys). A target that can be neither found nor made fails with the path in the message.
 */
export function mountScript(root: string, mounts: readonly BindMount[], readOnlyRoot: boolean): string {
  const at = (path: string): string => quote(root + path)
  return [
    'set -e',
    `mount -t tmpfs -o mode=755 container ${quote(root)}`,
    `mkdir -p ${['/proc', '/sys', '/dev', '/run', '/var', '/etc'].map(at).join(' ')}`,
    ...folderEntries('/', (name) => !OWN.has(name)).flatMap((path) => bindEntry(root, path, readOnlyRoot)),
    ...folderEntries('/var', (name) => !['run', 'lock', 'tmp'].includes(name)).flatMap((path) =>
      bindEntry(root, path, readOnlyRoot),
    ),
    ...folderEntries('/etc', (name) => ETC.has(name)).flatMap((path) => bindEntry(root, path, false)),
    // Relative: an absolute link would lead out of the root while mounts are still made.
    `ln -s ../run ${at('/var/run')}`,
    `mount --rbind /proc ${at('/proc')}`,
    `mount --rbind /dev ${at('/dev')}`,
    // Of the container's own network namespace; where a container engine forbids that, the machine's.
    `mount -t sysfs sysfs ${at('/sys')} 2>/dev/null || mount --rbind /sys ${at('/sys')}`,
    `mount -t tmpfs -o mode=755 container ${at('/run')}`,
    `mkdir -p ${at(PROGRAMS_FOLDER)}`,
    `touch ${at(`${PROGRAMS_FOLDER}/node`)}`,
    `mount --bind ${quote(process.execPath)} ${at(`${PROGRAMS_FOLDER}/node`)}`,
    ...mounts.flatMap((mount) => bindVolume(root, mount)),
    // Of the mount, not of the file system: its options name a uid that a user namespace does not know.
    ...(readOnlyRoot ? [`mount -o remount,bind,ro ${quote(root)}`] : []),
  ].join('\n')
}

function folderEntries(folder: string, wanted: (name: string) => boolean): string[] {
  return readdirSync(folder)
    .filter(wanted)
    .map((name) => `${folder === '/' ? '' : folder}/${name}`)
}

/** A link is made again, a file or folder is bound. */
function bindEntry(root: string, path: string, readOnly: boolean): string[] {
  const stat = lstatSync(path)
  const target = quote(root + path)
  if (stat.isSymbolicLink()) return [`ln -s ${quote(readlinkSync(path))} ${target}`]
  const make = stat.isDirectory() ? 'mkdir -p' : 'touch'
  const flags = mountFlags(path)
  return [
    `${make} ${target}`,
    `mount --rbind ${quote(path)} ${target}`,
    ...(readOnly ? [`mount -o ${['remount', 'bind', 'ro', ...flags].join(',')} ${target}`] : []),
  ]
}

function bindVolume(root: string, { source, target, readOnly }: BindMount): string[] {
  const to = quote(root + target)
  const make = lstatSync(source).isDirectory()
    ? `mkdir -p ${to}`
    : `mkdir -p "$(dirname ${to})" && touch ${to}`
  return [
    make,
    `mount --bind ${quote(source)} ${to}`,
    ...(readOnly ? [`mount -o remount,bind,ro ${to}`] : []),
  ]
}

const KEPT_FLAGS = new Set(['nosuid', 'nodev', 'noexec', 'noatime', 'nodiratime', 'relatime'])

/** The flags of the mount that holds `path`: a user namespace may not drop them in a remount. */
function mountFlags(path: string): string[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, , , , point = '']) => point === '/' || path === point || path.startsWith(`${point}/`))
    .sort((one, other) => (one[4] ?? '').length - (other[4] ?? '').length)
  return (mounts.at(-1)?.[5] ?? '').split(',').filter((flag) => KEPT_FLAGS.has(flag))
}
