/** What the forms of a call change: what is acknowledged, what is asked, and what becomes of a request without a handler. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { brokenInvariants } from './invariants.ts'
import { req } from './fixtures/messages.ts'
import { type Fate, type Part, Stage } from './fixtures/stage.ts'
import type { Form } from './state.ts'

const busy: Part = { concurrency: 1, mailboxMax: 2, handlerMs: 20 }

function open(form: Partial<Form>, part: Part = {}, fate?: Fate): Stage {
  const stage = new Stage(fate, {}, form)
  stage.start('a')
  stage.start('b', part)
  stage.link('a', 'b')
  return stage
}

/** The replies that b keeps for a. */
function kept(stage: Stage): number {
  const caller = stage.stateOf('b').callers.get(stage.address('a'))
  return caller?.slots.filter((slot) => slot?.reply !== undefined).length ?? 0
}

function isSound(stage: Stage): void {
  for (const name of ['a', 'b']) assert.deepEqual(brokenInvariants(stage.stateOf(name)), [])
}

describe('request-ack-reply-ack', () => {
  it('takes four messages a call and leaves no reply at the callee', () => {
    const stage = open({ reliability: 'request-ack-reply-ack' })
    const token = stage.call('a', 'b')
    stage.run(10)
    assert.equal(stage.end(token), 'completed ok')
    assert.deepEqual([stage.sent('REQ'), stage.sent('IAA'), stage.sent('REP'), stage.sent('ACK')], [1, 1, 1, 1])
    assert.equal(kept(stage), 0)
  })

  it('acknowledges no second time when the slot has rested', () => {
    const stage = open({ reliability: 'request-ack-reply-ack' })
    stage.call('a', 'b')
    stage.run(1_000)
    assert.equal(stage.sent('ACK'), 1)
    isSound(stage)
  })

  it('completes although acknowledgement and reply are lost', () => {
    const stage = open({ reliability: 'request-ack-reply-ack' }, {}, (message, nth) =>
      nth === 1 && message.kind !== 'REQ' ? [] : undefined,
    )
    const token = stage.call('a', 'b')
    stage.run(4_000)
    assert.equal(stage.end(token), 'completed ok')
    assert.equal(stage.runs, 1)
  })

  it('does not acknowledge a request that is refused', () => {
    const stage = open({ reliability: 'request-ack-reply-ack' }, { concurrency: 0, mailboxMax: 0 })
    stage.call('a', 'b', { timeoutMs: 20 })
    stage.run(15)
    assert.ok(stage.sent('TA') > 0)
    assert.equal(stage.sent('IAA'), 0)
  })
})

describe('no reliability', () => {
  it('takes two messages a call, ever', () => {
    const stage = open({ reliability: 'none' })
    const token = stage.call('a', 'b')
    stage.run(5_000)
    assert.equal(stage.end(token), 'completed ok')
    assert.deepEqual([stage.sent('REQ'), stage.sent('REP'), stage.sent('ACK')], [1, 1, 0])
    assert.equal(kept(stage), 0)
    isSound(stage)
  })

  it('asks nothing when a request is lost: the call ends by its deadline and may have run', () => {
    const stage = open({ reliability: 'none' }, {}, () => [])
    const token = stage.call('a', 'b', { timeoutMs: 4_000 })
    stage.run(4_100)
    assert.equal(stage.end(token), 'timed-out, unknown')
    assert.deepEqual([stage.sent('REQ'), stage.sent('AYA')], [1, 0])
  })

  it('asks nothing when a link stands again', () => {
    const stage = open({ reliability: 'none' }, {}, () => [])
    stage.call('a', 'b', { timeoutMs: 4_000 })
    stage.at(10, () => stage.link('a', 'b'))
    stage.run(1_000)
    assert.equal(stage.sent('AYA'), 0)
  })

  it('does not try again where there was no room', () => {
    const stage = open({ reliability: 'none' }, { concurrency: 0, mailboxMax: 0 })
    const token = stage.call('a', 'b')
    stage.run(100)
    assert.equal(stage.end(token), 'try-again, no')
    assert.equal(stage.sent('REQ'), 1)
  })

  it('still runs a repeated request once, and says nothing to the copies', () => {
    const stage = open({ reliability: 'none' })
    for (let copy = 0; copy < 3; copy++) stage.inject('a', 'b', req({ slot: 0, sequence: 1 }))
    stage.run(50)
    stage.inject('a', 'b', req({ slot: 0, sequence: 1 }))
    assert.deepEqual([stage.runs, stage.sent('REP'), stage.sent('IAA')], [1, 1, 0])
  })

  it('ends the handler of a call that was given up, also when the first word of it is lost', () => {
    const stage = open({ reliability: 'none' }, { items: ['1', '2', '3'] }, ({ kind }) =>
      kind === 'CRE' || kind === 'CAN' ? [] : undefined,
    )
    stage.call('a', 'b', { timeoutMs: 100, window: 1 })
    stage.run(1_000)
    assert.equal(stage.outcomes.filter(({ kind }) => kind === 'abort').length, 1)
    isSound(stage)
  })

  it('refuses to make a call that has no deadline', () => {
    const stage = open({ reliability: 'none' })
    assert.throws(() => stage.call('a', 'b', { timeoutMs: Number.POSITIVE_INFINITY }), /deadline/)
  })
})

