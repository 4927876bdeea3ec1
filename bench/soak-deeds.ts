// What a soak does to the cluster at random: Services come, go and change, and something breaks. Whatever broke is whole
// again after `mend`.
import { setTimeout as sleep } from 'node:timers/promises'
import { apply, kubectl, loadBalancer, NAMESPACE, signal } from '../test/e2e/cluster.ts'
import { on } from '../test/e2e/lan.ts'
import type { Random } from '../test/simulation/random.ts'

/** Nodes whose speakers may fail; the pods that answer run on another. */
const CANDIDATES = ['node-1', 'node-2', 'node-3']
const MOST_SERVICES = 20
const FEWEST_SERVICES = 5
const OUTAGE_MS = [1000, 5000] as const

export class Deeds {
  /** Names of the Services that there are. */
  readonly services = new Set<string>()
  /** How often each was done. */
  readonly counts = new Map<string, number>()
  /** Services that were given another address on purpose. */
  readonly moved = new Set<string>()
  readonly #random: Random
  readonly #addresses: readonly string[]
  readonly #mends = new Map<string, () => Promise<unknown> | void>()
  #next = 1

  constructor(random: Random, addresses: readonly string[]) {
    this.#random = random
    this.#addresses = addresses
  }

  /** Does one thing or another. */
  async one(): Promise<void> {
    const deeds: Readonly<Record<string, () => Promise<unknown> | void>> = {
      create: () => this.create(),
      delete: () => this.#delete(),
      'other port': () => this.#patch({ spec: { ports: [{ port: this.#random.whole(81, 8000) }] } }),
      'other address': () => this.#request(),
      'cable pulled': () => this.#pull(this.#random.pick(CANDIDATES)),
      'speaker killed': () => this.#kill(this.#random.pick(CANDIDATES)),
      'speaker frozen': () => this.#freeze(this.#random.pick(CANDIDATES)),
      'speaker replaced': () => replaceSpeaker(this.#random.pick(CANDIDATES)),
      'controller replaced': () => kubectl(`delete pod -n ${NAMESPACE} -l component=controller --wait=false`),
      'API server away': () => this.#withoutApi(() => sleep(this.#random.between(...OUTAGE_MS))),
      'API server away, cable pulled': () =>
        this.#withoutApi(async () => {
          await this.#pull(this.#random.pick(CANDIDATES))
          await sleep(this.#random.between(...OUTAGE_MS))
        }),
    }
    const name = this.#random.pick(Object.keys(deeds))
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
    await deeds[name]?.()
  }

  async create(): Promise<void> {
    if (this.services.size >= MOST_SERVICES) return
    const name = `s-${this.#next++}`
    this.services.add(name)
    await apply(loadBalancer(name, { spec: { selector: { app: 'web' } } }))
  }

  /** Makes everything whole. */
  async mend(): Promise<void> {
    for (const mend of this.#mends.values()) await mend()
    this.#mends.clear()
    await kubectl(`rollout status daemonset speaker -n ${NAMESPACE} --timeout=120s`)
    await kubectl(`rollout status deployment controller -n ${NAMESPACE} --timeout=120s`)
  }

  async #delete(): Promise<void> {
    if (this.services.size <= FEWEST_SERVICES) return
    const name = this.#random.pick([...this.services])
    this.services.delete(name)
    await kubectl(`delete service ${name} --wait=false`)
  }

  async #request(): Promise<void> {
    const address = this.#random.pick(this.#addresses)
    await this.#patch({ metadata: { annotations: { 'metallb.io/loadBalancerIPs': address } } })
  }

  async #patch(patch: { spec?: object; metadata?: object }): Promise<void> {
    const name = this.#random.pick([...this.services])
    if (patch.metadata !== undefined) this.moved.add(name)
    await kubectl(`patch service ${name} --type=merge -p ${JSON.stringify(patch)}`)
  }

  /** Of two nodes at most, so that one is left. */
  #mayBreak(node: string): boolean {
    const broken = new Set([...this.#mends.keys()].map((key) => key.split(' ')[1]))
    return !broken.has(node) && broken.size < CANDIDATES.length - 1
  }

  async #pull(node: string): Promise<void> {
    if (!this.#mayBreak(node)) return
    this.#mends.set(`cable ${node}`, () => on('', `ip link set lan-${node} up`))
    await on('', `ip link set lan-${node} down`)
  }

  #kill(node: string): void {
    if (!this.#mayBreak(node)) return
    // A new pod: a container that ends again and again is started later each time.
    this.#mends.set(`killed ${node}`, () => replaceSpeaker(node))
    signal(`speaker-${node}`, 'SIGKILL')
  }

  async #freeze(node: string): Promise<void> {
    if (!this.#mayBreak(node)) return
    signal(`speaker-${node}`, 'SIGSTOP')
    await sleep(this.#random.between(...OUTAGE_MS))
    signal(`speaker-${node}`, 'SIGCONT')
  }

  async #withoutApi(work: () => Promise<unknown>): Promise<void> {
    signal('kube-apiserver', 'SIGSTOP')
    try {
      await work()
    } finally {
      signal('kube-apiserver', 'SIGCONT')
    }
  }
}

function replaceSpeaker(node: string): Promise<string> {
  const which = `-l component=speaker --field-selector spec.nodeName=${node}`
  return kubectl(`delete pod -n ${NAMESPACE} ${which} --wait=false`)
}
