// HTTP for people and programs: health, metrics, the status API.

export type { Collection, ServiceFilter, StatusSource, TransitionFilter } from './controller-api.ts'
export { VERSION } from './api-routes.ts'
export { ChangeLog } from './change-log.ts'
export { type Health, healthServer } from './health.ts'
export { httpsAccess } from './https-access.ts'
export { listenOn } from './listen.ts'
export {
  apiRequestMetrics,
  countedElsewhere,
  EVENT_LOOP_SAMPLING_MS,
  eventMetrics,
  metricsRegistry,
  registerConfigurationMetrics,
} from './metrics.ts'
export type { InterfaceView, NodeView } from './node-view.ts'
export { readPage } from './page.ts'
export { Recent } from './recent.ts'
export { controllerServer, speakerServer } from './servers.ts'
export { type Hearing, SpeakerAsker, type SpeakerPlace } from './speaker-asker.ts'
export type { ClaimTransition, PeerView, SegmentView, SpeakerSource } from './speaker-api.ts'
export type * from './views.ts'
