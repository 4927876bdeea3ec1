// Reads the configuration from the copy of the cluster, and tells what of it is refused.

import type { Logger } from 'pino'
import { type Configuration, readConfiguration } from '../config/index.ts'
import type { ConfigurationStateWriter } from '../kube/index.ts'
import type { ClusterCopy } from './cluster-copy.ts'

export interface ConfigurationReaderComponents {
  cluster: ClusterCopy
  log: Logger
  configurationState: ConfigurationStateWriter
}

export class ConfigurationReader {
  readonly #components: ConfigurationReaderComponents
  #said = ''

  constructor(components: ConfigurationReaderComponents) {
    this.#components = components
  }

  read(): Configuration {
    const { cluster, log, configurationState } = this.#components
    const configuration = readConfiguration(cluster.configurationObjects)
    const { refusals } = configuration
    const said = JSON.stringify(refusals)
    if (said !== this.#said) for (const refusal of refusals) log.warn(refusal, 'refused')
    this.#said = said
    configurationState.report(
      refusals.map(({ object, message }) => `${object.kind} ${object.name}: ${message}`),
    )
    return configuration
  }
}
