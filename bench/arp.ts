// ARP requests: see answers.ts.
import { measureAnswers } from './answers.ts'

await measureAnswers('arp', import.meta.url, { own: '192.0.2.1', first: '10.0.0.0' })
