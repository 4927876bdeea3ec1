// What the election costs and how soon it is over on segments larger than this machine: the real code, virtual time.
// Of each size one speaker is measured among played ones, bytes and all. Whole segments, every speaker real, are run as
// far as a machine can hold them. docs/scale.md tells what was measured from what is calculated.
import { Random } from '../test/simulation/random.ts'
import { Figures } from './figures.ts'
import { costOfSpeaker } from './one-speaker.ts'
import { conclude } from './result.ts'
import { settings } from './settings.ts'
import { SimulatedSegment } from './simulated-segment.ts'

const SETTINGS = settings({
  speakers: '10,100,1000',
  addresses: '10,1000,10000',
  /** Speakers x addresses. */
  whole: '10x10,10x1000,10x10000,30x1000,100x10,100x1000,300x10',
  seed: 1,
})
/** Between two losses: longer than the longest dead interval. */
const SETTLE_MS = 4000

const figures = new Figures({
  frames: { what: 'frames sent by a node', unit: '/s' },
  bytes: { what: 'bytes sent by a node', unit: 'kB/s' },
  processor: { what: 'processor time of a node', unit: '% of a core' },
  busy: { what: 'busy at a time when one dies', unit: 'ms' },
  one: { what: 'one node lost', unit: 'ms until held again' },
  tenth: { what: 'a tenth lost', unit: 'ms until held again' },
  half: { what: 'half lost', unit: 'ms until held again' },
})

const numbers = (list: string): number[] => list.split(',').map(Number)
const size = (speakers: number, addresses: number): string =>
  `${speakers} speakers, ${addresses.toLocaleString('en-US')} addresses`

for (const speakers of numbers(SETTINGS.speakers)) {
  for (const addresses of numbers(SETTINGS.addresses)) {
    const { framesPerSecond, bytesPerSecond, processor, longest } = costOfSpeaker(speakers, addresses)
    const of = size(speakers, addresses)
    figures.add('frames', of, framesPerSecond)
    figures.add('bytes', of, bytesPerSecond / 1000)
    figures.add('processor', of, processor)
    figures.add('busy', of, longest)
    process.stderr.write(`${of}: one measured\n`)
  }
}
for (const each of SETTINGS.whole.split(',')) {
  const [speakers = 0, addresses = 0] = each.split('x').map(Number)
  const of = size(speakers, addresses)
  const segment = new SimulatedSegment(speakers, addresses, new Random(SETTINGS.seed).next)
  segment.start()
  figures.add('one', of, ...segment.lose(0))
  segment.run(SETTLE_MS)
  figures.add('tenth', of, ...segment.lose(0.1))
  segment.run(SETTLE_MS)
  figures.add('half', of, ...segment.lose(0.5))
  process.stderr.write(`${of}: all of them run\n`)
}
conclude('scale', SETTINGS, figures)
