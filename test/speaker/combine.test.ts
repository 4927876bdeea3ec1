import assert from 'node:assert/strict'
import test from 'node:test'
import { formatAddress } from '../../src/ip/index.ts'
import { type AskingService, CombinedIntents } from '../../src/speaker/combine.ts'
import { fc } from '../fast-check.ts'

const NODES = ['a', 'b', 'c']

function service(key: string, hosts: readonly number[], nodes: readonly string[]): AskingService {
  const addresses = hosts.map((host) => ({ family: 'IPv4', value: 0xc000_0200n + BigInt(host) }) as const)
  return {
    key,
    uid: key,
    created: `2026-01-0${key}T00:00:00Z`,
    intent: {
      addresses,
      ips: addresses.map(formatAddress),
      candidates: nodes.map((node) => ({ node, score: 0, interfaces: null })),
    },
  }
}

const step = fc.record({
  key: fc.constantFrom('1', '2', '3'),
  hosts: fc.uniqueArray(fc.nat(3), { maxLength: 2 }),
  nodes: fc.subarray(NODES, { minLength: 1 }),
})

test('whatever the Services asked for before, the intents are those of what they ask for now', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const combined = new CombinedIntents('a')
      const asking = new Map<string, AskingService>()
      for (const { key, hosts, nodes } of steps) {
        const now = hosts.length === 0 ? undefined : service(key, hosts, nodes)
        combined.change(asking.get(key), now)
        if (now === undefined) asking.delete(key)
        else asking.set(key, now)
      }
      const anew = new CombinedIntents('a')
      for (const each of asking.values()) anew.change(undefined, each)
      assert.deepEqual(sorted(combined), sorted(anew))
      const keys = (each: CombinedIntents): Map<string, string[]> =>
        new Map([...each.keysByAddress()].map(([ip, found]) => [ip, found.toSorted()]))
      assert.deepEqual(keys(combined), keys(anew))
    }),
  )
})

function sorted(combined: CombinedIntents): unknown[] {
  return combined.all.toSorted((one, other) => Number(one.address.value - other.address.value))
}

test('what changes nothing for the speakers leaves the list as it is', () => {
  const combined = new CombinedIntents('a')
  const [before, other] = [service('1', [1], ['a', 'b']), service('2', [2], ['a'])]
  combined.change(undefined, before)
  combined.change(undefined, other)
  const { all } = combined
  combined.change(before, service('1', [1], ['a', 'b']))
  assert.equal(combined.all, all)
  combined.change(before, service('1', [1], ['b']))
  assert.notEqual(combined.all, all)
  assert.ok(
    combined.all.some((intent) => all.includes(intent)),
    'the other one is the same object',
  )
})
