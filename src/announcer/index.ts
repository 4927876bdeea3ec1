// What goes on the wire, where and when. Pure: links, held addresses, evidence and the time in; frames and the table out.
export { Announcer, type Holding, type TableEntry } from './announcer.ts'
export { fitLinks, neededLinks } from './interfaces.ts'
export type { FitLink, InterfaceAddress, Link } from './link.ts'
