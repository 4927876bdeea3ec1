// As long as others change the network, nothing waits that a hello or a takeover waits for.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Link } from '../../src/announcer/index.ts'
import { formatAddress } from '../../src/ip/index.ts'
import { LinkWatcher } from '../../src/wire/index.ts'
import { type Cable, layCable, sh } from './cable.ts'
import { prepareRtnlLock, type Release } from './rtnl.ts'
import { until } from './until.ts'

/** Longer than the watcher waits from a change to its reading. */
const READING_BEGUN_MS = 100

const lock = prepareRtnlLock()
const options = { skip: lock.obstacle ?? false }

let cable: Cable
let watcher: LinkWatcher
let links: readonly Link[]
let release: Release | undefined

before(() => (cable = layCable()))

after(() => {
  cable.remove()
  lock.remove()
})

beforeEach(() => {
  watcher = new LinkWatcher({
    onLinks: (now) => (links = now),
    onError: (error) => {
      throw error
    },
  })
  watcher.start()
})

afterEach(async () => {
  await release?.()
  watcher.stop()
})

/** From here on nobody can change anything. */
function hold(): void {
  release = lock.hold()
}

/** Lets the others go on; fails when they were not let wait until now: then something waited for them. */
async function assertNothingWaited(): Promise<void> {
  const isHeld = await release?.()
  release = undefined
  assert.ok(isHeld, 'something waited for the lock')
}

test('a change is read without the event loop waiting, and told when it could be read', options, async () => {
  const { name } = cable
  const isTold = (): boolean =>
    links.some((link) => link.networks.some(({ address }) => formatAddress(address) === '198.51.100.7'))
  sh(`ip addr add 198.51.100.7/28 dev ${name}`)
  hold()
  await delay(READING_BEGUN_MS)
  await assertNothingWaited()
  await until(isTold, () => sh(`ip addr show dev ${name}`))
  sh(`ip addr del 198.51.100.7/28 dev ${name}`)
})
