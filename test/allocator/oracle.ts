// Holds the decisions of a controller against the model: what each Service may keep and gets, whether what it is told
// is so, how much of each pool is used. Remembers what the controller should, and nothing of how it does.
import assert from 'node:assert/strict'
import type { Service } from '../../src/api/index.ts'
import { type Decision, type PoolUsage, type Refusal, explain } from '../../src/allocator/index.ts'
import { formatAddress } from '../../src/ip/index.ts'
import { type Expectation, type Possession, expect, homeByPools, whatStays } from './expectation.ts'
import {
  type Known,
  type Rules,
  type Wish,
  type World,
  canonical,
  familyOf,
  isOlder,
  mayShare,
  readRules,
  readWish,
  whoExpels,
} from './model.ts'
import { conditionOf, ingressOf, recordedPool } from './service-objects.ts'
import { isPermitted, isTrue } from './truth.ts'

/** For so long an address that was given up may be left for others. */
const REST_MS = 5 * 60_000

export class Oracle {
  #world: World
  #rules: Rules
  #now = 0
  readonly #book = new Map<string, Known>()
  /** When addresses were given up, and by whom. */
  readonly #freed = new Map<string, { at: number; by: string }>()
  /** By the sentence of the condition. */
  readonly #refusals = new Map<string, Refusal>()

  constructor(world: World) {
    this.#world = world
    this.#rules = readRules(world)
  }

  set world(world: World) {
    this.#world = world
    this.#rules = readRules(world)
  }

  set now(ms: number) {
    this.#now = ms
  }

