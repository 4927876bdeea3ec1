// What has become of one Service's addresses on this node, and how people are told: condition and events. Pure.

import { isDeepStrictEqual } from 'node:util'
import type { Conflict, Report } from './intents.ts'

/** One address that this node should hold; without interfaces and conflicts: no interface can announce it. */
export interface AddressStanding {
  readonly ip: string
  /** Names of the interfaces that it is announced on, sorted. */
  readonly interfaces: readonly string[]
  readonly conflicts: readonly Conflict[]
}

/** Of all addresses of the Service that this node should hold, as far as something is known. */
export type Standing = readonly AddressStanding[]

type Standings = ReadonlyMap<string, AddressStanding>

/** The report by address; what is as it was `before` is the same object. */
export function standingsOf({ held, unplaced, conflicts }: Report, before: Standings = new Map()): Standings {
  const conflictsOf = new Map<string, Conflict[]>()
  for (const conflict of conflicts)
    conflictsOf.set(conflict.ip, [...(conflictsOf.get(conflict.ip) ?? []), conflict])
  const standings = new Map<string, AddressStanding>()
  const put = (ip: string, interfaces: readonly string[]): void => {
    const now = { ip, interfaces, conflicts: conflictsOf.get(ip) ?? NONE }
    const last = before.get(ip)
    standings.set(ip, last !== undefined && isSame(last, now) ? last : now)
  }
  for (const ip of conflictsOf.keys()) put(ip, NONE)
  for (const ip of unplaced) put(ip, NONE)
  for (const { ip, interfaces } of held) put(ip, interfaces)
  return standings
}

const NONE: readonly never[] = []

/** Quick for what is as it was: then the lists are the same. */
function isSame(one: AddressStanding, other: AddressStanding): boolean {
  const isSameList = one.interfaces === other.interfaces && one.conflicts === other.conflicts
  return isSameList || isDeepStrictEqual(one, other)
}

/** Whether this node answers for the address. */
export function isAnnounced({ interfaces }: AddressStanding): boolean {
  return interfaces.length > 0
}

/** A condition without the times, which nothing here knows. */
export interface Finding {
  readonly status: 'True' | 'False'
  /** Stable, one word. */
  readonly reason: 'Announced' | 'AddressConflict' | 'NoMatchingInterface'
  /** A sentence. */
  readonly message: string
}

/** Of the condition `typemetal.io/Announced`: False as soon as one of the addresses is not announced. */
export function findingOf(node: string, standing: Standing): Finding {
  const troubled = standing.filter((each) => !isAnnounced(each) || each.conflicts.length > 0)
  const worst = troubled.find((each) => !isAnnounced(each)) ?? troubled[0]
  const places = standing.map(({ ip, interfaces }) => `${ip} on ${interfaces.join(', ')}`)
  const status = worst === undefined || isAnnounced(worst) ? 'True' : 'False'
  if (worst === undefined) {
    return { status, reason: 'Announced', message: `${nameOf(node)} announces ${places.join(' and ')}` }
  }
  const [conflict] = worst.conflicts
  return {
    status,
    reason: conflict === undefined ? 'NoMatchingInterface' : 'AddressConflict',
    message: `${nameOf(node)}: ${conflict === undefined ? noInterface(worst.ip) : explain(conflict)}`,
  }
}

/** How a node's findings begin. */
export function nameOf(node: string): string {
  return `node ${JSON.stringify(node)}`
}

/** The node whose finding the message tells. */
export function authorOf(message: string): string | undefined {
  return /^node "([^"]*)"/.exec(message)?.[1]
}

function noInterface(ip: string): string {
  return `none of its interfaces can announce ${ip}: see the interfaces of the L2Advertisement, and which are up`
}

function explain({ ip, mac, node, interface: name, isAnnounced }: Conflict): string {
  const whose = node === null ? '' : `, which is ${nameOf(node)},`
  const remedy = node === null ? 'find out whose that is' : 'look for who has added it to that node'
  return isAnnounced
    ? `${ip} is announced, but ${mac} on ${name}${whose} uses it as well: ${remedy}`
    : `${ip} is not announced on ${name}, because ${mac}${whose} has it there; it will be when that has gone`
}

export interface News {
  readonly type: 'Normal' | 'Warning'
  readonly reason: 'nodeAssigned' | 'AddressConflict' | 'announceFailed'
  readonly message: string
}

/**
 * What the Service's events tell of its standing, each as soon as it is so. `nodeAssigned` is as MetalLB writes it. That
 * an address has no interface is told by the first candidate alone: another node may well announce it.
 */
export function newsOf(node: string, standing: Standing, isFirst: boolean): readonly News[] {
  const troubles = standing
    .flatMap((each) => troublesOf(node, each))
    .filter(({ reason }) => isFirst || reason !== 'announceFailed')
  if (!standing.some(isAnnounced)) return troubles
  const message = `announcing from ${nameOf(node)} with protocol "layer2"`
  return [{ type: 'Normal', reason: 'nodeAssigned', message }, ...troubles]
}

/** What has begun since `before`. */
export function newSince(before: readonly News[], now: readonly News[]): readonly News[] {
  const told = new Set(before.map(({ message }) => message))
  return now.filter(({ message }) => !told.has(message))
}

function troublesOf(node: string, { ip, interfaces, conflicts }: AddressStanding): readonly News[] {
  const trouble = (reason: 'AddressConflict' | 'announceFailed', message: string): News => {
    return { type: 'Warning', reason, message: `${nameOf(node)}: ${message}` }
  }
  if (conflicts.length > 0) return conflicts.map((conflict) => trouble('AddressConflict', explain(conflict)))
  return interfaces.length > 0 ? [] : [trouble('announceFailed', noInterface(ip))]
}
