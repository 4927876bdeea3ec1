// All findings, the worst first. Pure.

import type { Hearing } from '../status/index.ts'
import { checkClocks } from './check-clocks.ts'
import { checkNodes } from './check-nodes.ts'
import { checkConfiguration } from './check-pools.ts'
import { checkInstallation } from './check-programs.ts'
import { checkSegments } from './check-segments.ts'
import { checkServices } from './check-services.ts'
import { checkSubnets } from './check-subnets.ts'
import type { Cluster } from './cluster.ts'
import { byGravity, type Finding } from './finding.ts'

/** `hearings`: what the speakers said; none where they were not asked. */
export function diagnose(cluster: Cluster, hearings: readonly Hearing[]): Finding[] {
  const checks = [checkInstallation, checkClocks, checkConfiguration, checkServices]
  const found = checks.flatMap((check) => check(cluster))
  const seen = [checkSegments(cluster, hearings), checkNodes(cluster, hearings), checkSubnets(hearings)]
  return [...found, ...seen.flat()].sort(byGravity)
}
