/** What handlers are told of their calls, and what the machine is told of handlers. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hostCrypto } from '../../host/crypto.ts'
import { BrokenInvariant } from '../../lib/assert.ts'
import { type Address, instant } from '../../lib/identifiers.ts'
import type { Signal } from '../../lib/signal.ts'
import type { CallOf } from '../../protocols/rpc/messages.ts'
import { decode, encode } from '../../wire/codec.ts'
import { Dispatch } from './dispatch.ts'
import { drawnIdentity } from '../capabilities/identity.ts'
import { ServedService } from './served-service.ts'
import { HandClock } from '../fixtures/hand-clock.ts'
import { madeCapability } from '../fixtures/made-capability.ts'
import { encodeSelector } from './selector.ts'
import { defineService, type Handlers, type Operations } from '../service.ts'

const Service = defineService('service', { act: {}, items: { stream: true } })
const caller = 'caller#1' as Address

class Stage {
  readonly clock = new HandClock()
  readonly replies: CallOf<'reply'>[] = []
  readonly items: CallOf<'item'>[] = []
  readonly broken: string[] = []
  readonly refusals: string[] = []
  readonly dispatch: Dispatch
  readonly served: ServedService
  isOurs = true

  constructor(handlers: Partial<Handlers<(typeof Service)['operations']>>) {
    this.dispatch = new Dispatch({
      clock: this.clock,
      refusals: { mayVerify: () => true, onRefused: (peer, reason) => this.refusals.push(`${peer} ${reason}`) },
      publicKeyOf: () => undefined,
      submit: (call) => {
        if (call.kind === 'reply') this.replies.push(call)
        if (call.kind === 'item') this.items.push(call)
      },
      onBroken: ({ message }) => this.broken.push(message),
    })
    const all = { act: () => undefined, items: async function* () {}, ...handlers }
    this.served = new ServedService(Service, all as unknown as Handlers<Operations>, {
      identity: drawnIdentity(hostCrypto),
      systemId: 'test',
      wallMs: () => this.clock.wallMs(),
      isOurs: () => this.isOurs,
    })
    this.dispatch.add(this.served, { concurrency: 1, mailboxMax: 1 })
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
    const { deadline = Number.POSITIVE_INFINITY, slot = 0, sequence = 1, body = encode(undefined) } = options
    const selector = options.selector ?? encodeSelector(this.served.capabilityFor(0), operation)
    this.dispatch.onDeliver({
      kind: 'deliver',
      caller,
      slot,
      sequence,
      port: this.served.port,
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

describe('a call that is refused', () => {
  const forgery = encodeSelector(madeCapability(drawnIdentity(hostCrypto).port), 'act')

  it('runs nothing, and is counted for who made it, by its reason', () => {
    let ran = 0
    const stage = new Stage({ act: () => void ran++ })
    const capability = stage.served.capabilityFor(0, 'read')
    stage.deliver('act', { selector: forgery })
    assert.equal(stage.codeOfReply(), 'capability-refused, no')
    stage.deliver('act', { selector: encodeSelector(capability.restrict({ expiresAt: 1 }), 'act') })
    assert.equal(stage.codeOfReply(), 'capability-expired, no')
    stage.deliver('act', { selector: encodeSelector(capability.restrict({ holder: new Uint8Array(32) }), 'act') })
    assert.equal(stage.codeOfReply(), 'capability-refused, no')
    stage.deliver('act', { selector: encodeSelector(capability.restrict({ operations: ['items'] }), 'act') })
    assert.equal(stage.codeOfReply(), 'right-missing, no')
    stage.deliver('nothing')
    assert.equal(stage.codeOfReply(), 'operation-unknown, no')
    assert.equal(ran, 0)
    assert.deepEqual(
      stage.refusals,
      ['forged', 'expired', 'holder', 'operation', 'operation'].map((reason) => `${caller} ${reason}`),
    )
  })

  it('by a server that may have been replaced says that nobody serves it here, whatever the capability', () => {
    let ran = 0
    const stage = new Stage({ act: () => void ran++ })
    stage.deliver('act')
    stage.isOurs = false
    for (const selector of [undefined, forgery]) {
      stage.deliver('act', selector === undefined ? {} : { selector })
      assert.equal(stage.codeOfReply(), 'address-unknown, no')
    }
    assert.equal(ran, 1)
    assert.deepEqual(stage.refusals, [])
  })

  it('after its service was taken away is told that nobody serves it', () => {
    const stage = new Stage({})
    stage.dispatch.remove(stage.served)
    stage.deliver('act')
    assert.equal(stage.codeOfReply(), 'address-unknown, no')
  })
})

describe('a handler that was called with a capability', () => {
  it('is told what it grants, and given it, also after what it waited for', async () => {
    const told: unknown[] = []
    const stage = new Stage({
      act: async (_, context) => {
        await Promise.resolve()
        told.push(context.object, context.rights, context.capability.equals(capability))
      },
    })
    const capability = stage.served.capabilityFor(6).restrict({ rights: 'modify' })
    stage.deliver('act', { selector: encodeSelector(capability, 'act') })
    await stage.clock.advance(0)
    assert.deepEqual(told, [6, 4, true])
  })
})
