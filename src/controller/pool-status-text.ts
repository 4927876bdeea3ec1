// The status of an IPAddressPool as text and back: its integers may be larger than a JavaScript number can say. Pure.

import type { PoolReport } from '../allocator/index.ts'
import type { IPAddressPool } from '../api/index.ts'
import { dated, says } from '../kube/index.ts'

type Status = IPAddressPool['status']

const OUR_CONDITIONS: ReadonlySet<string> = new Set<PoolReport['conditions'][number]['type']>([
  'Accepted',
  'NearlyExhausted',
  'AddressesSkipped',
])

/** The most that the int64 of a count holds. */
const MAX_INT64 = 2n ** 63n - 1n

/** The report as JSON text, exactly; the times of its conditions are not in it. */
export function reportText({ usage, conditions }: PoolReport): string {
  return statusText(usage, conditions)
}

/**
 * The status to be written in the place of `shown`, as JSON text: conditions of others stay, and the time of ours moves
 * only with their status. `now`: RFC 3339.
 */
export function poolStatusText({ usage, conditions }: PoolReport, shown: Status, now: string): string {
  const before = shown?.conditions ?? []
  const ours = conditions.map((condition) => dated(condition, before, now))
  return statusText(usage, [...before.filter(({ type }) => !OUR_CONDITIONS.has(type)), ...ours])
}

/** Whether a status says what the report does, as far as its rounded counts can tell. */
export function showsReport(shown: Status, report: PoolReport): boolean {
  const told = JSON.parse(reportText(report)) as NonNullable<Status>
  const counts = ['assignedIPv4', 'assignedIPv6', 'availableIPv4', 'availableIPv6'] as const
  if (shown === undefined || counts.some((name) => shown[name] !== told[name])) return false
  const ours = (shown.conditions ?? []).filter(({ type }) => OUR_CONDITIONS.has(type))
  return (
    ours.length === report.conditions.length &&
    report.conditions.every((condition) =>
      ours.some((each) => each.type === condition.type && says(each, condition)),
    )
  )
}

function statusText({ IPv4, IPv6 }: PoolReport['usage'], conditions: readonly object[]): string {
  const counts = {
    assignedIPv4: IPv4.inUse,
    assignedIPv6: IPv6.inUse,
    availableIPv4: IPv4.available,
    availableIPv6: IPv6.available,
  }
  const members = Object.entries(counts).map(
    ([name, count]) => `"${name}":${count > MAX_INT64 ? MAX_INT64 : count}`,
  )
  return `{${[...members, `"conditions":${JSON.stringify(conditions)}`].join()}}`
}
