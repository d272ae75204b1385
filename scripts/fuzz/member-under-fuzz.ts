/**
 * The whole way of a call through a member, from the bytes of a link to a handler and back, with nothing real around it.
 *
 * Link, machine, dispatch and a served service are the kernel's own, put together as `member.ts` does; clock, connection
 * and keys stand still. It also has two calls of its own under way to the peer, so that replies and items mean something.
 */
import type { Callers, ServedService } from '../../src/kernel/calls/served-service.ts'
import { Dispatch } from '../../src/kernel/calls/dispatch.ts'
import { decodeError } from '../../src/kernel/calls/errors-on-the-wire.ts'
import { Link } from '../../src/kernel/links/link.ts'
import { emptyQueue } from '../../src/kernel/links/link-queue.ts'
import { RpcDriver } from '../../src/kernel/calls/rpc-driver.ts'
import { type Address, incarnationOf, port } from '../../src/lib/identifiers.ts'
import { LamportClock } from '../../src/lib/lamport-clock.ts'
import { seededRandom } from '../../src/lib/random.ts'
import type { Call, Outcome } from '../../src/protocols/rpc/messages.ts'
import { FrameReader } from '../../src/wire/frame-reader.ts'
import { StillClock, StillConnection } from './still-edges.ts'

export const self = 'self#1' as Address
export const peer = 'peer#2' as Address
const theirPort = port('9'.repeat(32))
const noBytes = new Uint8Array(0)
const settledAfterTurns = 12

export class MemberUnderFuzz {
  readonly connection = new StillConnection()
  readonly clock = new StillClock()
  /** What the calls of its own were answered with. */
  readonly answers: Extract<Outcome, { readonly body: Uint8Array; readonly token: number }>[] = []
  delivered = 0
  replied = 0
  readonly #link: Link
  readonly #reader: FrameReader
  readonly #driver: RpcDriver
  readonly #dispatch: Dispatch

  constructor(service: ServedService, publicKeyOf: Callers['publicKeyOf']) {
    const lamport = new LamportClock()
    this.#link = new Link(
      peer,
      this.connection,
      emptyQueue(peer),
      { clock: this.clock, lamport },
      {
        isSender: () => true,
        onMessage: (from, kind, time, bytes, start, end) =>
          void this.#driver.onMessage(from, kind, bytes, start, end, time),
        onLeaving: () => {},
        onClosed: () => {},
      },
    )
    this.#reader = new FrameReader(this.#link)
    this.connection.handle({
      onData: (chunk) => this.#onData(chunk),
      onDrain: () => {},
      onClose: () => this.#link.onClose(undefined),
    })
    this.#driver = new RpcDriver({
      self,
      incarnation: incarnationOf(self),
      clock: this.clock,
      random: seededRandom(1),
      lamport,
      send: (to, ...message) => to === peer && this.#link.isOpen && this.#link.send(...message),
      onOutcome: (outcome) => this.#onOutcome(outcome),
      onBroken: () => {},
    })
    this.#dispatch = new Dispatch({
      clock: this.clock,
      submit: (call) => this.#submit(call),
      onBroken: (error) => {
        throw error
      },
      publicKeyOf,
    })
    this.#dispatch.add(service, { concurrency: 4, mailboxMax: 8 })
    this.#driver.call({ kind: 'relinked', peer })
    for (const window of [0, 8]) this.#call(window)
    this.clock.runSoon()
  }

  /** Bytes come from the peer, and everything that they lead to is done. */
  async receive(bytes: Uint8Array): Promise<void> {
    this.connection.receive(bytes)
    await this.#settle()
  }

  /** Time passes, then the peer is gone for certain: nothing may be left of its calls. */
  async endPeer(afterMs: number): Promise<void> {
    this.clock.advance(afterMs)
    this.connection.close()
    this.#driver.call({ kind: 'parted', peer })
    await this.#settle()
    this.#driver.close()
  }

  #onData(chunk: Uint8Array): void {
    const refusal = this.#reader.push(chunk)
    if (refusal !== undefined) this.#link.refuse(refusal)
  }

  /** Handlers are asynchronous, streams more so. Nothing to wait for where none runs. */
  async #settle(): Promise<void> {
    this.clock.runSoon()
    for (let turn = 0; turn < settledAfterTurns && this.replied < this.delivered; turn++) {
      await Promise.resolve()
      this.clock.runSoon()
    }
  }

  #call(window: number): void {
    const to = { to: peer, port: theirPort, semantics: 'at-most-once', priority: 1 } as const
    this.#driver.call({
      kind: 'call',
      token: window + 1,
      ...to,
      timeoutMs: 30_000,
      window,
      selector: noBytes,
      body: noBytes,
    })
  }

  #submit(call: Call): void {
    if (call.kind === 'reply') this.replied++
    this.#driver.call(call)
  }

  #onOutcome(outcome: Outcome): void {
    if (outcome.kind === 'deliver') {
      this.delivered++
      this.#dispatch.onDeliver(outcome)
    } else if (outcome.kind === 'abort') this.#dispatch.onAbort(outcome)
    else if (outcome.kind === 'pull') this.#dispatch.onPull(outcome)
    else if (outcome.kind === 'completed' || outcome.kind === 'item') {
      this.answers.push(outcome)
      if (outcome.kind === 'completed' && outcome.status === 'failed') decodeError(outcome.body)
    }
  }
}
