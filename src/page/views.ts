// The parts of the page besides the maps: nodes, the list of Services, what happened, one Service in detail.

import type { ServiceDetail, SpeakerSegment, SpeakerView, Transition } from '../status/index.ts'
import { byId, counted, make, showChildren, tell } from './dom.ts'
import { isTroubled, type KnownService } from './store.ts'

/** Addresses named on a node's card. */
const NAMED = 12
const FLASH_MS = 4000

export class NodesView {
  readonly #list = byId('nodes', HTMLElement)
  readonly #held = new Map<string, string>()
  /** Nodes that have a speaker. */
  #speaking: readonly string[] = []
  /** As they were drawn last; one that has not changed is used again. */
  #drawn: ReadonlyMap<SpeakerView, HTMLElement> = new Map()

  draw(speakers: Iterable<SpeakerView>): void {
    const all = [...speakers].sort((a, b) => (byNumber(a.node) < byNumber(b.node) ? -1 : 1))
    const speaking = all.filter(({ pod }) => pod !== undefined).map(({ node }) => node)
    if (speaking.join() !== this.#speaking.join()) this.#drawn = new Map()
    this.#speaking = speaking
    const cards = new Map(all.map((each) => [each, this.#drawn.get(each) ?? this.#card(each, speaking)]))
    this.#drawn = cards
    showChildren(this.#list, [...cards.values()])
  }

  #card(speaker: SpeakerView, speaking: readonly string[]): HTMLElement {
    const { node, eligible, message, ready, nodeAddresses, services, ips, version, silence } = speaker
    const held = ips.join()
    const before = this.#held.get(node)
    this.#held.set(node, held)
    const named = ips.slice(0, NAMED).join(' ')
    const more = ips.length > NAMED ? ` and ${ips.length - NAMED} more` : ''
    const trouble = message ?? (ready ? silence : `${node}'s speaker is not Ready`)
    const where = [...nodeAddresses, ...(version === undefined ? [] : [`version ${version}`])]
    const card = make(
      'li',
      { className: eligible ? '' : 'barred' },
      make('h3', {}, node),
      make('p', {}, where.join(', ')),
      make(
        'p',
        {},
        `${counted(services, 'Service', 'Services')}, ${counted(ips.length, 'address', 'addresses')}`,
      ),
      make('p', { className: 'ips' }, named + more),
      ...(speaker.segments ?? []).map((segment) => segmentLine(segment, node, speaking)),
      ...(trouble === undefined ? [] : [make('p', { className: 'trouble' }, trouble)]),
    )
    if (before !== undefined && before !== held) {
      card.classList.add('changed')
      setTimeout(() => card.classList.remove('changed'), FLASH_MS)
    }
    return card
  }
}

/** To sort node-2 before node-10: a collator of the browser that can takes 20 ms to make. */
function byNumber(name: string): string {
  return name.replaceAll(/\d+/g, (digits) => digits.padStart(10, '0'))
}

/** Names of those not heard; on several segments that is in order. */
const UNHEARD_NAMED = 4

function segmentLine(segment: SpeakerSegment, node: string, speaking: readonly string[]): HTMLElement {
  const { interface: name, isUp, isListening, peers, disputed } = segment
  const heard = new Set(peers)
  const others = speaking.filter((other) => other !== node)
  const unheard = others.filter((other) => !heard.has(other))
  const missing = unheard.slice(0, UNHEARD_NAMED).join(', ') + (unheard.length > UNHEARD_NAMED ? ', …' : '')
  const words = [
    isUp ? `hears ${peers.length} of ${counted(others.length, 'other', 'others')}` : 'has no carrier',
    ...(isUp && missing !== '' ? [`not ${missing}`] : []),
    ...(isUp && isListening ? ['listens before it claims anything'] : []),
    ...(disputed.length > 0 ? [`two others both hold ${disputed[0]}`] : []),
  ]
  const className = isUp && disputed.length === 0 ? '' : 'trouble'
  return make('p', { className }, `${name}: ${words.join(', ')}`)
}

const ROWS = 50

export class ServicesView {
  readonly #rows = byId('rows', HTMLElement)
  readonly #query = byId('query', HTMLInputElement)
  readonly #state = byId('state', HTMLSelectElement)
  readonly #previous = byId('previous', HTMLButtonElement)
  readonly #next = byId('next', HTMLButtonElement)
  readonly #onChosen: (service: string) => void
  #from = 0
  /** As they were drawn last; one that has not changed is used again. */
  #drawn: ReadonlyMap<KnownService, HTMLElement> = new Map()

  constructor(redraw: () => void, onChosen: (service: string) => void) {
    this.#onChosen = onChosen
    const begin = (): void => {
      this.#from = 0
      redraw()
    }
    this.#query.addEventListener('input', begin)
    this.#state.addEventListener('change', begin)
    byId('filter', HTMLElement).addEventListener('submit', (event) => event.preventDefault())
    this.#previous.addEventListener('click', () => this.#turn(-ROWS, redraw))
    this.#next.addEventListener('click', () => this.#turn(ROWS, redraw))
  }

  draw(services: readonly KnownService[]): void {
    const words = this.#query.value.toLowerCase().split(/\s+/)
    const state = this.#state.value
    const found = services.filter(
      ({ text, view }) =>
        words.every((word) => text.includes(word)) &&
        (state === '' || view.state === state || (state === 'Trouble' && isTroubled(view))),
    )
    if (this.#from >= found.length) this.#from = 0
    const shown = found.slice(this.#from, this.#from + ROWS)
    const focused = (document.activeElement as HTMLElement | null)?.dataset.key
    const rows = new Map(shown.map((service) => [service, this.#drawn.get(service) ?? this.#row(service)]))
    this.#drawn = rows
    showChildren(this.#rows, [...rows.values()])
    if (focused !== undefined && document.activeElement === document.body)
      this.#rows.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus()
    tell(
      byId('found', HTMLElement),
      found.length > ROWS
        ? `${this.#from + 1} to ${this.#from + shown.length} of ${found.length}`
        : `${found.length} found`,
    )
    this.#previous.disabled = this.#from === 0
    this.#next.disabled = this.#from + ROWS >= found.length
  }

  #turn(rows: number, redraw: () => void): void {
    this.#from = Math.max(0, this.#from + rows)
    redraw()
  }

  #row({ key, view }: KnownService): HTMLElement {
    const { state, ips, pool, announcedBy, announcement, message } = view
    const open = make('button', {}, key)
    open.type = 'button'
    open.dataset.key = key
    open.addEventListener('click', () => this.#onChosen(key))
    const trouble = isTroubled(view)
    const why = message ?? (announcement?.status === 'False' ? announcement.message : '')
    const cells = [
      open,
      trouble ? 'not announced' : state === 'Pending' ? 'pending' : 'assigned',
      ips.join(', '),
      pool ?? '',
      announcedBy.join(', '),
      why,
    ]
    return make('tr', { className: trouble ? 'trouble' : '' }, ...cells.map((cell) => make('td', {}, cell)))
  }
}

const SHOWN_TRANSITIONS = 50

export class HistoryView {
  readonly #list = byId('history', HTMLElement)
  /** A screen reader tells what is new in the list: what has been told is used again. */
  readonly #entries = new WeakMap<Transition, HTMLElement>()

  draw(transitions: readonly Transition[]): void {
    showChildren(
      this.#list,
      transitions.slice(0, SHOWN_TRANSITIONS).map((transition) => this.#entryOf(transition)),
    )
  }

  #entryOf(transition: Transition): HTMLElement {
    const before = this.#entries.get(transition)
    if (before !== undefined) return before
    const { time, kind, namespace, name, message } = transition
    const when = make('time', {}, time.slice(11, 19))
    when.dateTime = time
    const bad = kind === 'Refused' || kind === 'Trouble'
    const entry = make('li', { className: bad ? 'trouble' : '' }, when, ` ${namespace}/${name}: ${message}`)
    this.#entries.set(transition, entry)
    return entry
  }
}

/** `undefined`: it is gone. */
export function showDetail(key: string, detail: ServiceDetail | undefined): void {
  byId('detail-title', HTMLElement).textContent = key
  const sentences = detail?.sentences ?? ['It is gone.']
  byId('sentences', HTMLElement).replaceChildren(...sentences.map((sentence) => make('li', {}, sentence)))
  const dialog = byId('detail', HTMLDialogElement)
  if (!dialog.open) dialog.showModal()
}
