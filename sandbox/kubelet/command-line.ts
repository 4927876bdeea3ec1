// The command that becomes a container: namespaces, file system, user, capabilities, then the program. Each step
// replaces the one before, so that the process id from the start is the program's own. Pure.

import type { Container, Pod } from '../../src/api/index.ts'
import { type BindMount, mountScript, PROGRAMS_FOLDER, quote } from './root-file-system.ts'

export interface ContainerCommand {
  command: string[]
  /** What the pod asks for and this machine cannot honour, a sentence each. */
  notHonoured: string[]
}

interface Identity {
  uid: number
  gid: number
}

/** Who the container runs as: what the pod says; an image's own user is not known here, so root. */
function identityOf(pod: Pod, container: Container): Identity {
  const { runAsUser = 0, runAsGroup = runAsUser } = {
    ...pod.spec?.securityContext,
    ...container.securityContext,
  }
  return { uid: runAsUser, gid: runAsGroup }
}

/** The capabilities that a container gets when it says nothing, as containerd grants them. */
const DEFAULT_CAPABILITIES =
  'chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service net_raw sys_chroot mknod audit_write setfcap'.split(
    ' ',
  )

/** The container's bounding set as `setpriv` writes it: `-all,+net_raw`. */
export function boundingSet({ securityContext }: Container): string {
  if (securityContext?.privileged) return '+all'
  const names = (list: string[] | undefined): string[] =>
    (list ?? []).map((name) => name.toLowerCase().replace(/^cap_/, ''))
  const drop = names(securityContext?.capabilities?.drop)
  const add = names(securityContext?.capabilities?.add)
  if (add.includes('all')) return '+all'
  const kept = drop.includes('all') ? [] : DEFAULT_CAPABILITIES.filter((name) => !drop.includes(name))
  return ['-all', ...[...new Set([...kept, ...add])].map((name) => `+${name}`)].join(',')
}

export interface Surroundings {
  /** The path of the network namespace. */
  netns: string
  /** An empty folder to mount the file system on. */
  root: string
  mounts: readonly BindMount[]
  /** Whether uids other than 0 exist here; not in an ordinary user's namespace. */
  honourUids: boolean
}

/** Wraps `program` (with its arguments) into everything that makes it a container. */
export function containerCommand(
  pod: Pod,
  container: Container,
  program: readonly string[],
  { netns, root, mounts, honourUids }: Surroundings,
): ContainerCommand {
  const context = container.securityContext
  const { uid, gid } = identityOf(pod, container)
  const notHonoured = unsupported(pod, container)
  const user: string[] = []
  if (uid !== 0 && honourUids) user.push(`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups')
  if (uid !== 0 && !honourUids)
    notHonoured.push(`runAsUser ${uid}: this sandbox has only uid 0 (start it as root for others)`)
  const privileges = [
    'setpriv',
    ...user,
    `--bounding-set=${boundingSet(container)}`,
    '--inh-caps=-all',
    ...(context?.allowPrivilegeEscalation === false ? ['--no-new-privs'] : []),
    '--',
  ]
  const enter = `cd ${quote(container.workingDir ?? '/')} && exec "$@"`
  const script = [
    mountScript(root, mounts, context?.readOnlyRootFilesystem ?? false),
    `exec chroot ${quote(root)} ${privileges.join(' ')} sh -c ${quote(enter)} sh "$@"`,
  ].join('\n')
  return {
    command: [
      'nsenter',
      `--net=${netns}`,
      '--',
      'unshare',
      '--mount',
      '--',
      'sh',
      '-c',
      script,
      'sh',
      ...program,
    ],
    notHonoured,
  }
}

/** The search path inside a container. */
export const CONTAINER_PATH = `${PROGRAMS_FOLDER}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`

function unsupported(pod: Pod, container: Container): string[] {
  const said: [boolean | undefined, string][] = [
    [pod.spec?.hostPID, 'hostPID: all pods of the sandbox see each other’s processes'],
    [container.resources?.limits !== undefined, 'resource limits'],
    [container.lifecycle !== undefined, 'lifecycle hooks'],
    [container.securityContext?.seccompProfile?.type === 'Localhost', 'a seccomp profile of the node'],
  ]
  return said.filter(([present]) => present).map(([, what]) => `${what}: not honoured by the sandbox`)
}
