// All findings, the worst first. What only a speaker can see (its interfaces, its peers, its kernel's settings) is not
// among them. Pure.

import { checkConfiguration } from './check-pools.ts'
import { checkInstallation } from './check-programs.ts'
import { checkServices } from './check-services.ts'
import type { Cluster } from './cluster.ts'
import { byGravity, type Finding } from './finding.ts'

export function diagnose(cluster: Cluster): Finding[] {
  const checks = [checkInstallation, checkConfiguration, checkServices]
  return checks.flatMap((check) => check(cluster)).sort(byGravity)
}
