// The controller's flags: MetalLB's names where it has them.

import { COMMON_FLAGS, durationFlag, FlagError, type Flags, type FlagSpecs } from '../flags.ts'
import type { LeaseTiming } from '../kube/index.ts'

const NO_WEBHOOK = 'there is no webhook; the resource definitions check what they can'
const NO_SECRET = 'no secret is made'

export const CONTROLLER_FLAGS = {
  ...COMMON_FLAGS,
  concurrency: { fallback: '16', help: 'Services worked on at the same time' },
  lease: { fallback: 'true', help: 'false: this is the only replica and does not ask' },
  'lease-name': { fallback: 'typemetal-controller', help: 'the Lease by which one replica is active' },
  'lease-duration': { fallback: '15s', help: 'others take over so long after the last renewal' },
  'renew-deadline': { fallback: '10s', help: 'the active one gives up so long after its last renewal' },
  'retry-period': { fallback: '2s', help: 'between two tries to renew or to take over' },
  deployment: { fallback: '', env: 'METALLB_DEPLOYMENT', help: "MetalLB's", unused: NO_SECRET },
  'ml-secret-name': { fallback: '', env: 'METALLB_ML_SECRET_NAME', help: "MetalLB's", unused: NO_SECRET },
  'webhook-mode': { fallback: '', help: "MetalLB's", unused: NO_WEBHOOK },
  'webhook-secret': { fallback: '', help: "MetalLB's", unused: NO_WEBHOOK },
  'cert-dir': { fallback: '', help: "MetalLB's", unused: NO_WEBHOOK },
  'cert-service-name': { fallback: '', help: "MetalLB's", unused: NO_WEBHOOK },
  'disable-cert-rotation': { fallback: 'false', help: "MetalLB's", unused: NO_WEBHOOK },
  'webhook-http2': { fallback: 'false', help: "MetalLB's", unused: NO_WEBHOOK },
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
