// Who holds an address: the order in which nodes should, and the protocol by which the speakers of one segment agree.
export { Instance, type InstanceInit, type Observation } from './instance.ts'
export { type Intent, isAnswering } from './contest.ts'
export { KeyRing } from './key-ring.ts'
export { type Candidate, candidateOrder } from './order.ts'
export type { Action, Output, Transition } from './output.ts'
export type { Cause } from './table.ts'
export { DEFAULT_SETTINGS, type Settings } from './timing.ts'
