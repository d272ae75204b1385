/** Sealed positions: they come back as they were, tell nothing, and are of their directory and server only. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { fromUtf8Lenient, toUtf8 } from '../../lib/text.ts'
import { positionBytes, Positions } from './positions.ts'

const positions = new Positions(new Uint8Array(32).fill(7))
const names = fc.string({ unit: 'grapheme', maxLength: 60 }).filter((name) => toUtf8(name).length <= 255)

describe('a position in a directory', () => {
  it('is opened by every server with the same secret, for its directory only', () => {
    const next = new Positions(new Uint8Array(32).fill(7))
    const stranger = new Positions(new Uint8Array(32).fill(8))
    fc.assert(
      fc.property(names, fc.nat(), (name, directory) => {
        const position = positions.seal(directory, name)
        assert.equal(next.open(directory, position), name)
        assert.equal(next.open(directory + 1, position), undefined)
        assert.equal(stranger.open(directory, position), undefined)
      }),
    )
  })

  it('does not show its name, nor how long that is', () => {
    for (const name of ['a', 'secret-plan', 'x'.repeat(255)]) {
      const position = positions.seal(1, name)
      assert.equal(position.length, positionBytes)
      assert.ok(name.length < 4 || !fromUtf8Lenient(position).includes(name.slice(0, 4)))
    }
  })

  it('is refused with any bit of it changed, and at any other length', () => {
    const position = positions.seal(1, 'plan')
    for (let bit = 0; bit < 8 * position.length; bit++) {
      const changed = new Uint8Array(position)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      assert.equal(positions.open(1, changed), undefined)
    }
    for (const length of [0, 1, 32, positionBytes - 1])
      assert.equal(positions.open(1, position.subarray(0, length)), undefined)
  })
})
