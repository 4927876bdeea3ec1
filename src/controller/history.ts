// What happened to Services lately, told from what their objects say before and after: assignments, refusals, holders.
// Kept in memory only, the newest few hundred.

import { ANNOUNCED_CONDITION, ALLOCATED_CONDITION, type Service, type ServiceL2Status } from '../api/index.ts'
import { shownIPs } from '../candidates/index.ts'
import { splitKey, timestamp } from '../kube/index.ts'
import { Recent, type Transition, type TransitionFilter } from '../status/index.ts'
import { nodeOf, serviceOf } from './announcements.ts'

const REMEMBERED = 500

type News = Pick<Transition, 'kind' | 'message'> & { readonly node?: string }

export class History {
  readonly #onTransition: (key: string) => void
  readonly #transitions = new Recent<Transition>(REMEMBERED)

  /** `onTransition` is told the key of each. */
  constructor(onTransition: (key: string) => void) {
    this.#onTransition = onTransition
  }

  onService(key: string, now: Service | undefined, before: Service | undefined): void {
    for (const news of newsOfService(now, before)) this.#add(key, news)
  }

  onStatus(now: ServiceL2Status | undefined, before: ServiceL2Status | undefined): void {
    const [was, is] = [serviceOf(before), serviceOf(now)]
    if (was === is) return
    if (before !== undefined && was !== undefined) {
      const node = nodeOf(before)
      this.#add(was, { kind: 'Withdrawn', node, message: `${node} does not announce it any more` })
    }
    if (now !== undefined && is !== undefined) {
      const node = nodeOf(now)
      this.#add(is, { kind: 'Announced', node, message: `${node} announces it` })
    }
  }

  /** Sorted, which is the newest first. */
  keys({ namespace, name, node }: TransitionFilter): string[] {
    return this.#transitions.keys(
      (transition) =>
        (namespace === undefined || transition.namespace === namespace) &&
        (name === undefined || transition.name === name) &&
        (node === undefined || transition.node === node),
    )
  }

  view(key: string): Transition | undefined {
    return this.#transitions.view(key)
  }

  #add(service: string, news: News): void {
    const { namespace = '', name } = splitKey(service)
    this.#onTransition(this.#transitions.add({ time: timestamp(), namespace, name, ...news }))
  }
}

function newsOfService(now: Service | undefined, before: Service | undefined): News[] {
  const news: News[] = []
  const [had, has] = [ipsOf(before), ipsOf(now)]
  if (has !== '' && has !== had) news.push({ kind: 'Assigned', message: `it has ${has}` })
  if (has === '' && had !== '') {
    const gone =
      now === undefined ? `the Service is gone, and ${had} with it` : `it does not have ${had} any more`
    news.push({ kind: 'Released', message: gone })
  }
  const refusal = newlyFalse(ALLOCATED_CONDITION, now, before)
  if (refusal !== undefined) news.push({ kind: 'Refused', message: refusal })
  const trouble = newlyFalse(ANNOUNCED_CONDITION, now, before)
  if (trouble !== undefined) news.push({ kind: 'Trouble', message: trouble })
  return news
}

function ipsOf(service: Service | undefined): string {
  return (service === undefined ? [] : shownIPs(service)).join(' and ')
}

/** What a condition says that is False, and did not say that before. */
function newlyFalse(type: string, now: Service | undefined, before: Service | undefined): string | undefined {
  const find = (service: Service | undefined) =>
    service?.status?.conditions?.find((condition) => condition.type === type && condition.status === 'False')
  const found = find(now)
  return found === undefined || found.message === find(before)?.message ? undefined : found.message
}
