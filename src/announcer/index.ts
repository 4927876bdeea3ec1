// What goes on the wire, where and when. Pure: links, held addresses and the time in; frames and the table out.
export {
  type Announced,
  Announcer,
  type AnnouncerInit,
  type DueFrame,
  type Holding,
  type TableEntry,
} from './announcer.ts'
export { fitLinks } from './interfaces.ts'
export type { FitLink, InterfaceAddress, Link } from './link.ts'
