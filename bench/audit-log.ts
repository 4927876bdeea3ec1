// What the programs have asked of the API server, by its own audit log: needs `sandbox exec --audit`, which logs the
// ServiceAccounts of the product's namespace: of others only who runs there is counted.

import { readFileSync } from 'node:fs'

interface AuditEvent {
  readonly auditID: string
  readonly user: { readonly username: string }
  readonly requestReceivedTimestamp: string
}

/** Requests by user between two times, ms since 1970. A watch is one request, however long it lasts. */
export function requestsBetween(from: number, to: number): Map<string, number> {
  const text = readFileSync(`${process.env.SANDBOX_DIR}/logs/audit.log`, 'utf8')
  const seen = new Set<string>()
  const counts = new Map<string, number>()
  // The last line may be half written.
  for (const line of text.slice(0, text.lastIndexOf('\n')).split('\n')) {
    const { auditID, user, requestReceivedTimestamp } = JSON.parse(line) as AuditEvent
    const at = Date.parse(requestReceivedTimestamp)
    if (at < from || at >= to || seen.has(auditID)) continue
    seen.add(auditID) // a watch is logged at its start and at its end
    counts.set(user.username, (counts.get(user.username) ?? 0) + 1)
  }
  return counts
}
