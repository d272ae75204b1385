/** What a callee guarantees to callers that repeat themselves, give up, die, or ask for too much. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cre, req } from './fixtures/messages.ts'
import { type CallTerms, type Part, Stage, stagePort } from './fixtures/stage.ts'
import type { Limits } from './state.ts'

/** Member `a` is played by the test: what it sends is injected, what it gets it ignores. */
function callee(part: Part = {}, limits: Partial<Limits> = {}): Stage {
  const stage = new Stage(undefined, limits)
  stage.start('a')
  stage.start('b', part)
  return stage
}

/** Both sides are machines. */
function callsTogether(count: number, part: Part, terms: CallTerms = {}, limits: Partial<Limits> = {}): Stage {
  const stage = callee(part, limits)
  for (let made = 0; made < count; made++) stage.call('a', 'b', terms)
  return stage
}

describe('the duplicate filter', () => {
  it('does not run a request again that is repeated while it runs', () => {
    const stage = callee({ handlerMs: 50 })
    stage.inject('a', 'b', req({ slot: 0, sequence: 1 }))
    stage.inject('a', 'b', req({ slot: 0, sequence: 1 }))
    assert.equal(stage.runs, 1)
    assert.equal(stage.sent('IAA'), 1)
  })

  it('sends the kept reply again for a request that is repeated after it', () => {
    const stage = callee({ handlerMs: 5 })
    stage.inject('a', 'b', req({ slot: 0, sequence: 1 }))
    stage.at(10, () => stage.inject('a', 'b', req({ slot: 0, sequence: 1 })))
    stage.run(20)
    assert.equal(stage.runs, 1)
    assert.equal(stage.sent('REP'), 2)
  })

  it('does not run a request that comes after a later one of its slot', () => {
    const stage = callee()
    stage.inject('a', 'b', req({ slot: 0, sequence: 2 }))
    stage.inject('a', 'b', req({ slot: 0, sequence: 1 }))
    assert.equal(stage.runs, 1)
  })

  it('does not run a request that comes after its acknowledgement', () => {
    const stage = callee()
    stage.inject('a', 'b', req({ slot: 0, sequence: 1 }))
    stage.inject('a', 'b', { kind: 'ACK', slot: 0, sequence: 2 })
    stage.inject('a', 'b', req({ slot: 0, sequence: 2 }))
    assert.equal(stage.runs, 1)
  })

  it('does not run a request that comes after its cancelling', () => {
    const stage = callee()
    stage.inject('a', 'b', { kind: 'CAN', slot: 0, sequence: 1 })
    stage.inject('a', 'b', req({ slot: 0, sequence: 1 }))
    assert.equal(stage.runs, 0)
  })

  it('does not run a request that was refused for want of room, though there is room when it is repeated', () => {
    const stage = callee({ concurrency: 1, mailboxMax: 0, handlerMs: 5 })
    stage.inject('a', 'b', req({ slot: 0, sequence: 1 }))
    stage.inject('a', 'b', req({ slot: 1, sequence: 1 }))
    stage.at(10, () => stage.inject('a', 'b', req({ slot: 1, sequence: 1 })))
    stage.run(20)
    assert.equal(stage.runs, 1)
    assert.equal(stage.sent('TA'), 2)
  })

  it('does not run a request that was refused because nobody listened, though somebody does when it is repeated', () => {
    const stage = callee()
    stage.tell('b', { kind: 'deafen', port: stagePort })
    stage.inject('a', 'b', req({ slot: 0, sequence: 1 }))
    stage.tell('b', { kind: 'listen', port: stagePort, concurrency: 1, mailboxMax: 1 })
    stage.inject('a', 'b', req({ slot: 0, sequence: 1 }))
    assert.equal(stage.runs, 0)
  })

  it('does not run a request that was meant for an earlier life', () => {
    const stage = callee()
    stage.crash('b')
    stage.start('b', {})
    stage.inject('a', 'b', req({ slot: 0, sequence: 1, incarnation: 1 }))
    assert.equal(stage.runs, 0)
    assert.equal(stage.sent('AU'), 1)
  })

  it('does not run what a dead caller sent', () => {
    const stage = callee()
    stage.inject('a', 'b', req({ slot: 0, sequence: 1 }))
    stage.tell('b', { kind: 'parted', peer: stage.address('a') })
    stage.inject('a', 'b', req({ slot: 0, sequence: 1 }))
    stage.inject('a', 'b', req({ slot: 1, sequence: 1 }))
    assert.equal(stage.runs, 1)
  })
})

