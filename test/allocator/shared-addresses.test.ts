import assert from 'node:assert/strict'
import test from 'node:test'
import { SharedAddresses } from '../../src/allocator/shared-addresses.ts'
import { type Sharing, sharingObstacle } from '../../src/allocator/sharing.ts'
import { type User, Users } from '../../src/allocator/users.ts'
import { fc } from '../fast-check.ts'

const ADDRESSES = 90
/** So many have a port taken at the beginning: enough that what is closed is remembered. */
const TAKEN = 70

const anySharing: fc.Arbitrary<Sharing> = fc.record({
  key: fc.constantFrom('k', 'k', 'k', 'l'),
  backend: fc.constantFrom('', '', '', 'one'),
  ports: fc.constantFrom(['TCP/1'], ['TCP/1'], ['TCP/2'], ['TCP/1', 'TCP/2'], ['UDP/1']),
})

const anyStep = fc.record({
  kind: fc.constantFrom('put', 'put', 'remove', 'remove', 'ask'),
  address: fc.nat(ADDRESSES - 1),
  service: fc.nat(3).map((number) => `s${number}`),
  sharing: anySharing,
})

/** The plain truth: all users of all addresses. */
class Book {
  readonly all = Array.from({ length: ADDRESSES }, (): User[] => [])
  readonly shared = new SharedAddresses()
  readonly users = this.all.map(() => new Users())

  put(address: number, user: User): void {
    this.remove(address, user.service)
    this.all[address]?.push(user)
    this.#usersOf(address).put(user)
    this.shared.add(positionOf(address), this.#usersOf(address), user.sharing)
  }

  remove(address: number, service: string): void {
    const list = this.all[address] ?? []
    const index = list.findIndex((user) => user.service === service)
    const removed = this.#usersOf(address).remove(service)
    assert.equal(removed, list[index] ?? null)
    if (removed === null) return
    list.splice(index, 1)
    this.shared.leave(positionOf(address), this.#usersOf(address), removed.sharing)
  }

  first(sharing: Sharing): unknown {
    const isOpen = (users: readonly User[]): boolean =>
      users.some((user) => user.sharing.key === sharing.key && user.sharing.backend === sharing.backend) &&
      users.every((user) => sharingObstacle(sharing, user.sharing) === null)
    const index = this.all.findIndex(isOpen)
    return index < 0 ? null : positionOf(index)
  }

  found(sharing: Sharing): unknown {
    return this.shared.first(sharing, (users) => {
      const rival = users.firstRival(sharing, () => true)
      return rival && sharingObstacle(sharing, rival.sharing)
    })
  }

  #usersOf(address: number): Users {
    const users = this.users[address]
    assert.ok(users)
    return users
  }
}

/** In two ranges, of which the second comes first. */
function positionOf(address: number): { range: number; value: bigint } {
  return address < 30 ? { range: 0, value: BigInt(1000 + address) } : { range: 1, value: BigInt(address) }
}

test('the first address that may be shared is the one that asking for each finds', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 120, size: 'max' }), (steps) => {
      const book = new Book()
      const taken: Sharing = { key: 'k', backend: '', ports: ['TCP/1'] }
      for (let address = 0; address < TAKEN; address++) {
        book.put(address, { service: 's0', sharing: taken, leaving: false })
      }
      for (const { kind, address, service, sharing } of steps) {
        if (kind === 'put') book.put(address, { service, sharing, leaving: false })
        if (kind === 'remove') book.remove(address, service)
        assert.deepEqual(book.found(sharing), book.first(sharing))
      }
    }),
    { numRuns: 300 },
  )
})

test('the users of an address are told apart by who counts', () => {
  const users = new Users()
  const sharing = (port: number): Sharing => ({ key: 'k', backend: '', ports: [`TCP/${port}`] })
  for (let port = 1; port <= 3; port++) {
    users.put({ service: `s${port}`, sharing: sharing(port), leaving: port === 2 })
  }
  assert.equal(users.firstRival(sharing(2), () => true)?.service, 's2')
  assert.equal(
    users.firstRival(sharing(2), ({ leaving }) => !leaving),
    null,
  )
  assert.equal(
    users.firstRival(sharing(4), () => true),
    null,
  )
  assert.equal(users.firstRival({ ...sharing(4), key: 'l' }, ({ leaving }) => leaving)?.service, 's2')
  assert.deepEqual([...users.keys()], ['k'])
  for (const service of ['s3', 's1', 's1', 's2']) users.remove(service)
  assert.ok(users.isEmpty)
})
