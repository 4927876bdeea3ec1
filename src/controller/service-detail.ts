// One Service in detail, for the status API: what it has and why, who announces it, who could and who could not.

import { originOf } from '../allocator/index.ts'
import { ALLOCATED_CONDITION, type EndpointSlice, type Service, type ServiceL2Status } from '../api/index.ts'
import { explainIneligibility, explainWithheld, type RankedNode, rankNodes } from '../candidates/index.ts'
import { conditionOf } from '../kube/index.ts'
import type { AnnouncerView, CandidateView, Reason, ServiceDetail } from '../status/index.ts'
import { nodeOf } from './announcements.ts'
import type { ControllerView } from './controller.ts'
import { sentencesOf } from './sentences.ts'
import { serviceView } from './service-views.ts'

/** @param slices its endpoints; `null`: not known. */
export function serviceDetail(
  view: ControllerView,
  key: string,
  slices: readonly EndpointSlice[] | null,
): ServiceDetail | undefined {
  const service = view.services.get(key)
  const shown = serviceView(view, key)
  if (service === undefined || shown === undefined) return undefined
  const { metadata } = service
  const told = conditionOf(service, ALLOCATED_CONDITION)
  const origin = view.state === undefined ? null : originOf(view.state, key)
  const detail = {
    ...shown,
    ...(metadata?.creationTimestamp !== undefined && { createdAt: metadata.creationTimestamp }),
    ...(told !== undefined && { since: told.lastTransitionTime }),
    ...(origin !== null && { origin: { reason: origin.reason, message: origin.message } }),
    announcers: view.overview.announcements.ofService(key).map(announcerView),
    ...candidatesOf(view, service, slices),
  }
  return { ...detail, sentences: sentencesOf(detail) }
}

function announcerView(object: ServiceL2Status): AnnouncerView {
  const interfaces = object.status?.interfaces?.flatMap(({ name }) => name ?? [])
  const since = object.metadata.creationTimestamp
  return {
    node: nodeOf(object),
    ...(interfaces !== undefined && { interfaces }),
    ...(since !== undefined && { since }),
  }
}

function candidatesOf(
  { overview, cluster }: ControllerView,
  service: Service,
  slices: readonly EndpointSlice[] | null,
): { candidates: CandidateView[]; withheld?: Reason } {
  const ranked = rankNodes(service, slices, overview.candidates(cluster))
  if ('ranking' in ranked) return { candidates: ranked.ranking.map(candidateView) }
  const { withheld } = ranked
  return { candidates: [], withheld: { reason: withheld, message: explainWithheld(withheld) } }
}

function candidateView({ node, place, score, interfaces, because }: RankedNode): CandidateView {
  return {
    node,
    score,
    eligible: because === null,
    ...(place !== null && { place }),
    ...(interfaces !== null && { interfaces }),
    ...(because !== null && { reason: because, message: `${node} ${explainIneligibility(because)}` }),
  }
}
