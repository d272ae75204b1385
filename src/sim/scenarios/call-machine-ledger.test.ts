/** That the scenario of the call machine notices: each of its claims is broken once on purpose. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { address, incarnation, memberId } from '../../lib/identifiers.ts'
import { CallLedger, type Made } from './call-machine-ledger.ts'

const [from, to] = ['m1', 'm2'].map((name) => address(memberId(name), incarnation(1)))
if (from === undefined || to === undefined) throw new Error('two names give two addresses')
const ok = { kind: 'completed', token: 1, status: 'ok', body: new Uint8Array(0) } as const
const denied = { kind: 'failed', token: 1, code: 'unreachable', executed: 'no' } as const

const breaches: readonly (readonly [claim: string, what: string, breach: (ledger: CallLedger, made: Made) => void])[] =
  [
    ['at-most-once', 'runs twice', (ledger, made) => [0, 1].forEach(() => ledger.onRun(made, to))],
    ['at-most-once', 'runs where it was not sent', (ledger, made) => ledger.onRun(made, from)],
    [
      'truthful',
      'runs after it was said not to',
      (ledger, made) => {
        ledger.onEnd(made, denied, undefined)
        ledger.onRun(made, to)
      },
    ],
    [
      'truthful',
      'ran and is said not to have',
      (ledger, made) => {
        ledger.onRun(made, to)
        ledger.onEnd(made, denied, undefined)
      },
    ],
    [
      'truthful',
      'did not run and is said to have',
      (ledger, made) => ledger.onEnd(made, { ...denied, executed: 'yes' }, undefined),
    ],
    ['reply', 'completes without a reply', (ledger, made) => ledger.onEnd(made, ok, 1)],
    [
      'reply',
      'has the reply of another',
      (ledger, made) => {
        made.replied = 'ok'
        ledger.onEnd(made, ok, 2)
      },
    ],
    [
      'reply',
      'ends twice',
      (ledger, made) => [0, 1].forEach(() => ledger.onEnd(made, { ...denied, executed: 'unknown' }, undefined)),
    ],
    [
      'stream',
      'completes with items missing',
      (ledger, made) => {
        made.replied = 'ok'
        made.produced = 2
        ledger.onEnd(made, ok, 1)
      },
    ],
    ['stream', 'has a wrong item', (ledger, made) => ledger.onItem(made, false)],
    ['stream', 'has more items than its window', (ledger, made) => [0, 1, 2].forEach(() => ledger.onItem(made, true))],
    ['reply', 'was never made', (ledger) => void ledger.find(2)],
  ]

describe('the scenario finds a call that', () => {
  for (const [claim, what, breach] of breaches) {
    it(what, () => {
      const ledger = new CallLedger(() => 7)
      breach(ledger, ledger.open({ token: 1, from, to, window: 2 }))
      assert.deepEqual([...new Set(ledger.violations.map((violation) => violation.claim))], [claim])
    })
  }

  it('goes well, and says nothing', () => {
    const ledger = new CallLedger(() => 7)
    const made = ledger.open({ token: 1, from, to, window: 2 })
    ledger.onRun(made, to)
    for (let count = 0; count < 2; count++) {
      made.produced++
      ledger.onItem(made, true)
    }
    made.replied = 'ok'
    ledger.onEnd(made, ok, 1)
    assert.deepEqual(ledger.violations, [])
    assert.deepEqual([...ledger.ends], [['completed ok', 1]])
  })
})
