/** What a caller does where no member offers to run things, or one that does not say how much it can do. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Cancel, Clock } from '../../edges/clock.ts'
import { madeCapability } from '../../kernel/fixtures/made-capability.ts'
import { HandClock } from '../../kernel/fixtures/hand-clock.ts'
import type { Member } from '../../kernel/member.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { type Address, instant, port } from '../../lib/identifiers.ts'
import { signalSource } from '../../lib/signal.ts'
import { RunClient } from './client.ts'

const lonely = {
  id: 'lonely',
  clock: { now: () => instant(0) },
  servers: () => [],
  onServersChanged: () => () => undefined,
  onSilenceChanged: () => () => undefined,
} as unknown as Member

describe('a caller with nobody to run things', () => {
  it('starts threads of its own anew after a start that failed', async () => {
    let starts = 0
    const startLocal = async (): Promise<never> => {
      throw new CardumenError('disk-full', `start ${++starts}`)
    }
    await using client = new RunClient(lonely, { startLocal })
    const module = client.importModule<{ f(): number }>('file:///job.ts')
    await assert.rejects(module.f(), { message: 'start 1' })
    await assert.rejects(module.f(), { message: 'start 2' })
  })

  it('fails its calls where it may start none', async () => {
    await using client = new RunClient(lonely)
    await assert.rejects(client.importModule<{ f(): number }>('file:///job.ts').f(), { code: 'name-unknown' })
  })
})

/** Knows which of its timers keep a process alive. */
class KeepingClock extends HandClock {
  keeping = 0

  override after(delayMs: number, run: () => void, { background = false }: Parameters<Clock['after']>[2] = {}): Cancel {
    if (background) return super.after(delayMs, run)
    this.keeping++
    let isOver = false
    const over = (): void => {
      if (!isOver) this.keeping--
      isOver = true
    }
    const cancel = super.after(delayMs, () => {
      over()
      run()
    })
    return () => {
      over()
      cancel()
    }
  }
}

describe('a map over a member that does not say how much it can do', () => {
  const clock = new KeepingClock()
  const its = port('7'.repeat(32))
  const capability = madeCapability(its)
  const caller = {
    id: 'caller',
    clock,
    servers: () => [{ capability, address: 'mute#1' as Address, port: its }],
    members: () => [],
    onServersChanged: () => () => undefined,
    onSilenceChanged: () => () => undefined,
    open: () => ({ load: () => new Promise(() => undefined) }),
  } as unknown as Member

  it('keeps its process alive until it knows or asks no longer', async () => {
    await using client = new RunClient(caller)
    const known = client.concurrency(signalSource().signal)
    assert.equal(clock.keeping, 1)
    await clock.advance(5_000)
    assert.equal(await known, 2)
    assert.equal(clock.keeping, 0)
  })

  it('hears its signal at once, and then keeps nothing alive', async () => {
    await using client = new RunClient(caller)
    const source = signalSource()
    const module = client.importModule<{ f(item: number): number }>('file:///job.ts')
    const ended = assert.rejects(Promise.resolve(module.f.map([1, 2], { signal: source.signal })), {
      code: 'cancelled',
    })
    await clock.advance(1)
    assert.equal(clock.keeping, 1)
    source.abort()
    await ended
    assert.equal(clock.keeping, 0)
  })
})
