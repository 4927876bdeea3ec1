// The controller's flags: MetalLB's names where it has them.

import { COMMON_FLAGS, durationFlag, FlagError, type Flags, type FlagSpecs, noEffect } from '../flags.ts'
import type { LeaseTiming } from '../kube/index.ts'

const NO_WEBHOOK = 'there is no webhook; the resource definitions check what they can'
const NO_OWNER = 'the Secret has no owner, so that it outlives the Deployment'

export const CONTROLLER_FLAGS = {
  ...COMMON_FLAGS,
  'loopback-port': {
    fallback: '9121',
    help: 'the same in plain HTTP for kubectl port-forward, on the loopback only; 0: off',
  },
  concurrency: { fallback: '16', help: 'Services worked on at the same time' },
  lease: { fallback: 'true', help: 'false: this is the only replica and does not ask' },
  'lease-name': { fallback: 'typemetal-controller', help: 'the Lease by which one replica is active' },
  'lease-duration': { fallback: '15s', help: 'others take over so long after the last renewal' },
  'renew-deadline': { fallback: '10s', help: 'the active one gives up so long after its last renewal' },
  'retry-period': { fallback: '2s', help: 'between two tries to renew or to take over' },
  'ml-secret-name': {
    fallback: 'memberlist',
    env: 'METALLB_ML_SECRET_NAME',
    help: 'Secret that is made for the speakers; empty: none is',
  },
  deployment: { ...noEffect(NO_OWNER), env: 'METALLB_DEPLOYMENT' },
  'webhook-mode': noEffect(NO_WEBHOOK),
  'webhook-secret': noEffect(NO_WEBHOOK),
  'cert-dir': noEffect(NO_WEBHOOK),
  'cert-service-name': noEffect(NO_WEBHOOK),
  'disable-cert-rotation': noEffect(NO_WEBHOOK, 'false'),
  'webhook-http2': noEffect(NO_WEBHOOK, 'false'),
} as const satisfies FlagSpecs

/** Throws `FlagError` where one replica could begin before another has ended. */
export function leaseTiming(flags: Flags<typeof CONTROLLER_FLAGS>): LeaseTiming {
  const of = (name: 'lease-duration' | 'renew-deadline' | 'retry-period'): number =>
    durationFlag(name, flags[name])
  const timing = {
    durationMs: of('lease-duration'),
    renewDeadlineMs: of('renew-deadline'),
    retryPeriodMs: of('retry-period'),
  }
  if (timing.durationMs < 1000) throw new FlagError('--lease-duration must be at least 1s')
  if (timing.durationMs <= timing.renewDeadlineMs)
    throw new FlagError('--lease-duration must be longer than --renew-deadline')
  if (timing.renewDeadlineMs <= timing.retryPeriodMs * 1.2)
    throw new FlagError('--renew-deadline must be longer than 1.2 times --retry-period')
  return timing
}
