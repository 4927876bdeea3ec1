// The life cycle that every long-running part has.

/** `start` once, `stop` once; after `stop` has resolved nothing of it runs any more. */
export interface Startable {
  start(): void | Promise<void>
  stop(): void | Promise<void>
}

/** One part made of many: started in this order, stopped in the opposite one. */
export function inOrder(parts: readonly Startable[]): Startable {
  return {
    async start() {
      for (const part of parts) await part.start()
    },
    async stop() {
      for (const part of parts.toReversed()) await part.stop()
    },
  }
}
