// Which address for which Service, and why not. Pure: the controller carries out what is decided here.
export type { Finding } from './condition.ts'
export type { Decision, ServiceEvent } from './decision.ts'
export { type Origin, originOf } from './origin.ts'
export { type PoolReport, poolReports } from './pool-report.ts'
export { type Refusal, type ServiceKey, explain } from './refusal.ts'
export { readRequest } from './request.ts'
export { reconcileService } from './reconcile.ts'
export { configure, forget, registerAll } from './register.ts'
export {
  type AllocatorState,
  type Assignment,
  advance,
  createState,
  isOurs,
  poolUsage,
  servicesByPool,
} from './state.ts'
export type { FamilyUsage, PoolUsage } from './usage.ts'
