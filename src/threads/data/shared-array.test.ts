/** Arrays of numbers in shared memory: bounds, kinds, and what is refused. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { pack } from '../travel/shareable.ts'
import type { NumberKind } from './number-kinds.ts'
import { SharedArray, unpackSharedArray } from './shared-array.ts'

const code = (name: string) => ({ name: 'CardumenError', code: name })

describe('a shared array', () => {
  for (const index of [-1, 3, 1.5, Number.NaN, 2 ** 32]) {
    it(`refuses index ${index} of three numbers, for reading, writing and adding`, () => {
      const array = new SharedArray('int32', 3)
      assert.throws(() => array.get(index), code('out-of-bounds'))
      assert.throws(() => array.set(index, 1), code('out-of-bounds'))
      assert.throws(() => array.add(index, 1), code('out-of-bounds'))
      assert.deepEqual([...array], [0, 0, 0])
    })
  }

  it('refuses memory that is too small, and an offset that its kind cannot have', () => {
    const memory = new SharedArrayBuffer(64)
    assert.throws(() => new SharedArray('float64', 9, { memory }), code('memory-too-small'))
    assert.throws(() => new SharedArray('float64', 8, { memory, offsetBytes: 8 }), code('memory-too-small'))
    assert.throws(() => new SharedArray('float64', 1, { memory, offsetBytes: 4 }), code('option-invalid'))
    assert.equal(new SharedArray('float64', 7, { memory, offsetBytes: 8 }).length, 7)
  })

  for (const length of [-1, 1.5, Number.NaN, 2 ** 31]) {
    it(`of ${length} numbers is refused`, () => {
      assert.throws(() => new SharedArray('uint8', length), code('option-invalid'))
    })
  }

  it('refuses a kind that there is not', () => {
    assert.throws(() => new SharedArray('int128' as NumberKind, 1), code('option-invalid'))
  })

  it('has no atomic operations on floats', () => {
    assert.throws(() => new SharedArray('float64', 1).add(0, 1), code('option-invalid'))
  })

  it('adds, exchanges and compares in one step, and gives what was there', () => {
    const array = new SharedArray('bigint64', 2)
    assert.equal(array.add(1, 5n), 0n)
    assert.equal(array.sub(1, 1n), 5n)
    assert.equal(array.or(1, 3n), 4n)
    assert.equal(array.and(1, 6n), 7n)
    assert.equal(array.xor(1, 1n), 6n)
    assert.equal(array.exchange(1, 9n), 7n)
    assert.equal(array.compareExchange(1, 8n, 1n), 9n)
    assert.equal(array.compareExchange(1, 9n, 1n), 9n)
    array.store(0, -1n)
    assert.deepEqual([array.load(0), array.load(1)], [-1n, 1n])
  })

  it('copies nothing where not all fits', () => {
    const array = new SharedArray('uint16', 3)
    assert.throws(() => array.copyFrom([1, 2, 3], 1), code('out-of-bounds'))
    assert.throws(() => array.fill(1, 2, 4), code('out-of-bounds'))
    assert.throws(() => array.slice(2, 1), code('out-of-bounds'))
    assert.deepEqual(array.slice(), [0, 0, 0])
  })

  it('is the same memory where it is unpacked, and through a part of it', () => {
    const array = new SharedArray('int16', 4)
    const other = unpackSharedArray(structuredClone(array[pack]().state) as never)
    array.subarray(1, 3).set(0, -7)
    assert.deepEqual(other.slice(), [0, -7, 0, 0])
  })

  it('does what a typed array does, whatever is done to it', () => {
    const index = fc.nat(7)
    const action = fc.oneof(
      fc.record({ kind: fc.constant('set' as const), index, value: fc.integer() }),
      fc.record({ kind: fc.constant('add' as const), index, value: fc.integer() }),
      fc.record({ kind: fc.constant('fill' as const), index, value: fc.integer() }),
    )
    fc.assert(
      fc.property(fc.array(action), (actions) => {
        const array = new SharedArray('int16', 8)
        const model = new Int16Array(8)
        for (const { kind, index: at, value } of actions) {
          if (kind === 'set') {
            array.set(at, value)
            model[at] = value
          } else if (kind === 'fill') {
            array.fill(value, at)
            model.fill(value, at)
          } else {
            array.add(at, value)
            model[at] = (model[at] ?? 0) + value
          }
        }
        assert.deepEqual(array.slice(), [...model])
      }),
    )
  })
})
