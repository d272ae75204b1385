/** What a caller is told of its calls, and what it sends for them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { itm, rep } from './fixtures/messages.ts'
import { type CallTerms, type Fate, type Part, Stage } from './fixtures/stage.ts'
import type { Limits } from './state.ts'

const lost: Fate = () => []
const onlyRequests: Fate = (message) => (message.kind === 'REQ' ? undefined : [])

/** Two members between which no link has stood yet. */
function openUnlinked(part: Part = {}, fate?: Fate, limits: Partial<Limits> = {}): Stage {
  const stage = new Stage(fate, limits)
  stage.start('a')
  stage.start('b', part)
  return stage
}

function open(part: Part = {}, fate?: Fate, limits: Partial<Limits> = {}): Stage {
  const stage = openUnlinked(part, fate, limits)
  stage.link('a', 'b')
  return stage
}

/** Makes one call, lets `then` happen 10 ms later, and says how the call has ended 300 ms later. */
function endOf(stage: Stage, then: (token: number) => void, terms: CallTerms = {}): string | undefined {
  const token = stage.call('a', 'b', terms)
  stage.at(10, () => then(token))
  stage.run(310)
  return stage.end(token)
}

describe('executed is truthful', () => {
  const busy: Part = { concurrency: 1, mailboxMax: 0, handlerMs: 10_000 }
  const dead = (stage: Stage): void => stage.tell('a', { kind: 'parted', peer: stage.address('b') })
  const gone = (stage: Stage): void => stage.tell('a', { kind: 'unreachable', peer: stage.address('b') })
  const cancelled = (stage: Stage, token: number): void => stage.cancel('a', 'b', token)

  const cases: readonly (readonly [
    fact: string,
    part: Part,
    fate: Fate | undefined,
    then: typeof cancelled,
    end: string,
  ])[] = [
    ['cancelled while it backs off', busy, undefined, cancelled, 'cancelled, no'],
    ['cancelled when every message is lost', {}, lost, cancelled, 'cancelled, unknown'],
    ['cancelled while it runs, and it ends', { handlerMs: 40 }, undefined, cancelled, 'cancelled, yes'],
    ['cancelled while it runs, and it does not end', { handlerMs: 9_000 }, undefined, cancelled, 'cancelled, unknown'],
    ['the callee dies while it backs off', busy, undefined, dead, 'member-died, no'],
    ['the callee dies while it runs', { handlerMs: 9_000 }, undefined, dead, 'member-died, unknown'],
    ['the callee cannot be reached any more', { handlerMs: 9_000 }, undefined, gone, 'unreachable, unknown'],
  ]
  for (const [fact, part, fate, then, end] of cases) {
    it(`${fact}: ${end}`, () => {
      const stage = open(part, fate)
      if (part === busy) stage.call('a', 'b')
      assert.equal(
        endOf(stage, (token) => then(stage, token)),
        end,
      )
    })
  }

  it('the callee cannot be reached, and never was: unreachable, no', () => {
    const stage = openUnlinked({}, lost)
    const end = endOf(stage, () => gone(stage))
    assert.equal(end, 'unreachable, no')
  })

  it('the callee dies before a link to it stood: member-died, no', () => {
    const stage = openUnlinked({}, lost)
    const end = endOf(stage, () => dead(stage))
    assert.equal(end, 'member-died, no')
  })

  it('no room until the deadline: try-again, no', () => {
    const stage = open(busy)
    stage.call('a', 'b')
    assert.equal(
      endOf(stage, () => {}, { timeoutMs: 200 }),
      'try-again, no',
    )
  })

  it('no answer by the deadline: timed-out, unknown', () => {
    assert.equal(
      endOf(open({ handlerMs: 9_000 }), () => {}, { timeoutMs: 200 }),
      'timed-out, unknown',
    )
  })

  it('the reply is no longer kept: reply-lost, yes', () => {
    const stage = open({ handlerMs: 9_000 })
    const end = endOf(stage, () => stage.inject('b', 'a', rep({ slot: 0, sequence: 1, status: 'lost' })))
    assert.equal(end, 'reply-lost, yes')
  })

  it('cancelled, and the reply failed: only the driver can tell', () => {
    const stage = open({ handlerMs: 9_000 })
    const end = endOf(stage, (token) => {
      stage.cancel('a', 'b', token)
      stage.inject('b', 'a', rep({ slot: 0, sequence: 1, status: 'failed' }))
    })
    assert.equal(end, 'cancelled, unknown')
  })

  it('a call to a member that is known to be dead fails at once: member-died, no', () => {
    const stage = open()
    dead(stage)
    const token = stage.call('a', 'b')
    assert.equal(stage.end(token), 'member-died, no')
    assert.equal(stage.stateOf('a').callees.size, 0)
  })

  it('a later life that answers for an earlier one proves it dead: member-died, unknown', () => {
    const stage = openUnlinked({}, onlyRequests)
    const token = stage.call('a', 'b')
    stage.crash('b')
    stage.start('b', {})
    stage.inject('b', 'a', { kind: 'AU', slot: 9, sequence: 9, what: 'incarnation' })
    assert.equal(stage.end(token), 'member-died, unknown')
  })
})

