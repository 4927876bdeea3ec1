// A process of its own at the far end of a cable that holds an address as a speaker does, so that it can be frozen.
// Steered over IPC; ends with its parent.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { bootTime, Responder } from '../../src/wire/index.ts'
import { addressOf } from '../ip/address-of.ts'
import { linkNamed } from './cable.ts'

const DEVICE = 'eth0'

/** How far it moves its instant of validity each time. */
export const VALIDITY_MS = 375
const EXTEND_EVERY_MS = 50

/** To answer from now on, or to tell its counters. */
type Order = 'hold' | 'count'

type Told =
  | { readonly ready: true }
  | { readonly holding: true }
  | { readonly lapsed: true }
  | { readonly counted: Readonly<Record<string, number>> }

export interface Holder {
  readonly process: ChildProcess
  readonly order: (order: Order) => void
  /** The next thing told that has `key`. */
  readonly next: <K extends string>(key: K) => Promise<Extract<Told, Record<K, unknown>>>
  readonly end: () => Promise<void>
}

/** Starts one in `namespace` for `address`. */
export async function startHolder(namespace: string, address: string): Promise<Holder> {
  const node = [process.execPath, '--import', 'tsx', fileURLToPath(import.meta.url), address]
  const child = spawn('ip', ['netns', 'exec', namespace, ...node], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const told: Told[] = []
  child.on('message', (message) => told.push(message as Told))
  const next: Holder['next'] = async (key) => {
    for (;;) {
      const index = told.findIndex((each) => key in each)
      if (index >= 0) return told.splice(index, 1)[0] as never
      if (child.exitCode ?? child.signalCode) throw new Error(`the holder ended while ${key} was awaited`)
      const done = new AbortController()
      const { signal } = done
      await Promise.race([once(child, 'message', { signal }), once(child, 'exit', { signal })]).finally(() =>
        done.abort(),
      )
    }
  }
  await next('ready')
  const end = async (): Promise<void> => {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  return { process: child, order: (order) => child.send(order), next, end }
}

/** The child's side. */
function holdAddress(text: string): void {
  const tell = (what: Told): boolean | undefined => process.send?.(what)
  const address = addressOf(text)
  const { index } = linkNamed(DEVICE)
  const responder = new Responder({ onObservations: () => {} })
  responder.listenOn([linkNamed(DEVICE)])
  responder.install({ held: [{ address, interfaceIndexes: [index] }], watched: [] })
  let extending: NodeJS.Timeout | undefined
  process.on('message', (order: Order) => {
    if (order === 'count') {
      tell({ counted: responder.counters().frames })
      return
    }
    clearInterval(extending)
    responder.resume(bootTime() + VALIDITY_MS)
    extending = setInterval(() => {
      if (responder.extend(bootTime() + VALIDITY_MS)) return
      clearInterval(extending)
      tell({ lapsed: true })
    }, EXTEND_EVERY_MS)
    tell({ holding: true })
  })
  process.on('disconnect', () => process.exit())
  tell({ ready: true })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) holdAddress(process.argv[2] ?? '')
