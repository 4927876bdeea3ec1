// A Service's state in sentences, as one would tell a colleague. Pure; says nothing that the detail does not.

import type { AnnouncerView, ServiceDetail } from '../status/index.ts'

export function sentencesOf(detail: Omit<ServiceDetail, 'sentences'>): string[] {
  const key = `${detail.namespace}/${detail.name}`
  return [...possession(key, detail), ...announcement(key, detail), ...order(detail)]
}

type Detail = Omit<ServiceDetail, 'sentences'>

function possession(key: string, { state, ips, pool, origin, message, since }: Detail): string[] {
  const when = since === undefined ? '' : ` since ${since}`
  if (state === 'Pending') {
    return [`${key} has no address${when}: ${message ?? 'the active controller has not looked at it yet'}.`]
  }
  const from = pool === undefined ? '' : ` of pool ${pool}`
  const has = `${key} has ${ips.join(' and ')}${from}${when}.`
  const why = origin === undefined ? [] : [`Why that pool: ${origin.message}.`]
  return message === undefined ? [has, ...why] : [has, ...why, `It asks for something else: ${message}.`]
}

function announcement(key: string, { state, announcers, announcement: told, withheld }: Detail): string[] {
  if (state === 'Pending') return []
  const trouble = told?.status === 'False' || told?.reason === 'AddressConflict' ? [`${told.message}.`] : []
  if (announcers.length > 0) return [`${announcers.map(holding).join('; ')}.`, ...trouble]
  if (withheld !== undefined) return [`Nobody announces ${key}: ${withheld.message}.`]
  return [`Nobody says that it announces ${key}.`, ...trouble]
}

function holding({ node, interfaces, since }: AnnouncerView): string {
  const where = interfaces === undefined ? '' : ` on ${interfaces.join(', ')}`
  return `${node} announces it${where}${since === undefined ? '' : ` since ${since}`}`
}

/** Who comes next, and why the others do not. */
function order({ candidates, announcers }: Detail): string[] {
  const holders = new Set(announcers.map(({ node }) => node))
  const next = candidates.filter(({ node, eligible }) => eligible && !holders.has(node))
  const barred = candidates.filter(({ eligible }) => !eligible)
  if (candidates.length > 0 && candidates.every(({ eligible }) => !eligible)) {
    return ['No node may announce it.', ...barred.map(({ message }) => `${message}.`)]
  }
  const successors =
    next.length === 0
      ? holders.size === 0
        ? []
        : ['No other node can take it over.']
      : [
          `${holders.size === 0 ? 'Those who may announce it, in this order' : 'Next in line'}: ${next.map(({ node }) => node).join(', ')}.`,
        ]
  return [...successors, ...barred.map(({ message }) => `${message}.`)]
}
