// What a speaker tells of its node: what speaks for or against announcing there, and no object of the cluster shows.

import { COUNT, FLAG, listOf, objectOf, text } from './schema.ts'

/** A network interface that can announce. */
export interface InterfaceView {
  readonly name: string
  readonly mac: string
  /** Bytes. */
  readonly mtu: number
  readonly isUp: boolean
  /** Its own addresses, each with the prefix length of its subnet. */
  readonly networks: readonly string[]
  /** What the kernel does with IPv4 packets whose answer would leave by another interface; `null`: not known. */
  readonly rpFilter: 'off' | 'strict' | 'loose' | null
  /** Whether IPv4 packets to anywhere else leave by it. */
  readonly isDefault: boolean
}

/** A router that the node sends packets to. */
export interface GatewayView {
  readonly ip: string
  readonly interface: string
}

export interface NodeView {
  readonly node: string
  /** Of the speaker. */
  readonly version: string
  readonly interfaces: readonly InterfaceView[]
  readonly gateways: readonly GatewayView[]
}

export const NODE_VIEW = objectOf<NodeView>(
  'Node',
  {
    node: text(),
    version: text('of the speaker'),
    interfaces: listOf(
      objectOf<InterfaceView>(
        'Interface',
        {
          name: text(),
          mac: text(),
          mtu: COUNT,
          isUp: FLAG,
          networks: listOf(text('an address of its own, and the prefix length of its subnet')),
          rpFilter: { enum: ['off', 'strict', 'loose', null] },
          isDefault: { ...FLAG, description: 'IPv4 packets to anywhere else leave by it' },
        },
        {},
      ),
      'those that can announce',
    ),
    gateways: listOf(objectOf<GatewayView>('Gateway', { ip: text(), interface: text() }, {})),
  },
  {},
)
