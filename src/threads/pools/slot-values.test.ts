/** Values in a slot: what goes in comes out, and what has no room is refused and harms no neighbour. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readFunction, readValues, writeFunction, writeNothing, writeSerialized, writeWords } from './slot-values.ts'
import { newBoardState, slotBytes, TaskBoard } from './task-board.ts'

const slots = 4
const primitives = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constantFrom(undefined, null, -0, NaN, Infinity, -1, 2 ** 31, -(2 ** 31), 2 ** 53, ''),
  fc.string({ unit: 'binary', maxLength: 300 }),
)

function newBoard(): TaskBoard {
  return new TaskBoard(newBoardState(slots, 2))
}

describe('the slot of a task', () => {
  it('gives back numbers, strings and the like, bit for bit, unless they have no room', () => {
    const board = newBoard()
    fc.assert(
      fc.property(fc.array(primitives, { maxLength: 60 }), fc.nat(slots - 1), (values, slot) => {
        if (writeWords(board, slot, values)) assert.deepStrictEqual(readValues(board, slot), values)
      }),
    )
  })

  it('has room for the arguments of an ordinary call', () => {
    const board = newBoard()
    assert.ok(writeWords(board, 0, [1, 2.5, 'a name of forty characters, more or less', true, null, undefined]))
    assert.ok(writeSerialized(board, 0, [{ id: 7, tags: ['a', 'b'], place: { x: 0.5, y: 1e9 } }]))
  })

  it('gives back plain data that was serialized', () => {
    const board = newBoard()
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ maxDepth: 3 }), { maxLength: 4 }), fc.nat(slots - 1), (values, slot) => {
        if (writeSerialized(board, slot, values)) assert.deepEqual(readValues(board, slot), values)
      }),
    )
  })

  it('never writes beyond itself', () => {
    const board = newBoard()
    fc.assert(
      fc.property(
        fc.array(fc.oneof(primitives, fc.string({ minLength: 200, maxLength: 600 })), { maxLength: 200 }),
        (values) => {
          board.bytes.fill(0xaa)
          writeWords(board, 1, values)
          writeSerialized(board, 2, values)
          const outside = [...board.bytes.subarray(0, slotBytes), ...board.bytes.subarray(3 * slotBytes)]
          assert.ok(outside.every((byte) => byte === 0xaa))
        },
      ),
    )
  })

  it('refuses what only a message can carry', () => {
    const board = newBoard()
    for (const value of [
      new SharedArrayBuffer(8),
      new Uint8Array(8),
      { shared: new SharedArrayBuffer(8) },
      { view: Buffer.from('text') },
      [new Map([[1, new Blob(['text'])]])],
      'x'.repeat(1_000),
      Array.from({ length: 100_000 }),
    ]) {
      assert.equal(writeWords(board, 0, [value]), false)
      assert.equal(writeSerialized(board, 0, [value]), false)
    }
    writeNothing(board, 0)
    assert.equal(readValues(board, 0), undefined)
  })

  it('keeps the number of the function beside them', () => {
    const board = newBoard()
    writeFunction(board, 3, 41)
    writeWords(board, 3, [1])
    assert.equal(readFunction(board, 3), 41)
  })
})