describe('what finds no free handler', () => {
  it('is dropped without a word where it is discarded, and runs when it comes again', () => {
    const stage = open({ buffering: 'discard' }, busy)
    const tokens = [stage.call('a', 'b'), stage.call('a', 'b')]
    stage.run(15)
    assert.deepEqual([stage.runs, stage.sent('TA'), stage.sent('IAA')], [1, 0, 0])
    stage.run(1_200)
    assert.deepEqual(
      tokens.map((token) => stage.end(token)),
      ['completed ok', 'completed ok'],
    )
    assert.equal(stage.runs, 2)
    isSound(stage)
  })

  it('is lost where it is discarded and nothing is asked', () => {
    const stage = open({ buffering: 'discard', reliability: 'none' }, busy)
    const tokens = [stage.call('a', 'b', { timeoutMs: 2_000 }), stage.call('a', 'b', { timeoutMs: 2_000 })]
    stage.run(2_100)
    assert.deepEqual(
      tokens.map((token) => stage.end(token)),
      ['completed ok', 'timed-out, unknown'],
    )
  })

  it('runs where it is held for long enough', () => {
    const stage = open({ buffering: 'hold', holdMs: 30 }, busy)
    stage.call('a', 'b')
    const token = stage.call('a', 'b')
    stage.run(60)
    assert.equal(stage.end(token), 'completed ok')
    assert.equal(stage.sent('REQ'), 2)
    isSound(stage)
  })

  it('is forgotten where it was held for too long: a caller that asks hears that it has never been seen', () => {
    const stage = open({ buffering: 'hold', holdMs: 10 }, busy)
    stage.inject('a', 'b', req({ slot: 0, sequence: 1 }))
    stage.inject('a', 'b', req({ slot: 1, sequence: 1 }))
    stage.run(15)
    stage.inject('a', 'b', { kind: 'AYA', slot: 1, sequence: 1 })
    assert.deepEqual([stage.sent('AU'), stage.sent('IAA')], [1, 0])
    stage.run(100)
    assert.equal(stage.runs, 1)
    isSound(stage)
  })

  it('is refused for good when it is cancelled after it was dropped', () => {
    const stage = open({ buffering: 'hold', holdMs: 10 }, busy)
    stage.inject('a', 'b', req({ slot: 0, sequence: 1 }))
    stage.inject('a', 'b', req({ slot: 1, sequence: 1 }))
    stage.run(15)
    stage.inject('a', 'b', { kind: 'CAN', slot: 1, sequence: 1 })
    stage.run(100)
    stage.inject('a', 'b', req({ slot: 1, sequence: 1 }))
    stage.run(200)
    assert.equal(stage.runs, 1)
  })

  it('makes room for another where it was held for too long, and is dropped where nothing makes room', () => {
    const stage = open({ buffering: 'hold', holdMs: 10 }, { ...busy, handlerMs: 100, mailboxMax: 1 })
    for (const slot of [0, 1, 2]) stage.inject('a', 'b', req({ slot, sequence: 1 }))
    const waiting = (): unknown => [...stage.stateOf('b').mailboxes.values()][0]?.waiting.map(({ slot }) => slot)
    assert.deepEqual(waiting(), [1])
    stage.run(15)
    stage.inject('a', 'b', req({ slot: 2, sequence: 1 }))
    assert.deepEqual(waiting(), [2])
    assert.equal(stage.sent('TA'), 0)
    isSound(stage)
  })
})
