// The page of the controller: puts its parts together and draws what has changed, once a frame.

import type { PoolDetail } from '../status/index.ts'
import { byId, counted, make, onceAFrame } from './dom.ts'
import { type Changed, Live, readService } from './live.ts'
import { PoolMap } from './pool-map.ts'
import { isTroubled, Store } from './store.ts'
import { HistoryView, NodesView, ServicesView, showDetail } from './views.ts'

const store = new Store()

function open(key: string): void {
  void readService(key).then((detail) => showDetail(key, detail))
}

interface ShownPool {
  readonly element: HTMLElement
  readonly words: HTMLElement
  readonly maps: readonly PoolMap[]
  /** The ranges that the maps were made for. */
  readonly ranges: string
}

const shownPools = new Map<string, ShownPool>()

function drawPools(): void {
  const pools = [...store.pools.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const [name, { element }] of shownPools) {
    if (store.pools.has(name)) continue
    element.remove()
    shownPools.delete(name)
  }
  for (const pool of pools) {
    const shown = shownPool(pool)
    shown.words.textContent = wordsFor(pool)
    for (const map of shown.maps) map.draw(pool, store.ofPool(pool.name))
  }
}

function shownPool(pool: PoolDetail): ShownPool {
  const { name } = pool
  const ranges = JSON.stringify(pool.ranges)
  const before = shownPools.get(name)
  if (before?.ranges === ranges) return before
  const maps = pool.ranges.flatMap((range) => PoolMap.of({ range, onChosen: open }) ?? [])
  const words = make('p', {})
  const element = make(
    'div',
    { className: 'pool' },
    make('h3', {}, name),
    words,
    ...maps.map((map) => map.element),
  )
  if (before === undefined) byId('pools', HTMLElement).append(element)
  else before.element.replaceWith(element)
  const shown = { element, words, maps, ranges }
  shownPools.set(name, shown)
  return shown
}

function wordsFor({ state, message, services, conflicts, exhaustion, ...counts }: PoolDetail): string {
  const free =
    [counts.availableIPv4, counts.availableIPv6].filter((count) => count !== '0').join(' and ') || 'none'
  const ends = exhaustion === undefined ? '' : ` At the present rate it is full at ${exhaustion.at}.`
  const strangers = conflicts.map((each) => ` ${each.namespace}/${each.name}: ${each.message}.`).join('')
  const refused = state === 'Accepted' ? '' : ` ${state}${message === undefined ? '' : `: ${message}`}.`
  return `${counted(services, 'Service', 'Services')}; free: ${free}.${refused}${ends}${strangers}`
}

const nodes = new NodesView()
const past = new HistoryView()
const list = new ServicesView(
  () => list.draw(store.sorted),
  (key) => open(key),
)

function drawServices(): void {
  list.draw(store.sorted)
  const all = store.sorted
  const pending = all.filter(({ view }) => view.state === 'Pending').length
  const troubled = all.filter(({ view }) => isTroubled(view)).length
  byId('summary', HTMLElement).textContent =
    `${counted(all.length, 'Service', 'Services')}, ${pending} pending, ${troubled} not announced`
}

const drawMaps = onceAFrame(drawPools)
const draw: Record<Changed, () => void> = {
  services: onceAFrame(() => {
    drawServices()
    drawMaps()
  }),
  pools: drawMaps,
  speakers: onceAFrame(() => nodes.draw(store.speakers.values())),
  transitions: onceAFrame(() => past.draw(store.transitions)),
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawMaps)
new Live(store, {
  onChange: (what) => draw[what](),
  onConnection(text, lost) {
    const connection = byId('connection', HTMLElement)
    connection.textContent = text
    connection.classList.toggle('lost', lost)
  },
}).start()
