// A stranger on the LAN who hears the speakers' hellos and sends them again, as they are or spoiled: see `SPOILED`. Runs
// on the machine outside; ends when all are sent.
//   node hello-stranger.mjs OWN_ADDRESS COUNT
// @ts-check
import { createSocket } from 'node:dgram'
import { setTimeout as sleep } from 'node:timers/promises'

const GROUP = '224.0.0.254'
const PORT = 7946
/** Enough to have heard every speaker. */
const HEARD = 30
/** Slower than the speakers themselves would be in a hurry. */
const INTERVAL_MS = 5

/** @param {number} offset @param {number} bits */
const flipped = (offset, bits) => (/** @type {Buffer} */ hello) => {
  const copy = Buffer.from(hello)
  copy.writeUInt8(copy.readUInt8(offset) ^ bits, offset)
  return copy
}

/** By the fate that a speaker counts; the offsets are those of docs/protocol.md. */
const SPOILED = {
  replayed: (/** @type {Buffer} */ hello) => hello,
  truncated: (/** @type {Buffer} */ hello) => hello.subarray(0, hello.length - 1),
  malformed: flipped(0, 1),
  unknownVersion: flipped(4, 0xff),
  otherCluster: flipped(8, 1),
  /** In the name of each speaker: it is gone. */
  forged: flipped(34, 4),
}

const [own = '', count = ''] = process.argv.slice(2)
const socket = createSocket({ type: 'udp4', reuseAddr: true })
/** @type {Buffer[]} */
const heard = []

async function sendAll() {
  for (const spoil of Object.values(SPOILED)) {
    for (let sent = 0; sent < Number(count); sent++) {
      const hello = heard[sent % heard.length]
      if (hello !== undefined) socket.send(spoil(hello), PORT, GROUP)
      await sleep(INTERVAL_MS)
    }
  }
  socket.close()
}

socket.on('message', (hello) => {
  if (heard.length === HEARD) return
  heard.push(hello)
  if (heard.length === HEARD) void sendAll()
})
socket.bind(PORT, () => {
  socket.addMembership(GROUP, own)
  socket.setMulticastInterface(own)
  socket.setMulticastLoopback(false)
  socket.setMulticastTTL(255) // RFC 5082: less would have passed a router
})
