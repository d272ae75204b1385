/** Where calls go, and what is truthfully said of one that was tried several times. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CardumenError, type Executed, isCardumenError } from '../../lib/cardumen-error.ts'
import { type Address, port } from '../../lib/identifiers.ts'
import { seededRandom } from '../../lib/random.ts'
import type { CallOf } from '../../protocols/rpc/messages.ts'
import { encode } from '../../wire/codec.ts'
import type { Failure } from './call-failure.ts'
import { Calls } from './calls.ts'
import { madeCapability } from '../fixtures/made-capability.ts'
import { encodeError } from './errors-on-the-wire.ts'
import { HandClock } from '../fixtures/hand-clock.ts'
import type { ServerEntry } from '../ports/names.ts'
import { type CallOptions, defineService, type Semantics } from '../service.ts'

const Service = defineService('service', {
  act: { output: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } } },
  items: { stream: true },
})

function server(digit: number): ServerEntry {
  const its = port(String(digit).repeat(32))
  return {
    port: its,
    address: `m${digit}#1` as Address,
    isProven: true,
    capability: madeCapability(its),
  }
}

/** The calls of a member whose machine is played by the test. */
class Stage {
  readonly clock = new HandClock()
  readonly sent: CallOf<'call'>[] = []
  readonly cancelled: number[] = []
  readonly silent = new Set<Address>()
  servers: ServerEntry[]
  hasRoom = true
  isAwaited = false
  readonly full = new Set<Address>()
  readonly calls: Calls

  constructor(...servers: ServerEntry[]) {
    this.servers = servers
    this.calls = new Calls({
      clock: this.clock,
      random: seededRandom(1),
      hasRoom: (to) => this.hasRoom && !this.full.has(to),
      isSilent: (member) => this.silent.has(member),
      submit: (call) => {
        if (call.kind === 'call') this.sent.push(call)
        if (call.kind === 'cancel') this.cancelled.push(call.token)
      },
      names: {
        servers: () => this.servers,
        refresh: () => Promise.resolve(this.servers),
        prove: (_, { port: its }) => {
          this.servers = this.servers.filter((each) => each.port !== its)
          return false
        },
        isAwaited: () => this.isAwaited,
        forgetServer: (_, entry) => {
          this.servers = this.servers.filter((each) => each !== entry)
        },
      },
      ports: {
        located: () => undefined,
        locate: () => Promise.reject(new CardumenError('address-unknown', 'nobody')),
        forget: () => undefined,
        isAwaited: () => this.isAwaited,
      },
    })
  }

  call(options: CallOptions = {}): Promise<string> {
    return this.calls
      .client(Service, 'name')
      .act(undefined, options)
      .then(
        () => 'answered',
        (error: unknown) => (isCardumenError(error) ? `${error.code}, ${error.executed}` : String(error)),
      )
  }

  /** Waits until the call was sent for the n-th time, and gives its address. */
  async try(count: number): Promise<Address> {
    for (let round = 0; this.sent.length < count; round++) {
      assert.ok(round < 100, `sent ${this.sent.length} times, not ${count}`)
      await this.clock.advance(20)
    }
    return (this.sent[count - 1] as CallOf<'call'>).to
  }

  fails(code: Failure['code'], executed: Executed): void {
    const token = this.sent.at(-1)?.token ?? 0
    this.calls.onOutcome({ kind: 'failed', token, code, executed })
  }

  replies(status: 'ok' | 'failed', body = encode(undefined)): void {
    this.calls.onOutcome({ kind: 'completed', token: this.sent.at(-1)?.token ?? 0, status, body })
  }
}

