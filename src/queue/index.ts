// What waits for its time. Knows no clock.
export { DueQueue } from './due-queue.ts'