describe('the mailbox', () => {
  it('runs no more handlers at once than it may', () => {
    const stage = callsTogether(3, { concurrency: 2, handlerMs: 50 })
    stage.run(10)
    assert.equal(stage.runs, 2)
    stage.run(100)
    assert.equal(stage.runs, 3)
  })

  it('runs what waits by priority, and by arrival among equals', () => {
    const stage = callee({ concurrency: 1, handlerMs: 5 })
    const priorities = [1, 2, 1, 0]
    priorities.forEach((priority, slot) => stage.inject('a', 'b', req({ slot, sequence: 1, priority })))
    stage.run(50)
    const order = stage.outcomes.flatMap((outcome) => (outcome.kind === 'deliver' ? outcome.slot : []))
    assert.deepEqual(order, [0, 3, 2, 1])
  })

  it('drops a call whose deadline passed while it waited: it did not run', () => {
    const stage = callee({ concurrency: 1, handlerMs: 50 })
    stage.inject('a', 'b', req({ slot: 0, sequence: 1 }))
    stage.inject('a', 'b', req({ slot: 1, sequence: 1, remainingMs: 20 }))
    stage.run(100)
    assert.equal(stage.runs, 1)
    assert.match(stage.text, /REP 1\/1 dropped/)
  })

  it('refuses a call whose bytes would pass its bound, and takes one of any size when it is empty', () => {
    const stage = callee({ concurrency: 1, handlerMs: 50 }, { mailboxBytesMax: 100 })
    const body = new Uint8Array(200)
    for (const slot of [0, 1, 2]) stage.inject('a', 'b', req({ slot, sequence: 1, body }))
    assert.match(stage.text, /TA 2\/1/)
    assert.doesNotMatch(stage.text, /TA 1\/1/)
  })

  it('gives the place of a handler that nobody waits for to the next call only when it has ended', () => {
    const stage = callee({ concurrency: 1, handlerMs: 50 })
    stage.inject('a', 'b', req({ slot: 0, sequence: 1 }))
    stage.inject('a', 'b', { kind: 'ACK', slot: 0, sequence: 1 })
    stage.inject('a', 'b', req({ slot: 0, sequence: 2 }))
    stage.run(49)
    assert.equal(stage.runs, 1)
    stage.run(51)
    assert.equal(stage.runs, 2)
  })

  it('counts handlers on that run while a port is given up and taken again', () => {
    const stage = callee({ concurrency: 1, mailboxMax: 4, handlerMs: 50 })
    stage.inject('a', 'b', req({ slot: 0, sequence: 1 }))
    stage.tell('b', { kind: 'deafen', port: stagePort })
    stage.tell('b', { kind: 'listen', port: stagePort, concurrency: 1, mailboxMax: 4 })
    stage.inject('a', 'b', req({ slot: 1, sequence: 1 }))
    assert.equal(stage.runs, 1)
    stage.run(60)
    assert.equal(stage.runs, 2)
  })

  it('tells each handler of a dead caller that nobody waits', () => {
    const stage = callsTogether(3, { concurrency: 2, handlerMs: 50 })
    stage.at(10, () => stage.tell('b', { kind: 'parted', peer: stage.address('a') }))
    stage.run(100)
    assert.equal(stage.outcomes.filter((outcome) => outcome.kind === 'abort').length, 2)
    assert.equal(stage.runs, 2)
    assert.equal(stage.stateOf('b').callers.size, 0)
  })
})

