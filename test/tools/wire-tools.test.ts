// What the tools that administrators use say of an announced address: arping, ndisc6, tcpdump.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import test, { after, before } from 'node:test'
import { promisify } from 'node:util'
import {
  advertisement,
  announcers,
  apply,
  assigned,
  eventually,
  kubectl,
  NAMESPACE,
  pool,
  signal,
  web,
} from '../e2e/cluster.ts'

const run = promisify(execFile)
const ADDRESSES = ['172.25.254.50', 'fd00:172:25:254::50'] as const

async function onClient(...command: string[]): Promise<string> {
  const { stdout } = await run('ip', ['netns', 'exec', 'client', ...command])
  return stdout
}

before(async () => {
  await apply(
    ...web('web', { spec: { ipFamilyPolicy: 'RequireDualStack' } }),
    pool(
      'lan',
      ADDRESSES.map((address) => `${address}/${address.includes(':') ? 128 : 32}`),
    ),
    advertisement('all'),
  )
  await assigned('web', ...ADDRESSES)
  await eventually('an announcer', async () => (await announcers('web')).length === 1)
})

after(async () => {
  await kubectl('delete deployment,service -l!provider')
  await kubectl(`delete ipaddresspools,l2advertisements --all -n ${NAMESPACE}`)
})

test('arping gets answers from exactly one MAC', async () => {
  const output = await onClient('arping', '-I', 'eth0', '-c', '5', ADDRESSES[0])
  const macs = new Set(output.match(/([0-9a-f]{2}:){5}[0-9a-f]{2}/gi))
  assert.equal(macs.size, 1, output)
})

test('ndisc6 gets an advertisement from exactly one MAC', async () => {
  const output = await onClient('ndisc6', '-m', '-1', ADDRESSES[1], 'eth0').catch(
    (error: { stdout: string }) => error.stdout,
  )
  const macs = new Set(output.match(/([0-9A-F]{2}:){5}[0-9A-F]{2}/gi))
  assert.equal(macs.size, 1, output)
})

test('tcpdump sees gratuitous ARP in both forms when another node takes over', async () => {
  const capture = execFile('ip', [
    'netns',
    'exec',
    'client',
    'tcpdump',
    '-i',
    'eth0',
    '-n',
    '-l',
    '-e',
    'arp',
  ])
  let seen = ''
  capture.stdout?.on('data', (text: string) => (seen += text))
  try {
    await eventually('the capture', async () => {
      await onClient('arping', '-I', 'eth0', '-c', '1', ADDRESSES[0]).catch(() => '')
      return seen.includes('who-has')
    })
    const [holder = ''] = await announcers('web')
    signal(`speaker-${holder}`, 'SIGKILL')
    await eventually('both forms', async () => {
      const form = (pattern: RegExp) => pattern.test(seen)
      return (
        form(/Request who-has 172\.25\.254\.50[^\n]* tell 172\.25\.254\.50/) &&
        form(/Reply 172\.25\.254\.50 is-at/)
      )
    })
  } finally {
    capture.kill()
  }
})
