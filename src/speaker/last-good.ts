// An advertisement that was good and is edited into one that is not: what it announced stays announced, as long as the
// process lives. Which is good is decided by config/. Pure.

import type { L2Advertisement } from '../api/index.ts'
import { type Configuration, type ConfigurationObjects, readConfiguration } from '../config/index.ts'

export class LastGood {
  #advertisements: ReadonlyMap<string, L2Advertisement> = new Map()

  /** The configuration to announce by, with the refusals of the objects as they are now. */
  read(objects: ConfigurationObjects): Configuration {
    const configuration = readConfiguration(objects)
    const refused = new Set(
      configuration.refusals.flatMap(({ object }) => (object.kind === 'L2Advertisement' ? object.name : [])),
    )
    const usable = objects.advertisements.flatMap((advertisement) => {
      const name = nameOf(advertisement)
      return refused.has(name) ? (this.#advertisements.get(name) ?? []) : advertisement
    })
    this.#advertisements = new Map(usable.map((advertisement) => [nameOf(advertisement), advertisement]))
    if (refused.size === 0) return configuration
    return {
      ...readConfiguration({ ...objects, advertisements: usable }),
      refusals: configuration.refusals,
    }
  }
}

function nameOf({ metadata }: L2Advertisement): string {
  return metadata.name ?? ''
}
