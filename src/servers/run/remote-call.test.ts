/** What the caller of a job is told that was tried several times, or that is with no member at the moment. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HandClock } from '../../kernel/fixtures/hand-clock.ts'
import { CardumenError, type Executed, isCardumenError } from '../../lib/cardumen-error.ts'
import type { ErrorCode } from '../../lib/error-codes.ts'
import { address, incarnation, memberId } from '../../lib/identifiers.ts'
import { signalSource } from '../../lib/signal.ts'
import type { OutgoingJob } from './job-channel.ts'
import { type CallPlan, RemoteCall } from './remote-call.ts'
import type { Worksite } from './worksites.ts'

/** One call whose members are played by the test. */
class Stage {
  readonly clock = new HandClock()
  readonly sent: OutgoingJob[] = []
  readonly source = signalSource()
  told = 'nothing'
  hasSites = true

  call(plan: Partial<CallPlan> = {}, found: Promise<Worksite> | Worksite = this.site()): void {
    const { signal } = this.source
    const given: CallPlan = {
      ...{ module: 'file:///m.ts', functionName: 'f', isIdempotent: true, on: undefined, timeoutMs: 10_000 },
      ...{ options: { signal, timeoutMs: 10_000 }, counts: [], ...plan },
    }
    const choose = (): Worksite | Promise<Worksite> => {
      if (!this.hasSites) throw new CardumenError('name-unknown', 'nobody')
      return found
    }
    new RemoteCall(
      given,
      new Uint8Array(1),
      { clock: this.clock, choose },
      (value) => (this.told = `done ${String(value)}`),
      (error) => (this.told = isCardumenError(error) ? `${error.code} ${error.executed}` : String(error)),
    ).start()
  }

  site(): Worksite {
    return {
      ...{ address: address(memberId('m2'), incarnation(1)), memberId: memberId('m2'), inFlight: 0 },
      channel: { send: (job: OutgoingJob) => void this.sent.push(job) },
    } as unknown as Worksite
  }

  fail(code: ErrorCode, executed: Executed): void {
    this.sent.at(-1)?.onError(new CardumenError(code, 'no', { executed }))
  }
}

describe('a job that was tried several times', () => {
  it('may have run where an earlier try may have, whatever became of the last', () => {
    const stage = new Stage()
    stage.call()
    stage.fail('member-died', 'unknown')
    stage.fail('timed-out', 'no')
    assert.equal(stage.told, 'timed-out unknown')
  })

  it('may have run where it was left with a silent member, and no other is there', () => {
    const stage = new Stage()
    stage.call()
    stage.hasSites = false
    assert.equal(stage.sent[0]?.onSilence(), true)
    assert.equal(stage.told, 'name-unknown unknown')
  })

  it('did not run where no try did', () => {
    const stage = new Stage()
    stage.call()
    stage.fail('unreachable', 'no')
    stage.fail('timed-out', 'no')
    assert.equal(stage.told, 'timed-out no')
  })
})

describe('a job that is with no member', () => {
  it('is given up at once while it waits for room', async () => {
    const stage = new Stage()
    stage.call()
    stage.fail('try-again', 'no')
    stage.source.abort()
    assert.equal(stage.told, 'cancelled no')
    await stage.clock.advance(1_000)
    assert.equal(stage.sent.length, 1)
  })

  it('is given up at once while threads of its own start', async () => {
    const stage = new Stage()
    let start: (site: Worksite) => void = () => undefined
    stage.call({}, new Promise((resolve) => (start = resolve)))
    stage.source.abort()
    assert.equal(stage.told, 'cancelled no')
    start(stage.site())
    await stage.clock.advance(0)
    assert.equal(stage.sent.length, 0)
  })

  it('waits for room no longer than its time', async () => {
    const stage = new Stage()
    stage.call({ timeoutMs: 1_000 })
    for (let sent = 0; sent < stage.sent.length && stage.told === 'nothing'; ) {
      sent = stage.sent.length
      stage.fail('try-again', 'no')
      await stage.clock.advance(1_000)
    }
    assert.equal(stage.told, 'try-again no')
    assert.ok((stage.sent.at(-1)?.options.timeoutMs ?? 1_000) < 1_000)
  })
})
