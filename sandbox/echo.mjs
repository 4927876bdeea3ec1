// What a pod of any ordinary image does in the sandbox: answers on its ports, over HTTP, TCP and UDP, with one line
// that tells its name, its node and who asked; over UDP followed by what was sent. No dependencies and no build, so
// that many of them start quickly.
//   node echo.mjs POD NODE PORT/PROTOCOL…
// @ts-check
import { createSocket } from 'node:dgram'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'

const [pod, node, ...ports] = process.argv.slice(2)
const HTTP_REQUEST = /^[A-Z]{3,7} \S+ HTTP\/1/

/** @param {string | undefined} address @param {number | undefined} port */
function answer(address = '?', port = 0) {
  const client = address.replace(/^::ffff:/, '')
  return `${pod} on ${node} answers ${client.includes(':') ? `[${client}]` : client}:${port}\n`
}

const http = createHttpServer((request, response) => {
  const { remoteAddress, remotePort } = request.socket
  response
    .setHeader('content-type', 'text/plain')
    .setHeader('x-pod', pod ?? '')
    .end(answer(remoteAddress, remotePort))
})

/** TCP: HTTP for who speaks it; anybody else gets the line and then back what he sends. */
const tcp = () =>
  createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.once('data', (first) => {
      if (HTTP_REQUEST.test(first.toString('latin1'))) {
        http.emit('connection', socket)
        socket.unshift(first)
        return
      }
      socket.write(answer(socket.remoteAddress, socket.remotePort))
      socket.write(first)
      socket.pipe(socket)
    })
  })

for (const each of ports) {
  const [port, protocol] = each.split('/')
  if (protocol === 'UDP') {
    const udp = createSocket({ type: 'udp6', ipv6Only: false })
    udp.on('message', (asked, from) => {
      udp.send([answer(from.address, from.port), asked], from.port, from.address)
    })
    udp.bind(Number(port), '::')
  } else if (protocol === 'TCP') {
    tcp().listen(Number(port), '::')
  } else {
    process.stderr.write(`${each}: the sandbox's echo server speaks only TCP and UDP\n`)
  }
}
process.on('SIGTERM', () => process.exit(0))
