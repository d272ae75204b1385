/** The checkers of plain records: for each claim, records that keep it and records that break it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { checkDurability } from './durability.ts'
import { checkExclusion } from './exclusion.ts'
import { checkExecutions } from './executions.ts'
import { checkLeadership } from './leadership.ts'
import { checkOrderedDelivery } from './ordered-delivery.ts'
import { checkOwnership } from './ownership.ts'
import { checkProgress } from './progress.ts'
import type { CertainVerdict } from './verdict.ts'

const log = (member: string, ...delivered: string[]) => ({ member, delivered })
const call = (executions: number, executed: 'no' | 'yes' | 'unknown') => [{ call: 'c1', executions, executed }]
const tenure = (holder: string, token: number, fromMs: number, untilMs?: number) => ({
  holder,
  token,
  fromMs,
  ...(untilMs === undefined ? {} : { untilMs }),
})
const write = (token: number, atMs: number, isAccepted: boolean) => ({ token, atMs, isAccepted })
const own = (owner: string, fromMs: number, untilMs?: number) => ({
  object: 'o',
  owner,
  fromMs,
  ...(untilMs === undefined ? {} : { untilMs }),
})
const put = (value: string, startedMs: number, acknowledgedMs?: number) => ({
  key: 'x',
  value,
  startedMs,
  ...(acknowledgedMs === undefined ? {} : { acknowledgedMs }),
})
const lead = (leader: string, epoch: number, atMs: number) => ({ leader, epoch, atMs })
const attempt = (invokedMs: number, completedMs?: number) => [
  { operation: 'o', invokedMs, ...(completedMs === undefined ? {} : { completedMs }) },
]
const found = (value?: string) => new Map(value === undefined ? [] : [['x', value]])
const bounds = { faultsEndedMs: 100, withinMs: 10, endedMs: 200 }

const rows: readonly (readonly [fact: string, holds: boolean, check: () => CertainVerdict])[] = [
  [
    'members that delivered beginnings of one order',
    true,
    () => checkOrderedDelivery([log('m1', 'a', 'b'), log('m2', 'a')]),
  ],
  [
    'members that delivered in different orders',
    false,
    () => checkOrderedDelivery([log('m1', 'a', 'b'), log('m2', 'b', 'a')]),
  ],
  ['a gap in what one delivered', false, () => checkOrderedDelivery([log('m1', 'a', 'b', 'c'), log('m2', 'a', 'c')])],
  ['a message delivered twice by all', false, () => checkOrderedDelivery([log('m1', 'a', 'a'), log('m2', 'a', 'a')])],
  ['a message that nobody sent', false, () => checkOrderedDelivery([log('m1', 'z')], { sent: ['a'] })],
  [
    'one that lags, where all must be complete',
    false,
    () => checkOrderedDelivery([log('m1', 'a', 'b'), log('m2', 'a')], { isComplete: true }),
  ],
  [
    'a message that nobody delivered',
    false,
    () => checkOrderedDelivery([log('m1', 'a')], { sent: ['a', 'b'], isComplete: true }),
  ],
  ['at-most-once: one execution', true, () => checkExecutions('at-most-once', call(1, 'unknown'))],
  ['at-most-once: two executions', false, () => checkExecutions('at-most-once', call(2, 'unknown'))],
  ['at-least-once: two executions', true, () => checkExecutions('at-least-once', call(2, 'yes'))],
  ['at-least-once: none, though acknowledged', false, () => checkExecutions('at-least-once', call(0, 'yes'))],
  ['maybe: none, and nobody knows', true, () => checkExecutions('maybe', call(0, 'unknown'))],
  ['maybe: two executions', false, () => checkExecutions('maybe', call(2, 'unknown'))],
  ['a call that ran, though its error says no', false, () => checkExecutions('at-least-once', call(1, 'no'))],
  ['tenures one after another', true, () => checkExclusion({ tenures: [tenure('a', 1, 0, 5), tenure('b', 2, 5)] })],
  [
    'tenures that overlap without fencing',
    false,
    () => checkExclusion({ tenures: [tenure('a', 1, 0, 9), tenure('b', 2, 5)] }),
  ],
  [
    'a long tenure over two short ones',
    false,
    () => checkExclusion({ tenures: [tenure('a', 1, 0), tenure('b', 2, 5, 6)] }),
  ],
  [
    'an overlap whose stale token was refused',
    true,
    () =>
      checkExclusion({
        tenures: [tenure('a', 1, 0, 9), tenure('b', 2, 5)],
        writes: [write(1, 1, true), write(2, 6, true), write(1, 7, false)],
      }),
  ],
  [
    'a stale token that was accepted',
    false,
    () =>
      checkExclusion({
        tenures: [tenure('a', 1, 0, 9), tenure('b', 2, 5)],
        writes: [write(2, 6, true), write(1, 7, true)],
      }),
  ],
  [
    'a token that nobody was given',
    false,
    () => checkExclusion({ tenures: [tenure('a', 1, 0)], writes: [write(3, 6, true)] }),
  ],
  ['tokens that do not grow', false, () => checkExclusion({ tenures: [tenure('a', 2, 0, 1), tenure('b', 2, 5)] })],
  ['an owner after the other’s death', true, () => checkOwnership([own('a', 0, 5), own('b', 5)])],
  ['two live owners', false, () => checkOwnership([own('a', 0, 6), own('b', 5)])],
  [
    'a live owner whom an earlier one outlasts',
    false,
    () => checkOwnership([own('a', 0), own('a', 1, 2), own('b', 5)]),
  ],
  ['the acknowledged write is there', true, () => checkDurability([put('1', 0, 1)], found('1'))],
  ['an acknowledged write was replaced', true, () => checkDurability([put('1', 0, 1), put('2', 2, 3)], found('2'))],
  ['an unacknowledged write replaced it', true, () => checkDurability([put('1', 0, 1), put('2', 2)], found('2'))],
  ['an acknowledged write is gone', false, () => checkDurability([put('1', 0, 1)], found())],
  ['an acknowledged write was undone', false, () => checkDurability([put('1', 0, 1), put('2', 2, 3)], found('1'))],
  ['what nobody wrote', false, () => checkDurability([put('1', 0)], found('9'))],
  ['a leader in each epoch', true, () => checkLeadership([lead('a', 1, 0), lead('b', 2, 1), lead('b', 2, 3)])],
  ['two leaders in one epoch', false, () => checkLeadership([lead('a', 1, 0), lead('b', 1, 1)])],
  ['a leader that goes back', false, () => checkLeadership([lead('a', 2, 0), lead('a', 1, 1)])],
  ['done soon after the faults', true, () => checkProgress(attempt(50, 109), bounds)],
  ['done late', false, () => checkProgress(attempt(50, 111), bounds)],
  ['never done', false, () => checkProgress(attempt(150), bounds)],
  ['begun just before the end', true, () => checkProgress(attempt(195), bounds)],
]

describe('records', () => {
  for (const [fact, holds, check] of rows) {
    it(`${fact}: ${holds ? 'hold' : 'are reported'}`, () => {
      const verdict = check()
      assert.equal(verdict.holds, holds)
      if (!verdict.holds) assert.ok(verdict.claim.length > 0 && verdict.text.length > 10)
    })
  }

  it('of a right delivery hold, and any swap, repetition or omission among them is reported', () => {
    const messages = Array.from({ length: 12 }, (_, index) => `n${index}`)
    fc.assert(
      fc.property(fc.nat(10), fc.constantFrom('swap', 'repeat', 'omit'), (at, how) => {
        const wrong = [...messages]
        const [one = '', other = ''] = wrong.slice(at, at + 2)
        wrong.splice(at, 2, ...(how === 'swap' ? [other, one] : how === 'repeat' ? [one, one, other] : [other]))
        assert.equal(checkOrderedDelivery([log('m1', ...messages), log('m2', ...messages)]).holds, true)
        assert.equal(checkOrderedDelivery([log('m1', ...messages), log('m2', ...wrong)]).holds, false)
      }),
    )
  })
})
