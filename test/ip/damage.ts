import { fc } from '../fast-check.ts'
// Texts that are nearly right.

/** Each of `texts` with up to two characters cut out somewhere, and one of `put` in their place. */
export function damaged(texts: fc.Arbitrary<string>, put: readonly string[]): fc.Arbitrary<string> {
  const inserted = fc.oneof(fc.constantFrom(...put), fc.string({ unit: 'binary' }))
  return fc
    .tuple(texts, fc.nat(40), fc.nat(2), inserted)
    .map(([text, at, cut, more]) => text.slice(0, at) + more + text.slice(at + cut))
}
