/** What handlers are told of their calls, and what the machine is told of handlers. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hostCrypto } from '../host/crypto.ts'
import { BrokenInvariant } from '../lib/assert.ts'
import { type Address, instant } from '../lib/identifiers.ts'
import type { Signal } from '../lib/signal.ts'
import type { CallOf } from '../protocols/rpc/messages.ts'
import { decode, encode } from '../wire/codec.ts'
import { Capability } from './capability.ts'
import { Dispatch } from './dispatch.ts'
import { ServedService } from './served-service.ts'
import { HandClock } from './fixtures/hand-clock.ts'
import { encodeSelector } from './selector.ts'
import { defineService, type Handlers, type Operations } from './service.ts'

const Service = defineService('service', { act: {}, items: { stream: true } })
const caller = 'caller#1' as Address

class Stage {
  readonly clock = new HandClock()
  readonly replies: CallOf<'reply'>[] = []
  readonly items: CallOf<'item'>[] = []
  readonly broken: string[] = []
  readonly dispatch: Dispatch
  readonly #served: ServedService

  constructor(handlers: Partial<Handlers<(typeof Service)['operations']>>) {
    this.dispatch = new Dispatch({
      clock: this.clock,
      submit: (call) => {
        if (call.kind === 'reply') this.replies.push(call)
        if (call.kind === 'item') this.items.push(call)
      },
      onBroken: ({ message }) => this.broken.push(message),
    })
    const all = { act: () => undefined, items: async function* () {}, ...handlers }
    this.#served = new ServedService(Service, all as unknown as Handlers<Operations>, hostCrypto, false)
    this.dispatch.add(this.#served, { concurrency: 1, mailboxMax: 1 })
  }

  deliver(
    operation: string,
    options: {
      readonly deadline?: number
      readonly slot?: number
      readonly sequence?: number
      readonly selector?: Uint8Array
      readonly body?: Uint8Array
    } = {},
  ): void {
    const { object, check, port } = Capability.partsOf(this.#served.capabilityFor(0))
    const { deadline = Number.POSITIVE_INFINITY, slot = 0, sequence = 1, body = encode(undefined) } = options
    const selector = options.selector ?? encodeSelector({ object, check, operation })
    this.dispatch.onDeliver({
      kind: 'deliver',
      caller,
      slot,
      sequence,
      port,
      priority: 1,
      deadline: instant(deadline),
      selector,
      body,
    })
  }

  codeOfReply(): string {
    const reply = this.replies.at(-1)
    if (reply?.status !== 'failed') return reply?.status ?? 'none'
    const { code, executed } = decode(reply.body) as { readonly code: string; readonly executed: string }
    return `${code}, ${executed}`
  }
}

describe('a handler', () => {
  it('has a signal that aborts at the caller’s deadline, whatever has become of the caller', async () => {
    let signal: Signal | undefined
    const stage = new Stage({
      act: (_, context) => {
        signal = context.signal
        return new Promise(() => {})
      },
    })
    stage.deliver('act', { deadline: 1_500 })
    await stage.clock.advance(499)
    assert.equal(signal?.aborted, false)
    await stage.clock.advance(2)
    assert.equal(signal?.aborted, true)
  })

  it('that has ended leaves no timer behind', async () => {
    const stage = new Stage({ act: async (_, context) => void context.signal })
    stage.deliver('act', { deadline: 1_500 })
    await stage.clock.advance(0)
    assert.equal(stage.codeOfReply(), 'ok')
    assert.equal(stage.clock.timers, 0)
  })

  it('that breaks an invariant of ours is not answered: that stops the member', () => {
    const stage = new Stage({
      act: () => {
        throw new BrokenInvariant('one and one is two')
      },
    })
    assert.throws(() => stage.deliver('act'), BrokenInvariant)
    assert.equal(stage.replies.length, 0)
  })

  it('that breaks an invariant of ours later is not answered either: the member is stopped', async () => {
    const stage = new Stage({ act: () => Promise.reject(new BrokenInvariant('one and one is two')) })
    stage.deliver('act')
    await stage.clock.advance(0)
    assert.deepEqual(stage.broken, ['one and one is two'])
    assert.equal(stage.replies.length, 0)
  })

  it('is told of each call by the right signal, though its slot was used again', async () => {
    const signals: Signal[] = []
    const stage = new Stage({
      act: (_, context) => {
        signals.push(context.signal)
        return new Promise(() => {})
      },
    })
    stage.deliver('act', { sequence: 1 })
    stage.dispatch.onAbort({ kind: 'abort', caller, slot: 0, sequence: 1 })
    stage.deliver('act', { sequence: 2 })
    stage.dispatch.onAbort({ kind: 'abort', caller, slot: 0, sequence: 1 })
    assert.deepEqual(
      signals.map(({ aborted }) => aborted),
      [true, false],
    )
  })
})

describe('a delivered call', () => {
  it('with a selector that is none, or an argument that cannot be read, is refused', () => {
    const stage = new Stage({})
    stage.deliver('act', { selector: new Uint8Array(3) })
    assert.equal(stage.codeOfReply(), 'capability-refused, no')
    stage.deliver('act', { sequence: 2, body: Uint8Array.of(0xc1) })
    assert.equal(stage.codeOfReply(), 'input-refused, no')
  })

  it('of a stream whose handler returns no stream is told that it ran', async () => {
    const stage = new Stage({ items: (() => 5) as never })
    stage.deliver('items')
    assert.equal(stage.codeOfReply(), 'output-refused, yes')
    const later = new Stage({ items: (() => Promise.resolve(5)) as never })
    later.deliver('items')
    later.dispatch.onPull({ kind: 'pull', caller, slot: 0, sequence: 1, count: 1 })
    await later.clock.advance(0)
    assert.equal(later.codeOfReply(), 'output-refused, yes')
  })

  it('of a stream keeps its place until its generator has ended, and is answered once', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const stage = new Stage({
      async *items() {
        yield undefined
        await released
        yield undefined
      },
    })
    stage.deliver('items')
    stage.dispatch.onPull({ kind: 'pull', caller, slot: 0, sequence: 1, count: 5 })
    await stage.clock.advance(0)
    assert.equal(stage.items.length, 1)
    stage.dispatch.onAbort({ kind: 'abort', caller, slot: 0, sequence: 1 })
    stage.dispatch.onAbort({ kind: 'abort', caller, slot: 0, sequence: 1 })
    await stage.clock.advance(0)
    assert.equal(stage.replies.length, 0)
    release()
    await stage.clock.advance(0)
    assert.equal(stage.replies.length, 1)
    assert.equal(stage.items.length, 1)
  })
})
