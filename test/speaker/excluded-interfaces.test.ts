import assert from 'node:assert/strict'
import test from 'node:test'
import { parseExcludedInterfaces, readExcludedInterfaces } from '../../src/speaker/excluded-interfaces.ts'

test('the file is a list of regular expressions, matched anywhere in the name', () => {
  const [lo, docker] = parseExcludedInterfaces('announcedInterfacesToExclude: ["^lo$", docker]', 'file')
  assert.ok(lo?.test('lo') && !lo.test('lo0') && docker?.test('my-docker0'))
})

test('without the file nothing is excluded', () => {
  assert.deepEqual(readExcludedInterfaces('/does/not/exist.yaml'), [])
})

for (const [text, reason] of [
  ['announcedInterfacesToExclude: ["("]', /file: "\(" is not a regular expression/],
  ['interfaces: []', /file: expected a list under announcedInterfacesToExclude/],
  ['', /expected a list/],
  ['{', /file: /],
] as const) {
  test(`${JSON.stringify(text)} is refused with a sentence that names file and fault`, () => {
    assert.throws(() => parseExcludedInterfaces(text, 'file'), reason)
  })
}