describe('a caller', () => {
  it('keeps calls waiting when all slots are taken, and sends them in their order', () => {
    const stage = open({ handlerMs: 10 }, undefined, { slotsMax: 2 })
    const tokens = [1, 2, 3, 4, 5].map(() => stage.call('a', 'b'))
    assert.equal(stage.sent('REQ'), 2)
    stage.run(100)
    assert.deepEqual(
      tokens.map((token) => stage.end(token)),
      Array(5).fill('completed ok'),
    )
    const order = stage.outcomes.flatMap((outcome) => (outcome.kind === 'completed' ? outcome.token : []))
    assert.deepEqual(order, [1, 2, 3, 4, 5])
  })

  it('refuses a call when as many wait as may: try-again, no', () => {
    const stage = open({}, undefined, { slotsMax: 1, waitingMax: 1 })
    const tokens = [1, 2, 3].map(() => stage.call('a', 'b'))
    assert.deepEqual(
      tokens.map((token) => stage.end(token)),
      [undefined, undefined, 'try-again, no'],
    )
  })

  it('finds a call by its token wherever it is, and remembers no token of one that has ended', () => {
    const stage = open({ handlerMs: 9_000 }, undefined, { slotsMax: 2 })
    const [first = 0, second = 0, third = 0] = [1, 2, 3].map(() => stage.call('a', 'b'))
    const callee = stage.stateOf('a').callees.get(stage.address('b'))
    assert.deepEqual(
      [...(callee?.slotOfToken ?? [])],
      [
        [first, 0],
        [second, 1],
      ],
    )
    stage.cancel('a', 'b', third)
    assert.equal(stage.end(third), 'cancelled, no')
    stage.cancel('a', 'b', first)
    stage.cancel('a', 'b', second)
    stage.run(300)
    assert.equal(stage.end(second), 'cancelled, unknown')
    assert.deepEqual([callee?.slotOfToken.size, callee?.waiting.size], [0, 0])
  })

  it('ends a call that still waits for a slot by its deadline: timed-out, no', () => {
    const stage = open({ handlerMs: 9_000 }, undefined, { slotsMax: 1 })
    stage.call('a', 'b')
    assert.equal(
      endOf(stage, () => {}, { timeoutMs: 100 }),
      'timed-out, no',
    )
  })

  it('tries a refused call again with a greater sequence', () => {
    const stage = open({ concurrency: 1, mailboxMax: 0, handlerMs: 20 })
    stage.call('a', 'b')
    const token = stage.call('a', 'b')
    stage.run(200)
    assert.match(stage.text, /REQ 1\/2/)
    assert.equal(stage.end(token), 'completed ok')
  })

  it('does not try a refused `maybe` again', () => {
    const stage = open({ concurrency: 1, mailboxMax: 0, handlerMs: 20 })
    stage.call('a', 'b')
    assert.equal(
      endOf(stage, () => {}, { semantics: 'maybe' }),
      'try-again, no',
    )
  })

  it('does not send a lost `maybe` again', () => {
    const stage = open({}, (message) => (message.kind === 'REQ' ? [] : undefined))
    const token = stage.call('a', 'b', { semantics: 'maybe', timeoutMs: Number.POSITIVE_INFINITY })
    stage.run(5_000)
    assert.equal(stage.end(token), 'timed-out, unknown')
    assert.equal(stage.sent('REQ'), 1)
  })

  it('does not send a large request again while it may still be on its way', () => {
    const stage = open({}, (message) => (message.kind === 'REQ' ? [] : undefined), {
      largeBytes: 50,
      slowestBytesPerMs: 0.05,
    })
    stage.call('a', 'b', { body: 'x'.repeat(100), timeoutMs: 60_000 })
    stage.run(2_900)
    assert.equal(stage.sent('REQ'), 1)
    stage.run(4_100)
    assert.equal(stage.sent('REQ'), 2)
  })

  it('sends a large request again as soon as a link broke and the callee has never seen it', () => {
    const stage = open({}, (message, nth) => (message.kind === 'REQ' && nth === 1 ? [] : undefined), { largeBytes: 50 })
    const token = stage.call('a', 'b', { body: 'x'.repeat(100) })
    stage.at(10, () => stage.link('a', 'b'))
    stage.run(50)
    assert.equal(stage.end(token), 'completed ok')
  })

  it('sends no request because a callee says, unasked, that it never saw it', () => {
    const stage = open({ handlerMs: 500 })
    stage.call('a', 'b')
    for (let count = 0; count < 5; count++) stage.inject('b', 'a', { kind: 'AU', slot: 0, sequence: 1, what: 'call' })
    assert.equal(stage.sent('REQ'), 1)
  })

  it('takes no reply for an earlier call of the slot', () => {
    const stage = open({ handlerMs: 500 })
    stage.call('a', 'b', { timeoutMs: 100 })
    stage.run(150)
    const second = stage.call('a', 'b')
    stage.inject('b', 'a', rep({ slot: 0, sequence: 1 }))
    assert.equal(stage.end(second), undefined)
  })

  it('takes no item beyond the window that it has granted', () => {
    const stage = open({ handlerMs: 500 })
    stage.call('a', 'b', { window: 2 })
    for (const index of [0, 1, 2, 3]) stage.inject('b', 'a', itm({ slot: 0, sequence: 1, index }))
    assert.equal(stage.outcomes.filter((outcome) => outcome.kind === 'item').length, 2)
    assert.equal(stage.stateOf('a').malformed, 2)
  })

  it('holds items that come before an earlier one, and gives each once and in their order', () => {
    const stage = open({ handlerMs: 9_000 }, onlyRequests)
    const given = (): string[] =>
      stage.outcomes.flatMap((outcome) => (outcome.kind === 'item' ? new TextDecoder().decode(outcome.body) : []))
    const arrive = (index: number): void =>
      stage.inject('b', 'a', itm({ slot: 0, sequence: 1, index, body: new TextEncoder().encode(`item ${index}`) }))
    stage.call('a', 'b', { window: 4 })
    for (const index of [2, 1, 2]) arrive(index)
    assert.deepEqual(given(), [])
    for (const index of [0, 1, 3]) arrive(index)
    assert.deepEqual(given(), ['item 0', 'item 1', 'item 2', 'item 3'])
  })

  it('asks for a lost item after a second, although later ones keep coming', () => {
    const stage = open({ handlerMs: 9_000 }, onlyRequests)
    stage.call('a', 'b', { window: 100 })
    for (let index = 1; index < 8; index++) {
      stage.at(index * 300, () => stage.inject('b', 'a', itm({ slot: 0, sequence: 1, index })))
    }
    stage.run(1_100)
    assert.equal(stage.sent('CRE'), 1)
  })

  it('gives the items that came before a failed reply first', () => {
    const stage = open({ handlerMs: 9_000 })
    const token = stage.call('a', 'b', { window: 2 })
    stage.inject('b', 'a', rep({ slot: 0, sequence: 1, status: 'failed', count: 1 }))
    assert.equal(stage.end(token), undefined)
    stage.inject('b', 'a', itm({ slot: 0, sequence: 1 }))
    assert.equal(stage.end(token), 'completed failed')
  })

  it('acknowledges again, when a link broke, what it may have acknowledged over that link', () => {
    const stage = open({}, (message, nth) => (message.kind === 'ACK' && nth === 1 ? [] : undefined))
    stage.call('a', 'b')
    stage.run(300)
    stage.link('a', 'b')
    stage.run(600)
    assert.equal(stage.stateOf('b').callers.get(stage.address('a'))?.retainedBytes, 0)
  })

  it('asks nothing when the first link stands: nothing can have been lost', () => {
    const stage = openUnlinked({ handlerMs: 100 })
    stage.call('a', 'b')
    stage.link('a', 'b')
    assert.equal(stage.sent('AYA'), 0)
  })

  it('uses no sequence twice, even for a peer that it forgot because it was out of reach', () => {
    const stage = openUnlinked({}, lost)
    stage.call('a', 'b')
    stage.tell('a', { kind: 'unreachable', peer: stage.address('b') })
    assert.equal(stage.stateOf('a').callees.size, 0)
    stage.call('a', 'b')
    assert.match(stage.text, /REQ 0\/2/)
  })

  it('is not harmed by timers that fire for nothing', () => {
    const stage = open({ handlerMs: 20 })
    const token = stage.call('a', 'b')
    for (let atMs = 1; atMs < 15; atMs++) stage.at(atMs, () => stage.fire('a'))
    stage.run(15)
    assert.equal(stage.sent('REQ') + stage.sent('AYA') + stage.sent('ACK'), 1)
    stage.run(50)
    assert.equal(stage.end(token), 'completed ok')
  })
})