  /** A controller starts, and finds these: the older keep what they show, and the younger what these do not exclude. */
  start(objects: readonly Service[]): void {
    this.#freed.clear()
    this.#book.clear()
    const ours = objects.map((object) => ({ object, wish: readWish(object) })).filter(({ wish }) => wish.ours)
    for (const { object, wish } of ours.sort((a, b) => (isOlder(a.wish, b.wish) ? -1 : 1))) {
      const { addresses, pool } = whatStays(this.#rules, this.#book, wish, plausible(object))
      this.#book.set(wish.key, { wish, addresses, pool, yielding: new Set(), shown: shownOf(object) })
    }
  }

  /** Whether the Service is one that the controller gives addresses to, as far as it has seen. */
  knows(key: string): boolean {
    return this.#book.has(key)
  }

  forget(key: string): void {
    this.#note(key, undefined)
  }

  /** Holds what `decide` decides for one Service against the model. */
  judge(object: Service, decide: () => Decision): Decision {
    const wish = readWish(object)
    const known = this.#book.get(wish.key)
    const shown = shownOf(object)
    const possession = this.#possession(object, known)
    if (wish.ours && (known === undefined || known.addresses.length === 0)) this.#displace(wish, possession)
    const before = known?.shown ?? []
    const own = [...possession.addresses, ...shown, ...before]

    const decision = decide()
    const told = `${wish.key}: ${say(decision)}`
    const addresses = decision.addresses.map(formatAddress)
    if (wish.ours) {
      const expected = [expect(this.#rules, this.#book, wish, possession)]
      if (own.length > 0) expected.push(expect(this.#rules, this.#book, wish, possession, own))
      const found = expected.some((one) => this.#fulfils(one, addresses, decision, wish.key))
      assert.ok(found, `${told}; expected ${JSON.stringify(expected[0])}`)
      this.#checkReasons(wish, decision, addresses, own, told)
    } else {
      assert.deepEqual(addresses, [], told)
      assert.notEqual(decision.write, 'assign', told)
    }
    const releases = !wish.ours && decision.write === 'release'
    this.#note(wish.key, {
      wish,
      addresses,
      pool: decision.pool,
      yielding: new Set(),
      shown: wish.ours || releases ? shown : [],
    })
    return decision
  }

  /** Asserts that there is nothing to do for a Service; `decision`: one more. */
  checkIdle(object: Service, decision: Decision): void {
    const { write, addresses } = decision
    const shown = shownOf(object)
    // Without any pool a Service may take back what it shows already, though nobody tells it that it can.
    const lenient =
      this.#rules.pools.length === 0 && addresses.every((one) => shown.includes(formatAddress(one)))
    const idle = write === 'none' || lenient || (write === 'explain' && this.#isStillTrue(object, decision))
    assert.ok(idle, `${readWish(object).key} was not looked at: ${say(decision)}`)
  }

  /** When all is quiet the objects show what their Services have, and nobody shares an address wrongly. */
  checkShown(objects: readonly Service[]): void {
    const ours = objects.map((object) => ({ wish: readWish(object), object })).filter(({ wish }) => wish.ours)
    for (const { wish, object } of this.#rules.pools.length === 0 ? [] : ours) {
      assert.deepEqual(
        shownOf(object),
        this.#book.get(wish.key)?.addresses ?? [],
        `${wish.key} shows something else`,
      )
      for (const other of ours) {
        const common =
          other === undefined || other.wish === wish
            ? undefined
            : shownOf(object).find((address) => shownOf(other.object).includes(address))
        if (common !== undefined)
          assert.ok(mayShare(wish, other.wish), `${wish.key} and ${other.wish.key} both have ${common}`)
      }
    }
  }

  checkUsage(usage: ReadonlyMap<string, PoolUsage>): void {
    assert.deepEqual(
      [...usage.keys()],
      this.#rules.pools.map(({ name }) => name),
    )
    for (const { name, listed, withheld } of this.#rules.pools) {
      for (const family of ['IPv4', 'IPv6'] as const) {
        const all = listed.filter((address) => familyOf(address) === family)
        const held = all.filter((address) =>
          [...this.#book.values()].some(
            ({ addresses, shown }) => addresses.includes(address) || shown.includes(address),
          ),
        )
        const total = all.filter((address) => !withheld.has(address))
        const taken = held.filter((address) => !withheld.has(address))
        const inUse = held.filter((address) => withheld.get(address) !== 'AddressAvoided')
        assert.deepEqual(
          usage.get(name)?.[family],
          {
            total: BigInt(total.length),
            inUse: BigInt(inUse.length),
            available: BigInt(total.length - taken.length),
          },
          `${name} ${family}`,
        )
      }
    }
  }

  /** What the Service has as it comes: by the controller's memory, else by what it shows. */
  #possession(object: Service, known: Known | undefined): Possession {
    if (known !== undefined && known.addresses.length > 0) return known
    const { addresses, pool } = plausible(object)
    const givenUp = this.#rules.pools.length === 0 ? [] : (known?.shown ?? [])
    return { addresses: addresses.filter((address) => !givenUp.includes(address)), pool }
  }

  /** A Service that shows what younger ones hold: they will have to go. */
  #displace(wish: Wish, { addresses, pool }: Possession): void {
    const rivals = new Set(addresses.flatMap((address) => whoExpels(this.#book, wish, address)))
    const losers = [...rivals].flatMap((key) => this.#book.get(key) ?? [])
    if (homeByPools(this.#rules, wish, addresses, pool) === undefined) return
    if (!losers.every((loser) => isOlder(wish, loser.wish))) return
    for (const loser of losers) {
      const yielding = loser.addresses.filter((address) => addresses.includes(address))
      this.#book.set(loser.wish.key, { ...loser, yielding: new Set([...loser.yielding, ...yielding]) })
    }
  }

  #fulfils(
    { choices, pool, unmet }: Expectation,
    addresses: readonly string[],
    decision: Decision,
    key: string,
  ): boolean {
    return (
      choices.length === addresses.length &&
      choices.every((list, index) => this.#isRightChoice(list, addresses[index] ?? '', key)) &&
      (addresses.length === 0 || decision.pool === pool) &&
      (decision.refusal !== null) === unmet
    )
  }

  /** The first of the list, unless those before it were given up a short while ago, or it was by the Service itself. */
  #isRightChoice(list: readonly string[], address: string, key: string): boolean {
    const index = list.indexOf(address)
    const mayRest = (other: string): boolean => this.#now - (this.#freed.get(other)?.at ?? -REST_MS) < REST_MS
    const isOwn = this.#freed.get(address)?.by === key && mayRest(address)
    return index >= 0 && (isOwn || list.slice(0, index).every(mayRest))
  }

  #checkReasons(
    wish: Wish,
    { refusal, finding, pool }: Decision,
    addresses: readonly string[],
    own: readonly string[],
    told: string,
  ): void {
    if (refusal !== null) {
      assert.ok(this.#isTrue(refusal, wish, pool, own), `${told}: not true`)
      this.#refusals.set(finding?.message ?? '', refusal)
    }
    assert.equal(finding === null, addresses.length === 0 && refusal === null, told)
    assert.equal(finding?.status, addresses.length > 0 ? 'True' : 'False', told)
    if (refusal !== null) assert.equal(finding?.reason, refusal.reason, told)
    else if (finding?.reason === 'Allocated') assert.ok(isPermitted(this.#rules, wish, addresses, pool), told)
    else assert.ok(!isPermitted(this.#rules, wish, addresses, pool), told)
  }

  #isTrue(refusal: Refusal, wish: Wish, pool: string | null, own: readonly string[]): boolean {
    const circumstances = { rules: this.#rules, book: this.#book, wish, pool, reserved: this.#world.reserved }
    return [[], own].some((barred) => isTrue(refusal, { ...circumstances, barred }))
  }

  #note(key: string, known: Known | undefined): void {
    const before = this.#book.get(key)
    if (known === undefined) this.#book.delete(key)
    else this.#book.set(key, known)
    const all = [...this.#book.values()]
    for (const address of [...(before?.addresses ?? []), ...(before?.shown ?? [])]) {
      if (all.some(({ addresses, shown }) => addresses.includes(address) || shown.includes(address))) continue
      this.#freed.set(address, { at: this.#now, by: key })
    }
  }

  /** Whether the condition that the object shows is true still, though another would do as well. */
  #isStillTrue(object: Service, { pool }: Decision): boolean {
    const shown = conditionOf(object)
    const refusal = this.#refusals.get(shown?.message ?? '')
    return refusal !== undefined && this.#isTrue(refusal, readWish(object), pool, shownOf(object))
  }
}

/** What the object shows for its own: nothing where that cannot be ours. */
function plausible(object: Service): Possession {
  const texts = ingressOf(object).flatMap(({ ip = '' }) => (ip === '' ? [] : [ip]))
  const addresses = shownOf(object)
  const sound = new Set(addresses.map(familyOf)).size === texts.length
  return { addresses: sound ? addresses : [], pool: recordedPool(object) }
}

function shownOf(object: Service): string[] {
  return ingressOf(object).flatMap(({ ip = '' }) => canonical(ip) ?? [])
}

function say({ write, addresses, pool, refusal }: Decision): string {
  const why = refusal === null ? '' : ` ${refusal.reason} (${explain(refusal)})`
  return `${write} [${addresses.map(formatAddress).join()}] of ${pool}${why}`
}
