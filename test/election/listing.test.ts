import assert from 'node:assert/strict'
import test from 'node:test'
import { Listing } from '../../src/election/listing.ts'
import type { Address } from '../../src/ip/index.ts'

const H = 50
const ONE = {}
const TWO = {}
const address = (index: number): Address => ({ family: 'IPv4', value: BigInt(index) })

/** The addresses in each hello from `from` to `until`, every 50 ms. */
function hellos(listing: Listing, from: number, until: number): string[] {
  const lists: string[] = []
  for (let now = from; now <= until; now += H)
    lists.push(
      listing
        .take(H, now)
        .map(({ address: { value }, state }) => `${value} ${state}`)
        .join(', '),
    )
  return lists
}

test('a change is in every hello of the next 250 ms, then once a second', () => {
  const listing = new Listing()
  listing.set(ONE, address(1), 'active', 7, 0)
  const lists = hellos(listing, 0, 3000)
  assert.deepEqual(
    lists.flatMap((list, index) => (list === '' ? [] : [index * H])),
    [0, 50, 100, 150, 200, 250, 950, 1900, 2850],
  )
})

test('many claims are spread over the second', () => {
  const listing = new Listing()
  for (let index = 0; index < 1000; index++) listing.set({}, address(index), 'active', 7, 0)
  hellos(listing, 0, 1200)
  const sizes = hellos(listing, 1250, 2200).map((list) => (list === '' ? 0 : list.split(', ').length))
  assert.equal(
    sizes.reduce((sum, size) => sum + size, 0),
    1000,
  )
  assert.ok(Math.max(...sizes) <= 50)
})

test('everything is listed until everybody has been told', () => {
  const listing = new Listing()
  listing.set(ONE, address(1), 'active', 7, 0)
  listing.set(TWO, address(2), 'probing', 7, 0)
  hellos(listing, 0, 300)
  listing.introduce(500)
  assert.deepEqual(hellos(listing, 350, 500), [
    '1 active, 2 probing',
    '1 active, 2 probing',
    '1 active, 2 probing',
    '',
  ])
})

test('a claim given up is listed as none for 3 s, then not at all', () => {
  const listing = new Listing()
  listing.set(ONE, address(1), 'active', 7, 0)
  listing.set(ONE, address(1), 'none', 7, 100)
  const lists = hellos(listing, 100, 10_000)
  assert.deepEqual(new Set(lists), new Set(['', '1 none']))
  assert.ok(lists.lastIndexOf('1 none') * H <= 3000 + H)
  assert.ok(lists.lastIndexOf('1 none') * H >= 2000)
})