describe('a call that is tried again', () => {
  it('goes to another server at once where it surely did not run', async () => {
    const stage = new Stage(server(1), server(2))
    const call = stage.call()
    const first = await stage.try(1)
    stage.fails('member-died', 'no')
    assert.notEqual(stage.sent[1]?.to, first)
    stage.replies('ok')
    assert.equal(await call, 'answered')
  })

  const endings: readonly (readonly [semantics: Semantics, first: Executed, last: Executed, told: string])[] = [
    ['at-least-once', 'unknown', 'no', 'timed-out, unknown'],
    ['at-least-once', 'no', 'no', 'timed-out, no'],
    ['at-least-once', 'no', 'unknown', 'timed-out, unknown'],
    ['at-most-once', 'no', 'unknown', 'unreachable, unknown'],
    ['at-most-once', 'no', 'no', 'name-unknown, no'],
    ['at-most-once', 'unknown', 'no', 'member-died, unknown'],
    ['maybe', 'no', 'no', 'member-died, no'],
    ['maybe', 'unknown', 'no', 'member-died, unknown'],
  ]
  for (const [semantics, first, last, told] of endings) {
    it(`${semantics}, whose first try says ${first} and the second ${last}, is told: ${told}`, async () => {
      const stage = new Stage(server(1), server(2))
      const call = stage.call({ semantics, timeoutMs: 5_000 })
      await stage.try(1)
      stage.fails('member-died', first)
      const isRepeated = stage.sent.length === 2
      if (isRepeated) stage.fails('unreachable', last)
      await stage.clock.advance(6_000)
      assert.equal(await call, told)
      assert.equal(isRepeated, semantics === 'at-least-once' || (semantics === 'at-most-once' && first === 'no'))
      assert.equal(stage.calls.inFlight, 0)
    })
  }

  it('and then refused by a server that knows nothing of the first is told that it may have run', async () => {
    const stage = new Stage(server(1), server(2))
    const call = stage.call({ semantics: 'at-least-once' })
    await stage.try(1)
    stage.fails('member-died', 'unknown')
    stage.replies('failed', encodeError(new CardumenError('input-refused', 'no such input')))
    assert.equal(await call, 'input-refused, unknown')
  })

  it('and was known to have run is told so whatever comes after', async () => {
    const stage = new Stage(server(1))
    const call = stage.call({ semantics: 'at-least-once', timeoutMs: 5_000 })
    await stage.try(1)
    stage.servers = []
    stage.fails('reply-lost', 'yes')
    await stage.clock.advance(6_000)
    assert.equal(await call, 'timed-out, yes')
  })

  it('waits for a new server of the name', async () => {
    const stage = new Stage(server(1))
    const call = stage.call({ semantics: 'at-least-once' })
    await stage.try(1)
    stage.fails('member-died', 'unknown')
    await stage.clock.advance(3_000)
    stage.servers = [server(2)]
    assert.equal(await stage.try(2), 'm2#1')
    stage.replies('ok')
    assert.equal(await call, 'answered')
  })

  it('is given up while it waits, and tells what the first try may have done', async () => {
    const stage = new Stage(server(1))
    const giveUp = new AbortController()
    const call = stage.call({ semantics: 'at-least-once', signal: giveUp.signal })
    await stage.try(1)
    stage.fails('member-died', 'unknown')
    await stage.clock.advance(100)
    giveUp.abort()
    assert.equal(await call, 'cancelled, unknown')
    assert.equal(stage.clock.timers, 0, 'no timer is left')
  })

  it('is not lost to its caller when the member leaves meanwhile', async () => {
    const stage = new Stage(server(1))
    const call = stage.call({ semantics: 'at-least-once' })
    await stage.try(1)
    stage.fails('member-died', 'unknown')
    await stage.clock.advance(100)
    stage.calls.close(new CardumenError('closed', 'it left'))
    assert.equal(await call, 'closed, unknown')
    assert.equal(await stage.call(), 'closed, no')
    assert.equal(stage.clock.timers, 0, 'no timer is left')
  })
})

describe('a call of a server that moves', () => {
  it('waits while it is worth waiting for, and goes to where the server comes back', async () => {
    const stage = new Stage(server(1))
    const call = stage.call()
    await stage.try(1)
    stage.isAwaited = true
    stage.fails('address-unknown', 'no')
    await stage.clock.advance(1_500)
    stage.servers = [{ ...server(1), address: 'm2#1' as Address }]
    assert.equal(await stage.try(2), 'm2#1')
    stage.replies('ok')
    assert.equal(await call, 'answered')
  })

  it('fails when it has not come back, and did not run', async () => {
    const stage = new Stage(server(1))
    const call = stage.call()
    await stage.try(1)
    stage.isAwaited = true
    stage.fails('address-unknown', 'no')
    await stage.clock.advance(2_000)
    stage.isAwaited = false
    await stage.clock.advance(300)
    assert.equal(await call, 'name-unknown, no')
  })

  it('is not sent again where it may have run', async () => {
    const stage = new Stage(server(1))
    stage.isAwaited = true
    const call = stage.call()
    stage.fails('member-died', 'unknown')
    assert.equal(await call, 'member-died, unknown')
  })

  it('looks elsewhere also where the server itself says that it is replaced', async () => {
    const stage = new Stage(server(1), server(2))
    const call = stage.call()
    const first = await stage.try(1)
    stage.replies('failed', encodeError(new CardumenError('address-unknown', 'not here', { executed: 'no' })))
    assert.notEqual(await stage.try(2), first)
    stage.replies('ok')
    assert.equal(await call, 'answered')
  })
})

