// HTTP for people and programs: health, metrics, the status API.

export { type PoolView, type ServiceView, statusServer, type StatusSource } from './api.ts'
export { type Health, healthServer } from './health.ts'
export { listenOn } from './listen.ts'
export {
  apiRequestMetrics,
  eventMetrics,
  metricsRegistry,
  metricsServer,
  registerConfigurationMetrics,
} from './metrics.ts'
