/** How a member's driver treats its machine: timers, steps that throw, and messages to oneself. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BrokenInvariant } from '../../lib/assert.ts'
import { type Address, incarnation, port } from '../../lib/identifiers.ts'
import { LamportClock } from '../../lib/lamport-clock.ts'
import { seededRandom } from '../../lib/random.ts'
import type { Call, Outcome } from '../../protocols/rpc/messages.ts'
import { HandClock } from '../fixtures/hand-clock.ts'
import { RpcDriver } from './rpc-driver.ts'

const self = 'self#1' as Address
const bytes = new Uint8Array(0)

function callTo(to: Address, token: number, timeoutMs: number): Call {
  return {
    kind: 'call',
    token,
    to,
    port: port('ab'.repeat(16)),
    semantics: 'at-most-once',
    priority: 1,
    timeoutMs,
    window: 0,
    selector: bytes,
    body: bytes,
  }
}

class Stage {
  readonly clock = new HandClock()
  readonly delays: number[] = []
  readonly outcomes: Outcome[] = []
  broken = 0
  onOutcome = (outcome: Outcome): void => void this.outcomes.push(outcome)
  readonly driver: RpcDriver

  constructor() {
    const clock = Object.assign(Object.create(this.clock) as HandClock, {
      now: () => this.clock.now(),
      wallMs: () => this.clock.wallMs(),
      soon: (run: () => void) => this.clock.soon(run),
      after: (delayMs: number, run: () => void) => {
        this.delays.push(delayMs)
        return this.clock.after(delayMs, run)
      },
    })
    this.driver = new RpcDriver({
      self,
      incarnation: incarnation(1),
      clock,
      random: seededRandom(1),
      lamport: new LamportClock(),
      send: () => true,
      onOutcome: (outcome) => this.onOutcome(outcome),
      onBroken: () => void this.broken++,
    })
  }
}

describe('the driver of the rpc machine', () => {
  it('sets no timer for longer than a timer can be', () => {
    const stage = new Stage()
    // Over a thousand calls: the last one waits for a slot, with nothing before its deadline.
    for (let token = 0; token < 1_025; token++) stage.driver.call(callTo('other#2' as Address, token, 2 ** 45))
    stage.driver.call({ kind: 'unreachable', peer: 'other#2' as Address })
    assert.ok(Math.max(...stage.delays) <= 2_147_483_647)
  })

  it('stops after a step that broke an invariant, says so once, and takes nothing more', () => {
    const stage = new Stage()
    stage.driver.call({ kind: 'listen', port: port('ab'.repeat(16)), concurrency: 1, mailboxMax: 1 })
    assert.throws(() => stage.driver.call(callTo('other#2' as Address, 1, -1)), BrokenInvariant)
    assert.equal(stage.broken, 1)
    stage.driver.call(callTo('other#2' as Address, 2, 1_000))
    assert.deepEqual([stage.broken, stage.outcomes.length, stage.clock.timers], [1, 0, 0])
  })

  it('holds what is asked for during a step until that has ended', async () => {
    const stage = new Stage()
    const order: string[] = []
    stage.onOutcome = (outcome) => {
      order.push(`begin ${outcome.kind}`)
      if (outcome.kind === 'deliver') {
        const { caller, slot, sequence, port: at } = outcome
        stage.driver.call({ kind: 'reply', caller, slot, sequence, port: at, status: 'ok', body: bytes })
      }
      order.push(`end ${outcome.kind}`)
    }
    stage.driver.call({ kind: 'listen', port: port('ab'.repeat(16)), concurrency: 1, mailboxMax: 1 })
    stage.driver.call(callTo(self, 1, 1_000))
    await stage.clock.advance(1)
    assert.deepEqual(order, ['begin deliver', 'end deliver', 'begin completed', 'end completed'])
  })
})
