// From the objects that users write to pools and advertisements that hold, and the reasons where they do not.
export { type Advertisement, advertises } from './advertisement.ts'
export {
  type Configuration,
  type ConfigurationObjects,
  type Location,
  locate,
  POOLS_QUIET_MS,
  readConfiguration,
} from './configuration.ts'
export {
  type Pool,
  type PoolReference,
  type RefusedPool,
  avoids,
  samePool,
  sameTerms,
  whyForbidden,
  whyWithheld,
} from './pool.ts'
export { selectsNamespaces } from './parse-pool.ts'
export type { ConfigurationRefusal } from './refusal.ts'
export { nodeReservations, serviceCidrReservations } from './cluster-addresses.ts'
export type { Reservation } from './reservation.ts'
export { anySelects, type Labels } from './selector.ts'
export {
  advertisementsFor,
  type AnnouncedService,
  type AnnouncementRefusal,
  type AnnouncingNode,
  announcingNodes,
  type Prospect,
  prospectsOf,
} from './announcement.ts'
