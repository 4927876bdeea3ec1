// The page of the controller in a real browser: Debian's chromium, or the one that CHROMIUM names.
// SCREENSHOTS=FOLDER keeps a picture of it, light and dark.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import test, { after, before } from 'node:test'
import { promisify } from 'node:util'
import { type Browser, chromium, type Locator, type Page } from 'playwright-core'
import { advertisement, announcers, apply, assigned, kubectl, NAMESPACE, pool, web } from '../e2e/cluster.ts'

const run = promisify(execFile)
const DEADLINE_MS = 30_000

let door: Server
let browser: Browser
let page: Page
let address: string
const complaints: string[] = []

/** A port that leads to the loopback of a controller's pod, as kubectl port-forward makes one. */
async function openDoor(): Promise<string> {
  door = createServer((outside) => {
    const inside = connect(`${process.env.SANDBOX_DIR}/status.sock`)
    outside.pipe(inside).pipe(outside)
    for (const socket of [outside, inside]) {
      socket.on('error', () => undefined)
      socket.on('close', () => [outside, inside].forEach((each) => each.destroy()))
    }
  }).listen(0, '127.0.0.1')
  await once(door, 'listening')
  return `http://localhost:${(door.address() as AddressInfo).port}/`
}

before(async () => {
  await apply(pool('lan', ['172.25.254.50-172.25.254.81']), advertisement('all'))
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox'], // it is in one
  })
  page = await browser.newPage({ viewport: { width: 1180, height: 900 } })
  page.setDefaultTimeout(DEADLINE_MS)
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => complaints.push(message.text()))
  page.on('request', (request) => {
    if (new URL(request.url()).hostname !== 'localhost' && !request.url().startsWith('data:'))
      complaints.push(`asked ${request.url()}`)
  })
  address = await openDoor()
  await page.goto(address)
  await page.getByText('live', { exact: true }).waitFor()
})

after(async () => {
  await browser?.close()
  door?.close()
  await run('ip', ['link', 'set', 'lan-node-1', 'up'])
  await kubectl('delete deployment,service -l!provider')
  await kubectl(`delete ipaddresspools,l2advertisements --all -n ${NAMESPACE}`)
})

/** What the map tells of its first address. */
async function firstCell(): Promise<string> {
  const map = page.getByRole('application')
  await map.focus()
  await map.press('Home')
  return (await page.locator('.described').textContent()) ?? ''
}

function cardOf(node: string): Locator {
  return page.locator('#nodes li').filter({ has: page.getByRole('heading', { name: node, exact: true }) })
}

/** Waits until the node's card has the text; otherwise tells what it has. */
async function cardTells(node: string, text: string): Promise<void> {
  const card = cardOf(node)
  await card
    .getByText(text)
    .waitFor()
    .catch(async (cause: unknown) => {
      throw new Error(`the card of ${node} tells: ${await card.innerText()}`, { cause })
    })
}

test('a Service that is created appears with its address, its cell fills, and its node has it', async () => {
  assert.equal(await firstCell(), '172.25.254.50: free')
  await apply(...web('web'))
  await assigned('web', '172.25.254.50')
  await page.getByRole('row', { name: /default\/web assigned 172\.25\.254\.50 lan node-/ }).waitFor()
  const [holder = ''] = await announcers('web')
  await page.getByText(`172.25.254.50: default/web, ${holder}`).waitFor()
  await page.locator('#nodes li', { hasText: '172.25.254.50' }).waitFor()
  await cardOf(holder)
    .getByText(/^172\.25\.254\.50$/)
    .waitFor()
  for (const node of ['node-1', 'node-2', 'node-3']) await cardTells(node, 'eth0: hears 2 of 2 others')
})

test('one that gets no address says why, in the list and in full', async () => {
  await apply(...web('greedy', { annotations: { 'metallb.io/address-pool': 'wan' } }))
  const row = page.getByRole('row', { name: /default\/greedy pending.*unknown pool "wan"/ })
  await row.waitFor()
  await row.getByRole('button').click()
  const dialog = page.getByRole('dialog', { name: 'default/greedy' })
  await dialog.getByText('default/greedy has no address', { exact: false }).waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
})

test('a cable is pulled, and the map follows', async () => {
  const [holder = ''] = await announcers('web')
  const others = ['node-1', 'node-2', 'node-3'].filter((node) => node !== holder)
  await run('ip', ['link', 'set', `lan-${holder}`, 'down'])
  try {
    await page
      .locator('#nodes li', { hasText: '172.25.254.50' })
      .filter({ has: page.getByRole('heading', { name: new RegExp(others.join('|')) }) })
      .waitFor()
    for (const node of others) await cardTells(node, `eth0: hears 1 of 2 others, not ${holder}`)
    await page
      .getByRole('log')
      .getByText(/default\/web: node-\d announces it/)
      .first()
      .waitFor()
    if (process.env.SCREENSHOTS !== undefined) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        await page.screenshot({ path: `${process.env.SCREENSHOTS}/page-${colorScheme}.png` })
      }
    }
  } finally {
    await run('ip', ['link', 'set', `lan-${holder}`, 'up'])
  }
})

test('a Service is found by its name, its address and its node, with the keyboard alone', async () => {
  await page.getByRole('searchbox').focus()
  for (const [word, count] of [
    ['web', 1],
    ['172.25.254.50', 1],
    ['nothing like it', 0],
  ] as const) {
    await page.getByRole('searchbox').fill(word)
    await page.getByText(`${count} found`, { exact: true }).waitFor()
  }
  await page.getByRole('searchbox').fill('')
})

test('a page that the controller turned away at first is live as soon as it does not', async () => {
  const early = await browser.newPage()
  const turnAway = { status: 503, headers: { 'retry-after': '1' } }
  await early.route('**/api/v1/events', (route) => route.fulfill(turnAway), { times: 2 })
  await early.goto(address)
  await early.getByText('no connection: trying again', { exact: true }).waitFor()
  await early.getByText('live', { exact: true }).waitFor({ timeout: DEADLINE_MS })
  await early.getByRole('row', { name: /default\/web assigned/ }).waitFor({ timeout: DEADLINE_MS })
  await early.close()
})

test('everything that can be used has a name, and the page has a heading for each part', async () => {
  const snapshot = await page.locator('body').ariaSnapshot()
  assert.doesNotMatch(snapshot, /- (button|textbox|searchbox|combobox|application)(:|$)/m)
  for (const title of ['Nodes', 'Pools', 'Services', 'What happened'])
    await page.getByRole('heading', { name: title, exact: true }).waitFor()
})

test('the page asked no other host, and nothing of it was refused or failed', () => {
  assert.deepEqual(complaints, [])
})