describe('what is kept for a caller', () => {
  it('goes when the caller acknowledges it', () => {
    const stage = callsTogether(1, {}, { body: 'x'.repeat(100) })
    stage.run(50)
    assert.equal(callerOf(stage).retainedBytes, 100)
    stage.run(400)
    assert.equal(callerOf(stage).retainedBytes, 0)
  })

  it('goes when the caller acknowledges a later call that never came', () => {
    const stage = callee()
    stage.inject('a', 'b', req({ slot: 0, sequence: 1, body: new Uint8Array(10) }))
    stage.run(10)
    assert.equal(callerOf(stage).retainedBytes, 10)
    stage.inject('a', 'b', { kind: 'ACK', slot: 0, sequence: 2 })
    assert.equal(callerOf(stage).retainedBytes, 0)
  })

  it('is at most its bound: the oldest reply is forgotten, and its caller is told that it is lost', () => {
    const stage = callee({}, { retainedBytesMax: 250 })
    const slots = [2, 0, 1]
    slots.forEach((slot, place) => {
      stage.at(10 * place, () => stage.inject('a', 'b', req({ slot, sequence: 1, body: new Uint8Array(100) })))
    })
    stage.run(50)
    assert.equal(callerOf(stage).retainedBytes, 200)
    for (const slot of [0, 1, 2]) stage.inject('a', 'b', { kind: 'AYA', slot, sequence: 1 })
    assert.match(stage.text, /REP 2\/1 lost/)
    assert.doesNotMatch(stage.text, /REP [01]\/1 lost/)
  })

  it('keeps a reply that failed, since it alone says whether the handler ran', () => {
    const stage = callee({ handlerMs: 1_000 }, { retainedBytesMax: 250 })
    const caller = stage.address('a')
    for (const slot of [0, 1, 2]) {
      stage.inject('a', 'b', req({ slot, sequence: 1 }))
      stage.tell('b', {
        ...{ kind: 'reply', caller, slot, sequence: 1, port: stagePort, status: 'failed', body: new Uint8Array(100) },
      })
    }
    for (const slot of [0, 1, 2]) stage.inject('a', 'b', { kind: 'AYA', slot, sequence: 1 })
    assert.doesNotMatch(stage.text, /lost/)
  })

  it('is not sent again, when it is large, while it may still be on its way', () => {
    const stage = callee({}, { largeBytes: 50, slowestBytesPerMs: 1 })
    stage.inject('a', 'b', req({ slot: 0, sequence: 1, body: new Uint8Array(100) }))
    stage.at(500, () => stage.inject('a', 'b', { kind: 'AYA', slot: 0, sequence: 1 }))
    stage.run(1_000)
    assert.equal(stage.sent('REP'), 1)
    stage.inject('a', 'b', { kind: 'AYA', slot: 0, sequence: 1 })
    stage.at(1_103, () => stage.inject('a', 'b', { kind: 'AYA', slot: 0, sequence: 1 }))
    stage.run(1_200)
    assert.equal(stage.sent('REP'), 2)
  })

  it('is sent again at once, however large, after a link broke', () => {
    const stage = callee({}, { largeBytes: 50, slowestBytesPerMs: 1 })
    stage.inject('a', 'b', req({ slot: 0, sequence: 1, body: new Uint8Array(100) }))
    stage.run(10)
    stage.tell('b', { kind: 'relinked', peer: stage.address('a') })
    stage.inject('a', 'b', { kind: 'AYA', slot: 0, sequence: 1 })
    assert.equal(stage.sent('REP'), 2)
  })
})

describe('a stream', () => {
  const items = Array.from({ length: 40 }, (_, index) => `item ${index}`)

  it('sends no more items than its caller has room for', () => {
    const stage = callee({ items })
    stage.inject('a', 'b', req({ slot: 0, sequence: 1, window: 4 }))
    stage.run(100)
    assert.equal(stage.sent('ITM'), 4)
    stage.inject('a', 'b', cre({ slot: 0, sequence: 1, received: 2, limit: 6 }))
    assert.equal(stage.sent('ITM'), 6)
  })

  it('is not made to run ahead by a credit beyond every window', () => {
    const stage = callee({ items }, { windowMax: 8 })
    stage.inject('a', 'b', req({ slot: 0, sequence: 1, window: 4 }))
    stage.inject('a', 'b', cre({ slot: 0, sequence: 1, limit: 1e9 }))
    assert.equal(stage.sent('ITM'), 8)
  })

  it('is asked for no item while too much is kept for its caller, and goes on when that has what it has', () => {
    const stage = callee({ items }, { retainedBytesMax: 10 })
    stage.inject('a', 'b', req({ slot: 0, sequence: 1, window: 4 }))
    stage.inject('a', 'b', cre({ slot: 0, sequence: 1, received: 0, limit: 8 }))
    assert.equal(stage.sent('ITM'), 4)
    stage.inject('a', 'b', cre({ slot: 0, sequence: 1, received: 4, limit: 8 }))
    assert.equal(stage.sent('ITM'), 8)
  })

  it('forgets the items that its caller has', () => {
    const stage = callee({ items })
    stage.inject('a', 'b', req({ slot: 0, sequence: 1, window: 4 }))
    stage.inject('a', 'b', cre({ slot: 0, sequence: 1, received: 4, limit: 4 }))
    assert.equal(callerOf(stage).retainedBytes, 0)
  })
})

function callerOf(stage: Stage): { readonly retainedBytes: number } {
  const caller = stage.stateOf('b').callers.get(stage.address('a'))
  assert.ok(caller !== undefined)
  return caller
}
