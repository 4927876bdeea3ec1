// The reports as a person reads them: tables and short texts. Pure.

import type { Explanation } from './explanation.ts'
import { showFindings } from './show-findings.ts'
import type { Overview } from './overview.ts'
import type { FamilyCounts, PoolReport } from './pool-report.ts'
import type { ServiceReport, ServiceState } from './service-report.ts'
import { age, type Cell, field, type Paint, printable, someOf, type Style, table, type Tone } from './text.ts'
import type { Whereabouts } from './whereabouts.ts'

const STATE_TONES: Readonly<Record<ServiceState, Tone>> = {
  Announced: 'good',
  NotAnnounced: 'bad',
  Pending: 'bad',
  Foreign: 'faint',
}

export function showServices(services: readonly ServiceReport[], { paint, now }: Style): string {
  if (services.length === 0) return 'no Services of type LoadBalancer\n'
  const header = ['NAMESPACE', 'NAME', 'ADDRESSES', 'POOL', 'NODES', 'STATE', 'REASON', 'AGE']
  const rows = services.map((service): (Cell | string)[] => [
    service.namespace,
    service.name,
    service.addresses.join(',') || '<none>',
    service.pool ?? '<none>',
    service.nodes.join(',') || '<none>',
    { text: service.state, tone: STATE_TONES[service.state] },
    service.reason === service.state ? '' : service.reason,
    age(service.created, now),
  ])
  return table(header, rows, paint)
}

const POOL_TONES: Readonly<Record<PoolReport['state'], Tone>> = {
  Accepted: 'good',
  Draining: 'warn',
  Refused: 'bad',
}

export function showPools(pools: readonly PoolReport[], { paint }: Style): string {
  if (pools.length === 0) return 'no IPAddressPools\n'
  const header = ['NAME', 'STATE', 'AUTO', 'IPV4 USED', 'IPV6 USED', 'SERVICES', 'ADVERTISED BY', 'ADDRESSES']
  const rows = pools.map((pool): (Cell | string)[] => [
    pool.name,
    { text: pool.state, tone: POOL_TONES[pool.state] },
    pool.autoAssign ? 'yes' : 'no',
    usage(pool.ipv4),
    usage(pool.ipv6),
    String(pool.services),
    pool.advertisements.length === 0 ? { text: 'nobody', tone: 'bad' } : someOf(pool.advertisements, 2),
    someOf(pool.addresses, 2),
  ])
  const remarks = pools.flatMap(({ name, remarks }) =>
    remarks.map(({ reason, message }) => printable(`${name}: ${reason}: ${message}`)),
  )
  return (
    table(header, rows, paint) +
    remarks.map((remark) => `\n${remark}`).join('') +
    (remarks.length > 0 ? '\n' : '')
  )
}

function usage({ used, total }: FamilyCounts): string {
  return total === '0' && used === '0' ? '-' : `${used}/${short(total)}`
}

/** As a power of two where the digits would say nothing. */
function short(count: string): string {
  return count.length > 12 ? `2^${BigInt(count).toString(2).length - 1}` : count
}

export function showOverview(overview: Overview, { paint }: Style): string {
  const { controllers, speakers, services, findings, worst, nodes, pools } = overview
  const active =
    controllers.active === null || controllers.active === '' ? '' : `, active: ${controllers.active}`
  const served = services.Announced + services.NotAnnounced + services.Pending
  const nodeRows = nodes.map((node): (Cell | string)[] => [
    node.name,
    {
      text: node.speaker,
      tone: node.speaker === 'Ready' ? 'good' : node.speaker === 'None' ? 'faint' : 'bad',
    },
    String(node.announces),
    node.barred ?? '',
  ])
  const poolRows = pools.map(({ name, state, ipv4, ipv6 }): (Cell | string)[] => [
    name,
    { text: state, tone: POOL_TONES[state] },
    usage(ipv4),
    usage(ipv6),
  ])
  return [
    field('Controllers', [ratio(controllers, paint) + printable(active)]),
    field('Speakers', [ratio(speakers, paint)]),
    field('Services', [
      `${served}: ${services.Announced} announced, ` +
        `${paint(services.NotAnnounced > 0 ? 'bad' : undefined, `${services.NotAnnounced} not announced`)}, ` +
        paint(services.Pending > 0 ? 'bad' : undefined, `${services.Pending} pending`) +
        (services.Foreign > 0 ? `; and ${services.Foreign} of another class` : ''),
    ]),
    field('Findings', [
      `${paint(findings.error > 0 ? 'bad' : undefined, counted(findings.error, 'error'))}, ` +
        `${paint(findings.warning > 0 ? 'warn' : undefined, counted(findings.warning, 'warning'))}, ` +
        counted(findings.note, 'note'),
      ...(worst === null
        ? []
        : [printable(`${worst.object}: ${worst.what}`), 'kubectl typemetal doctor has them all']),
    ]),
    '\n',
    table(['NODE', 'SPEAKER', 'ANNOUNCES', 'BARRED'], nodeRows, paint),
    ...(pools.length === 0
      ? []
      : ['\n', table(['POOL', 'STATE', 'IPV4 USED', 'IPV6 USED'], poolRows, paint)]),
  ].join('')
}

