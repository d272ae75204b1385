/** Messages between tasks and threads of one process. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { Channel } from '../../src/threads/processes/channel.ts'
import { pack } from '../../src/threads/travel/shareable.ts'
import { openWaits } from '../../src/threads/waiting/waits.ts'
import type { ChannelOrder } from './fixtures/channel-thread.ts'
import { failsWith, refuses } from './fixtures/failing.ts'
import { until } from './fixtures/observing.ts'

function thread(channel: Channel<number>, what: ChannelOrder['what'], count = 0, first = 0): Worker {
  const workerData: ChannelOrder = { state: channel[pack]().state, what, first, count }
  return new Worker(new URL('./fixtures/channel-thread.ts', import.meta.url), { workerData })
}

async function answer(worker: Worker): Promise<number[]> {
  const [[numbers]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')])
  return numbers as number[]
}

describe('a channel', { timeout: 60_000 }, () => {
  it('gives messages in the order in which they were sent, as copies', async () => {
    const channel = new Channel<{ text: string }>()
    const message = { text: 'one' }
    await channel.sendAsync(message)
    message.text = 'changed'
    assert.equal(channel.trySend({ text: 'two' }), true)
    assert.equal(channel.length, 2)
    assert.deepEqual([await channel.receiveAsync(), channel.tryReceive()?.message], [{ text: 'one' }, { text: 'two' }])
    assert.equal(channel.tryReceive(), undefined)
    channel.close()
  })

  it('gives each message of several threads to one of several threads, and each sender’s in its order', async () => {
    const channel = new Channel<number>({ capacity: 4 })
    const receivers = [thread(channel, 'iterate'), thread(channel, 'iterate'), thread(channel, 'iterate')]
    const heard = Promise.all(receivers.map(answer))
    const senders = [0, 10_000, 20_000].map((first) => thread(channel, 'send', 2_000, first))
    await Promise.all(senders.map((sender) => once(sender, 'exit')))
    channel.close()
    const lists = await heard
    const all = lists.flat().sort((left, right) => left - right)
    assert.deepEqual(
      all,
      [0, 10_000, 20_000].flatMap((first) => Array.from({ length: 2_000 }, (_, index) => first + index)),
    )
    for (const list of lists)
      for (const first of [0, 10_000, 20_000]) {
        const own = list.filter((number) => number >= first && number < first + 10_000)
        assert.deepEqual(
          own,
          own.toSorted((left, right) => left - right),
        )
      }
  })

  it('makes who sends to a full one wait, a thread as well as a task', async () => {
    const channel = new Channel<number>({ capacity: 2 })
    const sender = thread(channel, 'send', 5)
    const ended = once(sender, 'exit')
    await until(() => channel.length === 2, 'it is full')
    assert.equal(channel.trySend(9), false)
    await failsWith(channel.sendAsync(9, { timeoutMs: 10 }), 'timed-out')
    const received = []
    for (let count = 0; count < 5; count++) received.push(await channel.receiveAsync())
    assert.deepEqual(received, [0, 1, 2, 3, 4])
    await ended
    channel.close()
  })

  it('is read to its end by who iterates over it', async () => {
    const channel = new Channel<number>()
    for (const number of [1, 2, 3]) channel.trySend(number)
    channel.close()
    const received = []
    for await (const number of channel) received.push(number)
    assert.deepEqual(received, [1, 2, 3])
  })

  it('that is closed refuses to be sent to at once, and to be received from when it is empty', async () => {
    const channel = new Channel<number>({ capacity: 2 })
    const waiting = channel.receiveAsync()
    await until(() => openWaits().length > 0, 'the receiver waits')
    channel.close()
    await failsWith(waiting, 'closed')
    refuses(() => channel.trySend(1), 'closed')
    refuses(() => channel.tryReceive(), 'closed')
    assert.equal(channel.isClosed, true)
    channel.close()
  })

  it('whose full wait is cancelled keeps what was sent and loses nothing', async () => {
    const channel = new Channel<number>({ capacity: 2 })
    channel.trySend(1)
    channel.trySend(2)
    const source = new AbortController()
    const sending = channel.sendAsync(3, { signal: source.signal })
    source.abort()
    await failsWith(sending, 'cancelled')
    assert.deepEqual(
      [channel.tryReceive()?.message, channel.tryReceive()?.message, channel.tryReceive()],
      [1, 2, undefined],
    )
    channel.close()
  })

  it('refuses to block the main thread, and names the form that awaits', () => {
    const channel = new Channel<number>({ capacity: 2, name: 'mail' })
    refuses(() => channel.receive(), 'would-block', /Channel\.receive from "mail" would block the main thread/)
    channel.trySend(1)
    channel.trySend(2)
    refuses(() => channel.send(3), 'would-block', /"mail"/)
    channel.close()
  })

  it('refuses what cannot travel and what is too large', async () => {
    const channel = new Channel<unknown>({ messageBytesMax: 100 })
    refuses(() => channel.trySend({ run: () => 1 }), 'cannot-travel', /the message\.run is a function/)
    refuses(() => channel.trySend('x'.repeat(200)), 'too-large')
    await failsWith(channel.sendAsync(Promise.resolve()), 'cannot-travel')
    channel.close()
  })

  it('gives any value of structured clone as it was sent', () => {
    const channel = new Channel<unknown>({ messageBytesMax: 100_000 })
    const values = fc.anything({ withDate: true, withMap: true, withSet: true, withBigInt: true, withTypedArray: true })
    fc.assert(
      fc.property(values, (value) => {
        assert.ok(channel.trySend(value))
        assert.deepEqual(channel.tryReceive()?.message, structuredClone(value))
      }),
    )
    channel.close()
  })
})
