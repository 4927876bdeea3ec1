// Our own pods: which programs run where, and what their command lines say of how the cluster is served. Pure.

import type { Container, Pod } from './api/index.ts'
import { COMMON_FLAGS, FlagError, type FlagSpecs, parseFlags } from './flags.ts'
import type { SpeakerPlace } from './status/index.ts'

export interface ProgramPod {
  readonly component: 'controller' | 'speaker'
  readonly name: string
  /** Empty while it is not scheduled. */
  readonly node: string
  readonly isReady: boolean
  readonly image: string
  readonly args: readonly string[]
  /** Empty while it has none. */
  readonly address: string
  /** Of its status API; 0: it has none. */
  readonly port: number
}

/** Of the manifests' labels, and of those that Helm's charts use. */
const COMPONENT_LABELS = ['component', 'app.kubernetes.io/component']

/** Those of the pods of our namespace that are programs of ours, by name; pods that have ended are none. */
export function programPods(pods: readonly Pod[]): ProgramPod[] {
  return pods
    .flatMap((pod) => {
      const component = componentOf(pod)
      const ended = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
      return component === null || ended ? [] : [programPod(pod, component)]
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function componentOf({ metadata }: Pod): ProgramPod['component'] | null {
  const values = new Set(COMPONENT_LABELS.map((label) => metadata?.labels?.[label]))
  return values.has('controller') ? 'controller' : values.has('speaker') ? 'speaker' : null
}

export function programPod(pod: Pod, component: ProgramPod['component']): ProgramPod {
  const { metadata, spec, status } = pod
  const container = containerOf(pod, component)
  const args = container?.args ?? []
  return {
    component,
    name: metadata?.name ?? '',
    node: spec?.nodeName ?? '',
    isReady: isReady(pod),
    image: container?.image ?? '',
    args,
    address: status?.podIP ?? '',
    port: Number(flagOf(args, 'port')),
  }
}

function containerOf({ spec }: Pod, component: ProgramPod['component']): Container | undefined {
  return spec?.containers.find(({ name }) => name === component) ?? spec?.containers[0]
}

export function isReady(pod: Pod | undefined): boolean {
  return (
    pod?.status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false
  )
}

/** Whether this pod's speaker was told to announce from nodes that are excluded from load balancers. */
export function ignoresExcludeLabel(speaker: Pod): boolean {
  return flagOf(containerOf(speaker, 'speaker')?.args ?? [], 'ignore-exclude-lb') === 'true'
}

/** Where a program's status API is; `null`: nowhere, or not now. */
export function placeOf({ node, address, port, isReady: answers }: ProgramPod): SpeakerPlace | null {
  return answers && node !== '' && address !== '' && port > 0 ? { node, hosts: [address], port } : null
}

/** What the programs were told. */
export interface Installation {
  /** The class of the Services that are ours; `null`: those without a class. */
  readonly loadBalancerClass: string | null
  readonly ignoreExcludeLabel: boolean
  /** Whether the speakers give every address back to its first candidate. */
  readonly failsBackAlways: boolean
}

const FLAGS = {
  port: COMMON_FLAGS.port,
  'lb-class': COMMON_FLAGS['lb-class'],
  'ignore-exclude-lb': { fallback: 'false', help: '' },
  failback: { fallback: 'preferred', help: '' },
} as const satisfies FlagSpecs

/** As their command lines say; the programs' defaults where there are none to read. */
export function installationOf(programs: readonly ProgramPod[]): Installation {
  const of = (component: ProgramPod['component'], flag: keyof typeof FLAGS): string =>
    flagOf(programs.find((program) => program.component === component)?.args ?? [], flag)
  return {
    loadBalancerClass: of('controller', 'lb-class') || null,
    ignoreExcludeLabel: of('speaker', 'ignore-exclude-lb') === 'true',
    failsBackAlways: of('speaker', 'failback') === 'always',
  }
}

function flagOf(args: readonly string[], flag: keyof typeof FLAGS): string {
  try {
    const [first = ''] = args
    return parseFlags(FLAGS, first.startsWith('-') ? args : args.slice(1), {}).flags[flag]
  } catch (error) {
    if (error instanceof FlagError) return FLAGS[flag].fallback // the program does not start with it either
    throw error
  }
}
