// The shell around the native addon: sockets, the responder thread, the kernel's news of interfaces.
export { bootTime, type ReceivedFrame } from './addon.ts'
export { AddonMissing, MissingCapability, WireError } from './errors.ts'
export { LinkWatcher, type LinkWatcherInit, readLinks } from './link-watcher.ts'
export {
  type ListenFailure,
  type Observation,
  requireRawSockets,
  Responder,
  type ResponderCounters,
  type ResponderInit,
  type ResponderTable,
  type TableEntry,
} from './responder.ts'
export { parseIPv4Routes, parseIPv6Routes, type Route } from './routes.ts'
