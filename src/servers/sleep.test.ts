/** Sleeping on a clock that a test drives by hand. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Cancel, Clock } from '../edges/clock.ts'
import { isCardumenError } from '../lib/cardumen-error.ts'
import { instant } from '../lib/identifiers.ts'
import { sleep, sleepMsMax } from './sleep.ts'

/** A clock that stands still until it is told to go on. */
class HandClock implements Clock {
  readonly timers = new Map<number, { readonly at: number; readonly run: () => void }>()
  #now = 0
  #count = 0

  now(): ReturnType<Clock['now']> {
    return instant(this.#now)
  }

  wallMs(): number {
    return this.#now
  }

  after(delayMs: number, run: () => void): Cancel {
    const id = this.#count++
    this.timers.set(id, { at: this.#now + delayMs, run })
    return () => void this.timers.delete(id)
  }

  soon(run: () => void): void {
    run()
  }

  goTo(at: number): void {
    this.#now = at
    for (const [id, timer] of this.timers) if (timer.at <= at && this.timers.delete(id)) timer.run()
  }
}

describe('sleep', () => {
  it('ends once its time has passed on its clock, and not before', async () => {
    const clock = new HandClock()
    let isOver = false
    const slept = sleep(clock, 10, undefined).then(() => {
      isOver = true
    })
    clock.goTo(9)
    await Promise.resolve()
    assert.equal(isOver, false)
    clock.goTo(10)
    await slept
    assert.equal(isOver, true)
  })

  it('fails as cancelled with the reason when its signal aborts, and leaves no timer and no listener', async () => {
    const clock = new HandClock()
    const source = new AbortController()
    const slept = sleep(clock, 10, source.signal)
    const reason = new Error('enough')
    source.abort(reason)
    await assert.rejects(slept, (error) => isCardumenError(error, 'cancelled') && error.cause === reason)
    assert.equal(clock.timers.size, 0)
  })

  it('does not begin when its signal has aborted already', async () => {
    const clock = new HandClock()
    await assert.rejects(sleep(clock, 10, AbortSignal.abort()), (error) => isCardumenError(error, 'cancelled'))
    assert.equal(clock.timers.size, 0)
  })

  for (const ms of [-1, Number.NaN, Number.POSITIVE_INFINITY, sleepMsMax + 1]) {
    it(`of ${ms} ms is refused`, async () => {
      await assert.rejects(sleep(new HandClock(), ms, undefined), (error) => isCardumenError(error, 'option-invalid'))
    })
  }
})
