// The status that a pod's owner sees, from what its containers do. Pure.

import { isDeepStrictEqual } from 'node:util'
import type { ContainerStatus, Pod, PodCondition, PodStatus } from '../../src/api/index.ts'

/** What a container does now, and what its run before ended with. */
export interface ContainerRun {
  name: string
  image: string
  state:
    | { kind: 'waiting'; reason: string; message?: string }
    | { kind: 'running'; startedAt: string }
    | { kind: 'terminated'; startedAt: string; finishedAt: string; exitCode: number; signal?: number }
  last?: { startedAt: string; finishedAt: string; exitCode: number }
  ready: boolean
  started: boolean
  restarts: number
}

type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed'

function phaseOf(pod: Pod, runs: readonly ContainerRun[]): Phase {
  const policy = pod.spec?.restartPolicy ?? 'Always'
  const ended = runs.filter((run) => run.state.kind === 'terminated')
  if (policy !== 'Always' && runs.length > 0 && ended.length === runs.length) {
    const failed = ended.some((run) => run.state.kind === 'terminated' && run.state.exitCode !== 0)
    if (!failed) return 'Succeeded'
    if (policy === 'Never') return 'Failed'
  }
  const everStarted = runs.length > 0 && runs.every((run) => run.state.kind !== 'waiting' || run.restarts > 0)
  return everStarted ? 'Running' : 'Pending'
}

function containerStatus(run: ContainerRun): ContainerStatus {
  const { state, last } = run
  const reason = (exitCode: number): string => (exitCode === 0 ? 'Completed' : 'Error')
  return {
    name: run.name,
    image: run.image,
    imageID: '',
    ready: run.ready,
    started: run.started,
    restartCount: run.restarts,
    state: {
      ...(state.kind === 'waiting' && {
        waiting: { reason: state.reason, ...(state.message !== undefined && { message: state.message }) },
      }),
      ...(state.kind === 'running' && { running: { startedAt: state.startedAt } }),
      ...(state.kind === 'terminated' && {
        terminated: {
          exitCode: state.exitCode,
          reason: reason(state.exitCode),
          startedAt: state.startedAt,
          finishedAt: state.finishedAt,
          ...(state.signal !== undefined && { signal: state.signal }),
        },
      }),
    },
    lastState: last ? { terminated: { ...last, reason: reason(last.exitCode) } } : {},
  }
}

export interface PodAddresses {
  podIPs: readonly string[]
  hostIPs: readonly string[]
}

/** The whole status; conditions that others write (readiness gates) are kept. `now` is an RFC 3339 time. */
export function podStatus(
  pod: Pod,
  runs: readonly ContainerRun[],
  { podIPs, hostIPs }: PodAddresses,
  now: string,
): PodStatus {
  const phase = phaseOf(pod, runs)
  const allReady = runs.length > 0 && runs.every((run) => run.ready)
  const gates = (pod.spec?.readinessGates ?? []).every(({ conditionType }) =>
    pod.status?.conditions?.some(({ type, status }) => type === conditionType && status === 'True'),
  )
  const own: Record<string, boolean> = {
    PodReadyToStartContainers: podIPs.length > 0,
    Initialized: true,
    ContainersReady: allReady,
    Ready: allReady && gates,
  }
  const before = pod.status?.conditions ?? []
  const conditions: PodCondition[] = [
    ...before.filter(({ type }) => !(type in own)),
    ...Object.entries(own).map(([type, value]) => condition(type, value, before, now)),
  ]
  return {
    phase,
    conditions,
    ...(hostIPs[0] !== undefined && { hostIP: hostIPs[0], hostIPs: hostIPs.map((ip) => ({ ip })) }),
    ...(podIPs[0] !== undefined && { podIP: podIPs[0], podIPs: podIPs.map((ip) => ({ ip })) }),
    startTime: pod.status?.startTime ?? now,
    containerStatuses: runs.map(containerStatus),
  }
}

/** Whether `shown` says the same of phase and conditions as `wanted`, which is ours to say. */
export function isShown(wanted: PodStatus, shown: PodStatus | undefined): boolean {
  const matters = ({ phase, conditions = [] }: PodStatus) => [
    phase,
    ...conditions.map(({ type, status }) => `${type}=${status}`).sort(),
  ]
  return shown !== undefined && isDeepStrictEqual(matters(wanted), matters(shown))
}

function condition(type: string, value: boolean, before: readonly PodCondition[], now: string): PodCondition {
  const status = value ? 'True' : 'False'
  const old = before.find((each) => each.type === type)
  const lastTransitionTime = old?.status === status ? (old.lastTransitionTime ?? now) : now
  return { type, status, lastTransitionTime, ...(!value && { reason: 'ContainersNotReady' }) }
}
