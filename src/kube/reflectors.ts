// The reflectors of one program as one part: started, stopped and awaited together.

import type { KubeObject } from '../api/index.ts'
import { Reflector, type ReflectorComponents, type ReflectorInit } from './reflector.ts'
import type { Startable } from './startable.ts'

export class Reflectors implements Startable {
  readonly #components: ReflectorComponents
  readonly #members: Pick<Reflector<KubeObject>, 'start' | 'stop' | 'synced' | 'hasSynced' | 'connected'>[] =
    []

  constructor(components: ReflectorComponents) {
    this.#components = components
  }

  /** To be called before `start`. */
  add<T extends KubeObject>(init: ReflectorInit<T>): Reflector<T> {
    const reflector = new Reflector<T>(this.#components, init)
    this.#members.push(reflector)
    return reflector
  }

  /** Whether every collection has been read once. */
  get hasSynced(): boolean {
    return this.#members.every(({ hasSynced }) => hasSynced)
  }

  /** Whether the last thing heard of the server was no failure, for any of them. */
  get connected(): boolean {
    return this.#members.every(({ connected }) => connected)
  }

  /** Resolves when every collection has been read once, or was stopped. */
  async synced(): Promise<void> {
    await Promise.all(this.#members.map(({ synced }) => synced))
  }

  start(): void {
    for (const reflector of this.#members) reflector.start()
  }

  async stop(): Promise<void> {
    await Promise.all(this.#members.map((reflector) => reflector.stop()))
  }
}
