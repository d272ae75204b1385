/** What callers of one service owe each other: turns in its mailbox, places in it, and handlers. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { memberOf } from '../../lib/identifiers.ts'
import { req } from './fixtures/messages.ts'
import { type Part, Stage } from './fixtures/stage.ts'
import { brokenInvariants } from './invariants.ts'
import type { Limits } from './state.ts'

/** `a` and `c` are played by the test; `b` serves. */
function crowd(part: Part, limits: Partial<Limits> = {}): Stage {
  const stage = new Stage(undefined, limits)
  stage.start('a')
  stage.start('c')
  stage.start('b', part)
  return stage
}

function order(stage: Stage): string[] {
  return stage.outcomes.flatMap((one) => (one.kind === 'deliver' ? `${memberOf(one.caller)}${one.slot}` : []))
}

function flood(stage: Stage, from: string, count: number, of: { priority?: number; body?: Uint8Array } = {}): void {
  for (let slot = 0; slot < count; slot++) stage.inject(from, 'b', req({ slot, sequence: 1, ...of }))
}

it('the first call of one caller runs before the second of another that waits already', () => {
  const stage = crowd({ concurrency: 1, handlerMs: 5 })
  flood(stage, 'a', 4)
  flood(stage, 'c', 2)
  stage.run(100)
  assert.deepEqual(order(stage), ['a0', 'a1', 'c0', 'a2', 'c1', 'a3'])
})

it('a call of a higher priority runs before those of all callers that have a lower one', () => {
  const stage = crowd({ concurrency: 1, handlerMs: 5 })
  flood(stage, 'a', 3)
  stage.inject('a', 'b', req({ slot: 3, sequence: 1, priority: 0 }))
  stage.inject('c', 'b', req({ slot: 0, sequence: 1 }))
  stage.run(100)
  assert.deepEqual(order(stage), ['a0', 'a3', 'a1', 'c0', 'a2'])
})

it('a caller that fills the mailbox loses its last call to one that has none there', () => {
  const stage = crowd({ concurrency: 1, mailboxMax: 4, handlerMs: 50 })
  flood(stage, 'a', 5)
  stage.inject('c', 'b', req({ slot: 0, sequence: 1 }))
  assert.match(stage.text, /TA 4\/1/)
  stage.run(1_000)
  assert.deepEqual(order(stage), ['a0', 'a1', 'c0', 'a2', 'a3'])
})

it('a caller that has as much in a full mailbox as any other is told to try again', () => {
  const stage = crowd({ concurrency: 1, mailboxMax: 4, handlerMs: 50 })
  flood(stage, 'a', 3)
  flood(stage, 'c', 3)
  assert.equal(stage.sent('TA'), 1)
  assert.match(stage.text, /TA 2\/1/)
})

it('a caller that fills the mailbox with large calls loses the last of them to a small one', () => {
  const stage = crowd({ concurrency: 1, handlerMs: 50 }, { mailboxBytesMax: 1_000 })
  flood(stage, 'a', 4, { body: new Uint8Array(330) })
  stage.inject('c', 'b', req({ slot: 0, sequence: 1, body: new Uint8Array(100) }))
  assert.equal(stage.sent('TA'), 1)
  stage.run(1_000)
  assert.deepEqual(order(stage), ['a0', 'a1', 'c0', 'a2'])
})

it('a caller alone fills the whole mailbox', () => {
  const stage = crowd({ concurrency: 1, mailboxMax: 4, handlerMs: 50 })
  flood(stage, 'a', 6)
  assert.equal(stage.sent('TA'), 1)
})

it('one caller has at most seven of eight handlers, however long they take and whatever its priority', () => {
  const stage = crowd({ concurrency: 8, mailboxMax: 16, handlerMs: 1_000_000 })
  flood(stage, 'a', 16, { priority: 0 })
  assert.equal(stage.runs, 7)
  stage.inject('c', 'b', req({ slot: 0, sequence: 1, priority: 3 }))
  assert.equal(order(stage).at(-1), 'c0')
})

it('one caller has all handlers of a service that has fewer than eight', () => {
  const stage = crowd({ concurrency: 7, handlerMs: 50 })
  flood(stage, 'a', 8)
  assert.equal(stage.runs, 7)
})

it('a handler that works for a caller which has died keeps its place until it ends', () => {
  const stage = crowd({ concurrency: 1, handlerMs: 50 })
  flood(stage, 'a', 1)
  stage.tell('b', { kind: 'parted', peer: stage.address('a') })
  flood(stage, 'c', 1)
  assert.deepEqual(order(stage), ['a0'])
  stage.run(60)
  assert.deepEqual(order(stage), ['a0', 'c0'])
})

it('whatever two callers send, ask for, or give up, the counts of the mailbox hold and every handler is used', () => {
  const action = fc.record({
    from: fc.constantFrom('a', 'c'),
    slot: fc.nat({ max: 5 }),
    kind: fc.constantFrom('REQ', 'REQ', 'REQ', 'CAN', 'ACK', 'time'),
    priority: fc.nat({ max: 3 }),
    sizeBytes: fc.nat({ max: 60 }),
  })
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), fc.constantFrom(1, 3, 8), (actions, concurrency) => {
      const stage = crowd({ concurrency, mailboxMax: 4, handlerMs: 10 }, { mailboxBytesMax: 100 })
      let [now, sequence] = [0, 0]
      for (const { from, slot, kind, priority, sizeBytes } of actions) {
        if (kind === 'time') stage.run((now += 7))
        else if (kind === 'REQ')
          stage.inject(from, 'b', req({ slot, sequence: ++sequence, priority, body: new Uint8Array(sizeBytes) }))
        else stage.inject(from, 'b', { kind, slot, sequence })
        assert.deepEqual(brokenInvariants(stage.stateOf('b')), [])
      }
    }),
  )
})
