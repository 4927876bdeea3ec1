// The life cycle that every long-running part has.

/** `start` once, `stop` once; after `stop` has resolved nothing of it runs any more. */
export interface Startable {
  start(): void | Promise<void>
  stop(): void | Promise<void>
}
