/** Keys in the order of their UTF-8 bytes, and pages of them. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { OrderedKeys } from './ordered-keys.ts'

const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 6 })

it('keys come in the order of their UTF-8 bytes, whatever was added and removed', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(key),
      fc.array(key),
      fc.string({ unit: 'binary', maxLength: 2 }),
      (added, removed, prefix) => {
        const keys = new OrderedKeys()
        for (const one of added) keys.add(one)
        for (const one of removed) keys.remove(one)
        const expected = added
          .filter((one) => !removed.includes(one) && one.startsWith(prefix))
          .sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
        assert.deepEqual(keys.under(prefix, undefined, 1_000), expected)
        for (const [index, after] of expected.entries())
          assert.deepEqual(keys.under(prefix, after, 2), expected.slice(index + 1, index + 3))
      },
    ),
  )
})
