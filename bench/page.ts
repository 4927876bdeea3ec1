// How long the page of the controller keeps a browser busy: 10,000 Services, a /16, and changes as they come.
// Needs chromium (CHROMIUM names another).
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import {
  ChangeLog,
  controllerServer,
  metricsRegistry,
  type PoolDetail,
  type ServiceView,
  type SpeakerView,
  type StatusSource,
} from '../src/status/index.ts'
import { Figures } from './figures.ts'
import { conclude } from './result.ts'
import { settings } from './settings.ts'

/** As the build made it. */
const { PAGE } = (await import(new URL('../dist/page.js', import.meta.url).href)) as { PAGE: string }
const SERVICES = 10_000
/** A file to write it to, PNG. */
const SETTINGS = settings({ screenshot: '' })
const NODES = 20
/** A second, in steps. */
const CHANGES = 500

const services = new Map(
  Array.from({ length: SERVICES }, (_, index): [string, ServiceView] => {
    const name = `service-${String(index).padStart(5, '0')}`
    const ips = [`10.32.${(index * 5) >> 8}.${(index * 5) & 255}`]
    const view = {
      namespace: `team-${index % 40}`,
      name,
      state: 'Assigned',
      ips,
      pool: 'lan',
      announcedBy: [`node-${index % NODES}`],
    } as const
    return [`${view.namespace}/${name}`, view]
  }),
)
const keys = [...services.keys()].sort()
const pool: PoolDetail = {
  name: 'lan',
  addresses: ['10.32.0.0/16'],
  autoAssign: true,
  state: 'Accepted',
  services: SERVICES,
  assignedIPv4: String(SERVICES),
  assignedIPv6: '0',
  availableIPv4: String(65_536 - SERVICES),
  availableIPv6: '0',
  ranges: [{ first: '10.32.0.0', last: '10.32.255.255' }],
  withheld: [{ first: '10.32.255.0', last: '10.32.255.255', because: 'excluded' }],
  conditions: [],
  conflicts: [],
}

function speaker(node: string): SpeakerView {
  const ips = keys.slice(0, SERVICES / NODES).flatMap((key) => services.get(key)?.ips ?? [])
  return {
    node,
    pod: `speaker-${node}`,
    ready: true,
    nodeAddresses: ['192.0.2.1'],
    eligible: true,
    services: ips.length,
    ips,
  }
}

const changes = new ChangeLog()
const source: StatusSource = {
  notReady: () => undefined,
  pools: { keys: () => ['lan'], view: () => pool, detail: () => pool, addresses: () => undefined },
  services: { keys: () => keys, view: (key) => services.get(key), detail: async () => undefined },
  speakers: {
    keys: () => Array.from({ length: NODES }, (_, index) => `node-${index}`),
    view: speaker,
    refresh: async () => undefined,
  },
  transitions: { keys: () => [], view: () => undefined },
  changes,
}

const server = controllerServer(source, metricsRegistry(), {
  access: { kind: 'loopback' },
  page: PAGE,
  onDefect: (error) => console.error(error),
})
await server.listen({ host: '127.0.0.1', port: 0 })
const { port } = server.server.address() as AddressInfo
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
})
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
page.on('pageerror', (error) => console.error(error))
page.on('console', (message) => console.error(message.text()))
await page.addInitScript(`
  window.longest = () => { const value = window.longestMs ?? 0; window.longestMs = 0; return value }
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.longestMs = Math.max(window.longestMs ?? 0, duration)
  }).observe({ type: 'longtask', buffered: true })
`)

const figures = new Figures({
  longest: { what: 'longest task of the page; 0: below 50', unit: 'ms', goal: 'below 100' },
})

/** The longest task of the page while `work` is done, ms; tasks of less than 50 ms are not told. */
async function longest(what: string, work: () => Promise<void>): Promise<void> {
  await work()
  await sleep(1000)
  const ms = await page.evaluate<number>('window.longest()')
  figures.add('longest', what, ms)
}

await longest(`reading ${SERVICES} Services and a /16`, async () => {
  await page.goto(`http://127.0.0.1:${port}/`)
  const isThere = `document.getElementById('summary')?.textContent.startsWith('${SERVICES} Services, 0 pending')`
  while (!(await page.evaluate<boolean>(isThere))) await sleep(50)
})
// What finds and moves from here on is a script of the tool in the page, whose loading is no task of the page.
await page.getByLabel('Find').waitFor()
await page.evaluate('window.longest()')
await longest(`${CHANGES} changes a second, 3 s`, async () => {
  for (let round = 0; round < 30; round++) {
    for (let count = 0; count < CHANGES / 10; count++) {
      const key = keys[(round * 331 + count * 17) % keys.length] ?? ''
      const before = services.get(key)
      if (before !== undefined)
        services.set(key, { ...before, announcedBy: [`node-${(round * 7 + count) % NODES}`] })
      changes.mark('service', key)
    }
    changes.mark('pool', 'lan')
    await sleep(100)
  }
})
await longest('finding by text, letter by letter', () =>
  page.getByLabel('Find').pressSequentially('service-0123'),
)
await longest('moving over the map', async () => {
  const box = await page.locator('canvas').boundingBox()
  if (box === null) throw new Error('there is no map')
  for (let step = 0; step < 500; step += 10) await page.mouse.move(box.x + step, box.y + step)
})
if (SETTINGS.screenshot !== '') await page.screenshot({ path: SETTINGS.screenshot, fullPage: true })
await browser.close()
await server.close()
conclude('page', SETTINGS, figures)
