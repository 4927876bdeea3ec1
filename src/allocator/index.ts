// Which address for which Service, and why not. Pure: the controller carries out what is decided here.
export type { Decision, ServiceEvent } from './decision.ts'
export { type Refusal, type ServiceKey, explain } from './refusal.ts'
export { reconcileService } from './reconcile.ts'
export { configure, forget, registerAll, waiting } from './register.ts'
export { type AllocatorState, type Assignment, createState, poolUsage } from './state.ts'
export type { FamilyUsage, PoolUsage } from './usage.ts'
