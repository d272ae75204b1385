/** What no peer can do to a member, whatever numbers it sends. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cre, itm, rep, req } from './fixtures/messages.ts'
import { Stage } from './fixtures/stage.ts'
import type { Message } from './messages.ts'
import { rpc } from './rpc.ts'

const number = { slot: 0, sequence: 1 }
const badSlots = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 1_024, 4e9]
const badSequences = [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 48]
const kinds: readonly Message[] = [
  ...[req(number), rep(number), cre(number), itm(number)],
  ...(['ACK', 'AYA', 'TA', 'CAN'] as const).map((kind) => ({ kind, ...number })),
  { kind: 'IAA', phase: 'running', ...number },
  { kind: 'AU', what: 'call', ...number },
]

const malformed: readonly (readonly [what: string, message: Message])[] = [
  ...kinds.flatMap((message) =>
    badSlots.map((slot) => [`${message.kind} of slot ${slot}`, { ...message, slot }] as const),
  ),
  ...kinds.flatMap((message) =>
    badSequences.map((sequence) => [`${message.kind} of sequence ${sequence}`, { ...message, sequence }] as const),
  ),
  ...[-1, 0.5, Number.NaN, 1_025, 1e9].map(
    (window) => [`REQ of window ${window}`, req({ ...number, window })] as const,
  ),
  ...[-1, 0.5, Number.NaN, 4].map((priority) => [`REQ of priority ${priority}`, req({ ...number, priority })] as const),
  ...[-1, Number.NaN].map(
    (remainingMs) => [`REQ with ${remainingMs} ms left`, req({ ...number, remainingMs })] as const,
  ),
  ...[-1, 0.5, Number.NaN].map((count) => [`REP after ${count} items`, rep({ ...number, count })] as const),
  ...[-1, 0.5, Number.NaN].map((index) => [`ITM of index ${index}`, itm({ ...number, index })] as const),
  ...[-1, 0.5, Number.NaN].map((limit) => [`CRE of limit ${limit}`, cre({ ...number, limit })] as const),
  ...[-1, 0.5, Number.NaN].map((received) => [`CRE of received ${received}`, cre({ ...number, received })] as const),
  ['a message of no kind', { kind: 'WHO', ...number } as unknown as Message],
]

describe('a malformed message is counted, changes nothing and is not answered', () => {
  for (const [what, message] of malformed) {
    it(what, () => {
      const stage = new Stage()
      stage.start('a')
      stage.start('b', { handlerMs: 100 })
      stage.call('a', 'b', { window: 4 })
      stage.run(10)
      const before = structuredClone(stage.stateOf('b'))
      const text = stage.text
      stage.inject('a', 'b', message)
      assert.deepEqual(stage.stateOf('b'), { ...before, malformed: before.malformed + 1 })
      assert.equal(stage.text, text)
    })
  }
})

describe('a member', () => {
  it('remembers no more callers than its bound, and does not run what it cannot remember', () => {
    const stage = new Stage(undefined, { callersMax: 1 })
    for (const name of ['a', 'c']) stage.start(name)
    stage.start('b', {})
    stage.inject('a', 'b', req(number))
    stage.inject('c', 'b', req(number))
    assert.equal(stage.runs, 1)
    assert.equal(stage.stateOf('b').callers.size, 1)
  })

  it('remembers no more dead peers than its bound', () => {
    const stage = new Stage(undefined, { partedMax: 3 })
    stage.start('a')
    for (let life = 0; life < 9; life++) {
      stage.start('b')
      stage.tell('a', { kind: 'parted', peer: stage.address('b') })
      stage.crash('b')
    }
    assert.equal(stage.stateOf('a').parted.size, 3)
    assert.ok(stage.stateOf('a').parted.has(stage.address('b')))
  })

  it('stays as small as it was after ten thousand calls', () => {
    const stage = new Stage()
    stage.start('a')
    stage.start('b', {})
    for (let count = 0; count < 10_000; count++) stage.at(count * 5, () => stage.call('a', 'b'))
    stage.run(60_000)
    const callee = stage.stateOf('a').callees.get(stage.address('b'))
    assert.equal(callee?.slots.length, 1)
    assert.equal(stage.stateOf('b').callers.get(stage.address('a'))?.slots.length, 1)
    assert.equal(stage.outcomes.filter((outcome) => outcome.kind === 'completed').length, 10_000)
  })

  it('can call itself', () => {
    const stage = new Stage()
    stage.start('a', {})
    const token = stage.call('a', 'a')
    stage.run(50)
    assert.equal(stage.end(token), 'completed ok')
  })

  it('shows its calls to a person', () => {
    const stage = new Stage()
    stage.start('a')
    stage.start('b', { concurrency: 1, handlerMs: 100 })
    for (let count = 0; count < 3; count++) stage.call('a', 'b')
    stage.run(10)
    assert.equal(rpc.inspect(stage.stateOf('a')), 'rpc of a#1\n  calls b#1: 3 in flight, 0 waiting, 3 slots')
    const served = 'rpc of b#1\n  serves a#1: 3 slots, 0 replies kept (0 bytes)\n  port 012345…: 1 running, 2 waiting'
    assert.equal(rpc.inspect(stage.stateOf('b')), served)
  })
})
