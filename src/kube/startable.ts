// The life cycle that every long-running part has.

/** `start` once, `stop` once; after `stop` has resolved nothing of it runs any more. */
export interface Startable {
  start(): void | Promise<void>
  stop(): void | Promise<void>
}

/**
 * One part made of many: started in this order, stopped in the opposite one. All are stopped even if one of them fails
 * to; then `stop` rejects with the first failure.
 */
export function inOrder(parts: readonly Startable[]): Startable {
  return {
    async start() {
      for (const part of parts) await part.start()
    },
    async stop() {
      const failures: unknown[] = []
      for (const part of parts.toReversed()) {
        try {
          await part.stop()
        } catch (error) {
          failures.push(error)
        }
      }
      if (failures.length > 0) throw failures[0]
    },
  }
}
