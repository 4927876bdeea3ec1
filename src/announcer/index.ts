// What goes on the wire about addresses, where and when. Pure: links, held addresses, evidence and the time in; frames out.
export { Announcer, type Frame } from './announcer.ts'
export { announcingLinks, fitLinks, linksForRange, nodeLinks, type NodeLinks } from './interfaces.ts'
export type { FitLink, InterfaceAddress, Link } from './link.ts'
export { ListenerReports } from './listener-reports.ts'
