// The speaker's flags: MetalLB's names where it has them.

import { DEFAULT_SETTINGS } from '../election/index.ts'
import { COMMON_FLAGS, type FlagSpecs, noEffect } from '../flags.ts'

const NO_MEMBERLIST = 'speakers find each other by other means'
const NO_BGP = 'addresses are announced with ARP and NDP only'

export const SPEAKER_FLAGS = {
  ...COMMON_FLAGS,
  'node-name': { env: 'METALLB_NODE_NAME', help: 'the node that we run on' },
  'ignore-exclude-lb': {
    fallback: 'false',
    help: 'announce also from nodes that are excluded from load balancers',
  },
  'excluded-interfaces': {
    fallback: '/etc/metallb/excludel2.yaml',
    help: 'file with interfaces to leave alone',
  },
  'ml-secret-key-path': {
    fallback: '/etc/ml_secret_key',
    env: 'METALLB_ML_SECRET_KEY_PATH',
    help: 'folder in which the Secret memberlist is mounted',
  },
  'allow-unauthenticated-hello': {
    fallback: 'false',
    help: 'start also without that Secret: anybody on the LAN can take addresses over',
  },
  'hello-interval': {
    fallback: String(DEFAULT_SETTINGS.helloInterval),
    help: 'ms between hellos to the other speakers, from 10 to 500',
  },
  'dead-interval': {
    fallback: String(DEFAULT_SETTINGS.deadInterval),
    help: 'ms of silence after which a speaker counts as dead, from 50 to 60000; at least 4.5 hello intervals are waited',
  },
  'hold-down': {
    fallback: String(DEFAULT_SETTINGS.holdDown),
    help: 'ms for which a preferred node waits before it takes an address back',
  },
  failback: {
    fallback: DEFAULT_SETTINGS.failback,
    help: 'when an address moves without need: preferred (to a node that an advertisement prefers), always (to the first)',
  },
  checkpoint: {
    fallback: '/run/typemetal/intents.json',
    help: 'file to start from while the API server is away; empty for none',
  },
  host: noEffect('MetalLB ignores it as well'),
  'ml-bindaddr': noEffect(NO_MEMBERLIST),
  'ml-bindport': noEffect(NO_MEMBERLIST),
  'ml-wan-config': noEffect(NO_MEMBERLIST, 'false'),
  'bgp-debounce-timeout': noEffect(NO_BGP),
  'frrk8s-namespace': noEffect(NO_BGP),
  'frrk8s-secret-passthrough': noEffect(NO_BGP, 'false'),
} as const satisfies FlagSpecs
