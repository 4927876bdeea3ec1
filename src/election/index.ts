// Who holds an address: the order in which nodes should, and the protocol by which the speakers of one segment agree.
export {
  type Action,
  Instance,
  type InstanceInit,
  type Observation,
  type Output,
  type Transition,
} from './instance.ts'
export { type Intent, isAnswering } from './contest.ts'
export { KeyRing } from './key-ring.ts'
export { type Candidate, candidateOrder } from './order.ts'
export type { Cause } from './table.ts'
export { DEFAULT_SETTINGS, type Settings } from './timing.ts'
