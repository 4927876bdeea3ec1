// Who should hold an address.
export { type Candidate, candidateOrder } from './order.ts'
