// What each command that only looks makes of the cluster: a value for scripts, a text for people, an exit code. Pure.

import { splitKey } from '../kube/index.ts'
import { parseAddress } from '../ip/index.ts'
import type { Hearing } from '../status/index.ts'
import type { ChangingCommand } from './changes.ts'
import type { Cluster } from './cluster.ts'
import type { CommandLine, CommandName } from './command-line.ts'
import { diagnose } from './doctor.ts'
import { CommandFailed, EXIT } from './exit-code.ts'
import { explainService } from './explanation.ts'
import { exitCodeOf } from './finding.ts'
import { overviewOf } from './overview.ts'
import { poolReports } from './pool-report.ts'
import { serviceReports } from './service-report.ts'
import { showExplanation, showOverview, showPools, showServices, showWhereabouts } from './show.ts'
import { showFindings } from './show-findings.ts'
import type { View } from './view.ts'
import { whereIs } from './whereabouts.ts'

export type LookingCommand = Exclude<CommandName, ChangingCommand>

export interface Seen {
  readonly cluster: Cluster
  /** What the speakers said; none where they were not asked. */
  readonly hearings: readonly Hearing[]
  /** Where Services are looked for that are named without one. */
  readonly namespace: string
}

/** Throws `CommandFailed` for what is not there. */
type Look = (seen: Seen, line: CommandLine) => View

export const LOOKS: Readonly<Record<LookingCommand, Look>> = {
  status({ cluster }) {
    const overview = overviewOf(cluster)
    const { error, warning } = overview.findings
    return {
      value: overview,
      text: (style) => showOverview(overview, style),
      exitCode: error > 0 ? EXIT.error : warning > 0 ? EXIT.warning : EXIT.ok,
    }
  },

  pools({ cluster }) {
    const items = poolReports(cluster)
    return { value: { items }, text: (style) => showPools(items, style), exitCode: EXIT.ok }
  },

  services({ cluster, namespace }, { allNamespaces, pool, node }) {
    const items = serviceReports(cluster).filter(
      (service) =>
        (allNamespaces || service.namespace === namespace) &&
        (pool === undefined || service.pool === pool) &&
        (node === undefined || service.nodes.includes(node)),
    )
    return { value: { items }, text: (style) => showServices(items, style), exitCode: EXIT.ok }
  },

  explain({ cluster, namespace }, line) {
    const key = serviceKey(line, namespace)
    const service = cluster.services.find(
      ({ metadata }) => `${metadata?.namespace}/${metadata?.name}` === key,
    )
    if (service === undefined)
      throw new CommandFailed(EXIT.notFound, `there is no Service ${key}${elsewhere(key, cluster)}`)
    const explanation = explainService(service, cluster)
    return {
      value: explanation,
      text: (style) => showExplanation(explanation, style),
      exitCode: exitCodeOf(explanation.findings),
    }
  },

  where({ cluster }, { subject = '' }) {
    const address = parseAddress(subject)
    if (address === null) throw new CommandFailed(EXIT.usage, `${subject}: expected an IPv4 or IPv6 address`)
    const found = whereIs(address, cluster)
    return {
      value: found,
      text: (style) => showWhereabouts(found, style),
      exitCode: found.services.length > 0 ? EXIT.ok : EXIT.notFound,
    }
  },

  doctor({ cluster, hearings }) {
    const items = diagnose(cluster, hearings)
    return { value: { items }, text: (style) => showFindings(items, style), exitCode: exitCodeOf(items) }
  },
}

/** `NAME`, `service/NAME` or `NAMESPACE/NAME`. */
export function serviceKey({ subject = '', namespace: given }: CommandLine, namespace: string): string {
  const { namespace: prefix, name } = splitKey(subject)
  const isKind = prefix !== undefined && /^(svc|services?)$/.test(prefix)
  if (prefix !== undefined && !isKind && given !== undefined && given !== prefix) {
    throw new CommandFailed(EXIT.usage, `${subject} with --namespace=${given}: name one namespace`)
  }
  return `${prefix === undefined || isKind ? namespace : prefix}/${name}`
}

function elsewhere(key: string, { services }: Cluster): string {
  const { name } = splitKey(key)
  const others = services.filter(({ metadata }) => metadata?.name === name)
  const namespaces = others.flatMap(({ metadata }) => metadata?.namespace ?? [])
  return namespaces.length === 0 ? '' : `; there is one in ${namespaces.slice(0, 5).join(', ')}`
}
