/** The board of a pool: who has a task, and what becomes of it when two want it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { kindOf, newBoardState, nothing, report, slotOf, TaskBoard, threadState } from './task-board.ts'

const slots = 4

function newBoard(): TaskBoard {
  return new TaskBoard(newBoardState(slots, 2))
}

describe('a task on the board', () => {
  it('is taken once, in the order of publication, by whoever comes', () => {
    const board = newBoard()
    for (const slot of [2, 0, 3]) board.publish(slot)
    assert.deepEqual([board.take(1), board.take(0), board.take(1), board.take(0)], [2, 0, 3, nothing])
    assert.deepEqual([board.takerOf(2), board.takerOf(0), board.takerOf(3)], [1, 0, 1])
  })

  it('is withdrawn where nobody has taken it, and its slot is reported in its turn', () => {
    const board = newBoard()
    board.publish(1)
    board.publish(2)
    assert.equal(board.withdraw(1), true)
    assert.equal(board.take(0), 2)
    assert.equal(board.reportsOf(0), 1)
    assert.deepEqual([slotOf(board.readReport(0, 0)), kindOf(board.readReport(0, 0))], [1, report.withdrawn])
  })

  it('is not withdrawn from the thread that has it', () => {
    const board = newBoard()
    board.publish(1)
    board.take(0)
    assert.equal(board.withdraw(1), false)
    assert.equal(board.takerOf(1), 0)
  })

  it('goes round with every slot many times', () => {
    const board = newBoard()
    for (let round = 0; round < 1_000; round++) {
      for (let slot = 0; slot < slots; slot++) board.publish(slot)
      assert.equal(board.waiting, slots)
      for (let slot = 0; slot < slots; slot++) {
        assert.equal(board.take(slot % 2), slot)
        board.report(slot % 2, slot, report.asks)
        board.report(slot % 2, slot, report.ended)
      }
    }
    assert.equal(slotOf(board.readReport(1, board.reportsOf(1) - 1)), slots - 1)
  })
})

describe('a thread that sleeps', () => {
  it('is woken for a task, and once only', () => {
    const board = newBoard()
    for (const thread of [0, 1]) board.setState(thread, threadState.asleep)
    board.publish(0)
    board.wakeOne()
    board.wakeOne()
    assert.deepEqual([board.stateOf(0), board.stateOf(1)], [threadState.asleep, threadState.searching])
  })

  it('is woken for a second task while another looks for the first', () => {
    const board = newBoard()
    board.setState(0, threadState.asleep)
    board.setState(1, threadState.searching)
    for (const slot of [0, 1]) board.publish(slot)
    board.wakeOne()
    assert.equal(board.stateOf(0), threadState.searching)
  })

  it('is left alone where another looks for the only task', () => {
    const board = newBoard()
    board.setState(0, threadState.searching)
    board.setState(1, threadState.asleep)
    board.publish(0)
    board.wakeOne()
    assert.equal(board.stateOf(1), threadState.asleep)
  })

  it('hears of it', async () => {
    const board = newBoard()
    board.setState(0, threadState.asleep)
    const woken = board.untilWoken(0)
    const alive = setInterval(() => undefined, 1_000)
    board.wake(5)
    await woken
    clearInterval(alive)
    assert.equal(board.stateOf(0), threadState.searching)
    assert.equal(board.untilWoken(0), undefined)
  })

  it('may be retired, and is not woken any more', () => {
    const board = newBoard()
    board.setState(0, threadState.asleep)
    assert.equal(board.rouse(0, threadState.retired), true)
    board.publish(0)
    board.wakeOne()
    assert.equal(board.stateOf(0), threadState.retired)
  })
})
