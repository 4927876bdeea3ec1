// What speakers make of hellos that are none of theirs: they count them, and nothing else.

import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import test, { after, before } from 'node:test'
import { cleanUp, client, eventually } from './cluster.ts'
import { answeringNode, NODES } from './lan.ts'
import { assertNothingLost, outageDuring } from './outage.ts'
import { hearEachOther, metric, serve, tell, UDP_PORT, VIP } from './watched-service.ts'
import { sightingsDuring, windowsOfTwo } from './witness.ts'

const STRANGER = fileURLToPath(new URL('./hello-stranger.mjs', import.meta.url))
const CLIENT = '172.25.254.200'
/** Sent of each kind; a speaker hears its own words too, which a replay does not count among the replayed. */
const SENT = 60
const EXPECTED = SENT / 2
const FATES = ['replayed', 'truncated', 'malformed', 'unknownVersion', 'otherCluster', 'forged']

before(serve)
after(cleanUp)

/** Of each node, what it has counted under a fate. */
function counted(fate: string): Promise<number[]> {
  return Promise.all(NODES.map((node) => metric(node, `hellos_total\\{fate="${fate}"\\}`)))
}

function transitions(): Promise<number[]> {
  return Promise.all(NODES.map((node) => metric(node, 'transitions_total\\{.*\\}')))
}

test('replayed, cut, spoiled and forged hellos, and those of another cluster, are counted and change nothing', async (context) => {
  await hearEachOther(NODES)
  const holder = await answeringNode(VIP)
  const before = { transitions: await transitions(), counts: await Promise.all(FATES.map(counted)) }
  const sightings = await sightingsDuring([VIP], async () => {
    const disturbed = await outageDuring(VIP, UDP_PORT, async () => {
      await client(process.execPath, STRANGER, CLIENT, String(SENT))
      await eventually('all counted', async () => {
        for (const [index, fate] of FATES.entries()) {
          for (const [at, count] of (await counted(fate)).entries()) {
            const more = count - (before.counts[index]?.[at] ?? 0)
            assert.ok(more >= EXPECTED, `${NODES[at]} counted ${more} as ${fate}`)
          }
        }
      })
    })
    tell(context, disturbed)
    assertNothingLost(disturbed)
  })
  assert.equal(windowsOfTwo(sightings), 0)
  assert.deepEqual(await transitions(), before.transitions)
  assert.equal(await answeringNode(VIP), holder)
})