function ratio({ ready, all }: { ready: number; all: number }, paint: Paint): string {
  const isWell = ready > 0 && ready === all
  return paint(isWell ? 'good' : ready === 0 ? 'bad' : 'warn', `${ready} of ${all} ready`)
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

export function showWhereabouts(
  { address, use, message, pool, services }: Whereabouts,
  style: Style,
): string {
  const { paint } = style
  return [
    field('Address', [paint('strong', address)]),
    field('Pool', [printable(pool ?? '<none>')]),
    field('Use', [`${use}: ${printable(message)}`]),
    ...(services.length === 0 ? [] : ['\n', showServices(services, style)]),
  ].join('')
}

export function showExplanation(explanation: Explanation, { paint, now }: Style): string {
  const { namespace, name, state, addresses, candidates, endpoints, events, findings } = explanation
  const rows = candidates.map(({ node, place, announces, interfaces, since, message }): (Cell | string)[] => [
    place === null ? '-' : String(place),
    { text: node, ...(announces && { tone: 'good' as const }) },
    interfaces === null ? 'all' : interfaces.join(','),
    since === null ? message : `${message}, for ${age(since, now)}`,
  ])
  const poolRows = explanation.pools.map(({ pool, would, message }): (Cell | string)[] => [
    { text: pool, tone: would ? 'good' : 'bad' },
    message,
  ])
  const places = endpoints.nodes.length === 0 ? '' : `, on ${someOf(endpoints.nodes, 5)}`
  const eventRows = events
    .slice(0, EVENTS_SHOWN)
    .map(({ at, type, reason, message, count }): (Cell | string)[] => [
      age(at, now),
      { text: reason, ...(type === 'Warning' && { tone: 'warn' as const }) },
      count > 1 ? `x${count}` : '',
      message,
    ])
  return [
    field('Service', [paint('strong', `${namespace}/${name}`)]),
    field('State', [
      paint(STATE_TONES[state], state) +
        (explanation.reason === state ? '' : printable(` (${explanation.reason})`)),
    ]),
    field('Addresses', [printable(addresses.join(', ') || '<none>')]),
    field('Asks for', [printable(explanation.asksFor)]),
    field('Allocation', [
      printable(explanation.allocation),
      ...(explanation.origin === null ? [] : [printable(explanation.origin)]),
    ]),
    ...(explanation.sharedWith.length === 0
      ? []
      : [field('Shared with', [printable(someOf(explanation.sharedWith, 5))])]),
    field('Announcement', [printable(explanation.announcement)]),
    field('Endpoints', [
      printable(
        `${endpoints.serve ? `serve${places}` : 'none serves'}; policy ${explanation.externalTrafficPolicy}`,
      ),
    ]),
    ...(poolRows.length === 0 ? [] : ['\n', table(['POOL', ''], poolRows, paint)]),
    ...(rows.length === 0 ? [] : ['\n', table(['PLACE', 'NODE', 'INTERFACES', ''], rows, paint)]),
    ...(eventRows.length === 0 ? [] : ['\n', table(['AGE', 'EVENT', '', ''], eventRows, paint)]),
    ...(findings.length === 0 ? [] : ['\n', showFindings(findings, { paint, now })]),
  ].join('')
}

const EVENTS_SHOWN = 10