describe('a call', () => {
  it('goes to no server whose row proves nothing', async () => {
    const stage = new Stage({ ...server(1), isProven: false })
    assert.equal(await stage.call(), 'name-unknown, no')
    assert.equal(stage.sent.length, 0)
  })

  it('that finds no room in the link waits for it, and keeps its tries', async () => {
    const stage = new Stage(server(1), server(2))
    stage.hasRoom = false
    const call = stage.call({ semantics: 'maybe' })
    await stage.clock.advance(4_000)
    assert.equal(stage.sent.length, 0)
    stage.hasRoom = true
    await stage.try(1)
    stage.replies('ok')
    assert.equal(await call, 'answered')
  })

  it('that finds no room until its deadline did not run', async () => {
    const stage = new Stage(server(1))
    stage.hasRoom = false
    const call = stage.call({ timeoutMs: 500 })
    await stage.clock.advance(600)
    assert.equal(await call, 'timed-out, no')
  })

  it('goes to a member that answers nothing only where there is no other', () => {
    const stage = new Stage(server(1), server(2))
    stage.silent.add('m1#1' as Address)
    for (let count = 0; count < 20; count++) void stage.call()
    assert.deepEqual(new Set(stage.sent.map(({ to }) => to)), new Set(['m2#1']))
    stage.servers = [server(1)]
    void stage.call()
    assert.equal(stage.sent.at(-1)?.to, 'm1#1')
  })

  it('passes over a server whose link is full as long as another of the name has room', () => {
    const stage = new Stage(server(1), server(2))
    stage.full.add('m1#1' as Address)
    for (let count = 0; count < 20; count++) void stage.call()
    assert.deepEqual(
      stage.sent.map(({ to }) => to),
      Array.from({ length: 20 }, () => 'm2#1'),
    )
  })

  it('waits for a full link rather than go to a member that answers nothing', async () => {
    const stage = new Stage(server(1), server(2))
    stage.full.add('m1#1' as Address)
    stage.silent.add('m2#1' as Address)
    void stage.call()
    assert.equal(stage.sent.length, 0)
    stage.full.clear()
    assert.equal(await stage.try(1), 'm1#1')
  })

  it('goes to the server with the fewest of ours', () => {
    const stage = new Stage(server(1), server(2), server(3))
    for (let count = 0; count < 30; count++) void stage.call()
    for (const digit of [1, 2, 3]) assert.equal(stage.sent.filter(({ to }) => to === `m${digit}#1`).length, 10)
  })

  it('leaves no listener on its signal, however it ends', async () => {
    const listeners = new Set<unknown>()
    const watched = {
      aborted: false,
      reason: undefined,
      addEventListener: (_: string, listener: unknown) => void listeners.add(listener),
      removeEventListener: (_: string, listener: unknown) => void listeners.delete(listener),
    }
    const stage = new Stage(server(1))
    for (const end of [
      () => stage.replies('ok'),
      () => stage.fails('timed-out', 'unknown'),
      () => stage.calls.close(new CardumenError('closed', '')),
    ]) {
      const call = stage.call({ signal: watched as never })
      assert.equal(listeners.size, 1)
      end()
      await call
      assert.equal(listeners.size, 0)
    }
  })

  it('whose reply is none is refused, and ran', async () => {
    const stage = new Stage(server(1))
    const call = stage.call()
    stage.replies('ok', Uint8Array.of(0xc1))
    assert.equal(await call, 'output-refused, yes')
  })
})

describe('a stream', () => {
  it('that is left while its call waits to be sent is never sent', async () => {
    const stage = new Stage(server(1))
    stage.hasRoom = false
    const items = stage.calls.client(Service, 'name').items()[Symbol.asyncIterator]()
    const first = items.next()
    await items.return?.()
    stage.hasRoom = true
    await stage.clock.advance(10_000)
    assert.equal((await first).done, true)
    assert.equal(stage.sent.length, 0)
    assert.equal(stage.calls.inFlight, 0)
  })

  it('of which items have come is not begun again', async () => {
    const stage = new Stage(server(1), server(2))
    const items = stage.calls
      .client(Service, 'name')
      .items(undefined, { semantics: 'at-least-once' })
      [Symbol.asyncIterator]()
    const first = items.next()
    stage.calls.onOutcome({ kind: 'item', token: stage.sent[0]?.token ?? 0, body: encode(undefined) })
    await first
    stage.fails('member-died', 'unknown')
    await assert.rejects(items.next(), { code: 'member-died', executed: 'unknown' })
    assert.equal(stage.sent.length, 1)
  })
})
