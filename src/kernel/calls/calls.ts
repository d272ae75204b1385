/**
 * The caller's side of the kernel: typed clients, the choice of a server for each call, and its answer.
 *
 * A client is a plain object with one function for each operation. Each call picks a live server of the name (the one
 * with the fewest calls of ours in flight), so one that dies is left out. A call that certainly did not run goes to
 * another server by itself; one that may have run does so only where the caller allowed `at-least-once`. What an
 * earlier try may have done is remembered (`ran`), so that the last one's error does not deny it.
 */
import type { Clock } from '../../edges/clock.ts'
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import type { Address, Port } from '../../lib/identifiers.ts'
import type { Random } from '../../lib/random.ts'
import type { Call, Outcome } from '../../protocols/rpc/messages.ts'
import { type Binding, bindingOf, checkOptions, decodeOutput, encodeInput, selectorOf } from './call-binding.ts'
import {
  afterEarlierTries,
  eitherExecuted,
  errorOfFailure,
  type Failure,
  isSafeElsewhere,
  isServerGone,
  nobodyServes,
} from './call-failure.ts'
import { Capability } from '../capabilities/capability.ts'
import { decodeError } from './errors-on-the-wire.ts'
import { ItemStream } from './item-stream.ts'
import type { Names, ServerEntry } from '../ports/names.ts'
import { nextDelayMs, type PendingCall, semanticsOf, waitOf } from './pending-call.ts'
import type { Ports } from '../ports/ports.ts'
import { checked } from '../schema-check.ts'
import type { CallOptions, Client, Operations, Service } from '../service.ts'

export const defaultTimeoutMs = 30_000
/** Items of a stream that may be on their way or wait here. */
export const streamWindow = 32
/** Times that a call which surely did not run is sent; one that may run twice is sent until its deadline. */
const triesMax = 8
/** Between two looks for a server that has moved or starts again. */
const searchAgainMsMax = 200
/** A server whose link takes no more counts as loaded above all that can be in flight: others come first. */
const loadOfFullLink = 1_000_000
/** A member that answers nothing is called only where no other serves the name. */
const loadOfSilence = 1_000_000_000
const noOptions: CallOptions = {}

export interface CallsOptions {
  readonly names: Pick<Names, 'servers' | 'refresh' | 'prove' | 'forgetServer' | 'isAwaited'>
  readonly ports: Pick<Ports, 'located' | 'locate' | 'forget' | 'isAwaited'>
  readonly clock: Clock
  readonly random: Random
  /** Hands a call to the rpc machine. */
  submit(call: Call): void
  /** Whether the link to a member takes another message. */
  hasRoom(to: Address): boolean
  isSilent(member: Address): boolean
}

export class Calls {
  readonly #options: CallsOptions
  readonly #pending = new Map<number, PendingCall>()
  readonly #inFlight = new Map<Port, number>()
  #tokens = 0
  #closed: CardumenError | undefined

  constructor(options: CallsOptions) {
    this.#options = options
  }

  client<Ops extends Operations>(service: Service<Ops>, target: string | Capability): Client<Ops> {
    const functions = Object.entries(service.operations).map(([operation, definition]) => {
      const binding = bindingOf(service, operation, definition, target)
      const call = (input: unknown, options?: CallOptions): Promise<unknown> =>
        this.#call(binding, input, options ?? noOptions)
      const stream = (input: unknown, options?: CallOptions): AsyncIterable<unknown> =>
        this.#stream(binding, input, options ?? noOptions)
      return [operation, definition.stream === true ? stream : call] as const
    })
    return Object.freeze(Object.assign(Object.create(null), Object.fromEntries(functions))) as Client<Ops>
  }

  /** Calls of ours that have no answer yet. */
  get inFlight(): number {
    return this.#pending.size
  }

  /** What each of them waits for, for people. */
  waits(): readonly string[] {
    return [...this.#pending.values()].map(waitOf)
  }

  hasCallsTo(member: Address): boolean {
    for (const { server } of this.#pending.values()) if (server?.address === member) return true
    return false
  }

  onOutcome(outcome: Extract<Outcome, { kind: 'completed' | 'failed' | 'item' }>): void {
    const pending = this.#pending.get(outcome.token)
    if (pending === undefined) return
    switch (outcome.kind) {
      case 'completed':
        return this.#onCompleted(pending, outcome.status, outcome.body)
      case 'failed':
        return this.#onFailed(pending, outcome)
      case 'item':
        pending.hasItems = true
        return pending.stream?.push(outcome.body)
    }
  }

  /** Everything under way fails with the code of `reason`, and says whether it may have run; so does what comes later. */
  close(reason: CardumenError): void {
    this.#closed = reason
    for (const pending of [...this.#pending.values()]) {
      const executed = pending.server === undefined ? 'no' : 'unknown'
      this.#settle(
        pending,
        new CardumenError(reason.code, `${pending.binding.subject}: ${reason.message}`, { executed }),
      )
    }
  }

  #call(binding: Binding, input: unknown, options: CallOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      checkOptions(options)
      this.#begin(binding, encodeInput(binding, input), options, undefined, resolve, reject)
    })
  }

  /** Its argument is refused here, where it is passed; the call begins with the first `next`. */
  #stream(binding: Binding, input: unknown, options: CallOptions): AsyncIterable<unknown> {
    checkOptions(options)
    const body = encodeInput(binding, input)
    let token = 0
    const stream: ItemStream = new ItemStream({
      start: () => {
        token = this.#begin(binding, body, options, stream, ignore, ignore)
      },
      consumed: (count) => {
        const server = this.#pending.get(token)?.server
        if (server !== undefined) this.#options.submit({ kind: 'consumed', token, to: server.address, count })
      },
      cancel: () => this.#cancel(token),
      read: (item) =>
        checked(binding.definition.output, decodeOutput(binding, item), binding.refusal, (value) => value),
    })
    return stream
  }

  #begin(
    binding: Binding,
    body: Uint8Array,
    options: CallOptions,
    stream: ItemStream | undefined,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ): number {
    const token = ++this.#tokens
    const now = this.#options.clock.now()
    const deadline = now + (options.timeoutMs ?? defaultTimeoutMs)
    const pending: PendingCall = {
      token,
      binding,
      body,
      options,
      deadline,
      resolve,
      reject,
      stream,
      onAbort: undefined,
      server: undefined,
      tries: 0,
      waits: 0,
      cancelWait: undefined,
      ran: 'no',
      hasItems: false,
    }
    this.#pending.set(token, pending)
    if (this.#closed !== undefined)
      this.#settle(pending, new CardumenError(this.#closed.code, `${binding.subject}: ${this.#closed.message}`))
    else if (options.signal?.aborted) this.#fail(pending, { code: 'cancelled', executed: 'no' })
    else {
      if (options.signal !== undefined) {
        pending.onAbort = () => this.#cancel(token)
        options.signal.addEventListener('abort', pending.onAbort)
      }
      this.#dispatch(pending, now)
    }
    return token
  }

  #dispatch(pending: PendingCall, now: number): void {
    const server = this.#pick(pending.binding)
    if (server !== undefined) this.#submit(pending, server, now)
    else void this.#search(pending)
  }

  /** The live server with the fewest calls of ours, one with room before one without; a random one among equals. */
  #pick(binding: Binding): ServerEntry | undefined {
    if (binding.name === undefined) return this.#locatedServer(binding)
    const { names } = this.#options
    for (;;) {
      const server = this.#leastBurdened(names.servers(binding.name))
      if (server === undefined || server.isProven || names.prove(binding.name, server)) return server
    }
  }

  #leastBurdened(servers: readonly ServerEntry[]): ServerEntry | undefined {
    if (servers.length <= 1) return servers[0]
    const start = this.#options.random.below(servers.length)
    let best: ServerEntry | undefined
    let least = Number.POSITIVE_INFINITY
    for (let step = 0; step < servers.length; step++) {
      const server = servers[(start + step) % servers.length]
      if (server === undefined) continue
      const load = this.#burdenOf(server)
      if (load >= least) continue
      least = load
      best = server
    }
    return best
  }

  #burdenOf(server: ServerEntry): number {
    const silence = this.#options.isSilent(server.address) ? loadOfSilence : 0
    const fullLink = this.#options.hasRoom(server.address) ? 0 : loadOfFullLink
    return this.#loadOf(server) + silence + fullLink
  }

  #loadOf(server: ServerEntry): number {
    return this.#inFlight.get(server.port) ?? 0
  }

  #locatedServer(binding: Binding): ServerEntry | undefined {
    const { capability, located } = binding
    if (capability === undefined) return undefined
    const port = located?.port ?? Capability.portOf(capability)
    const address = this.#options.ports.located(port)
    if (address !== located?.address) binding.located = address && { capability, address, port, isProven: true }
    return binding.located
  }

  /** Nothing in memory: ask the engine, and where the caller allows it, wait until a server appears. */
  async #search(pending: PendingCall): Promise<void> {
    const { binding } = pending
    try {
      if (binding.capability !== undefined) await this.#options.ports.locate(Capability.portOf(binding.capability))
      else if (binding.name !== undefined) await this.#options.names.refresh(binding.name)
    } catch (error) {
      if (!isCardumenError(error)) throw error
      if (error.code !== 'address-unknown') return this.#settle(pending, error)
    }
    if (!this.#pending.has(pending.token)) return
    const server = this.#pick(binding)
    if (server !== undefined) return this.#submit(pending, server, this.#options.clock.now())
    if (pending.tries > 0 && semanticsOf(pending) === 'at-least-once') return this.#later(pending)
    if (this.#isAwaited(binding)) return this.#later(pending, searchAgainMsMax)
    this.#settle(pending, nobodyServes(binding.subject, binding.name))
  }

  #submit(pending: PendingCall, server: ServerEntry, now: number): void {
    const { token, binding, body, options, stream } = pending
    const timeoutMs = pending.deadline - now
    if (timeoutMs <= 0) return this.#fail(pending, { code: 'timed-out', executed: 'no' })
    if (!this.#options.hasRoom(server.address)) return this.#later(pending)
    pending.server = server
    pending.tries++
    this.#inFlight.set(server.port, this.#loadOf(server) + 1)
    this.#options.submit({
      kind: 'call',
      token,
      to: server.address,
      port: server.port,
      semantics: semanticsOf(pending),
      priority: options.priority ?? 1,
      timeoutMs,
      window: stream === undefined ? 0 : streamWindow,
      selector: selectorOf(binding, server.capability),
      body,
    })
  }

  #onCompleted(pending: PendingCall, status: 'ok' | 'failed', body: Uint8Array): void {
    if (status === 'failed') return this.#onRefused(pending, decodeError(body))
    if (pending.stream !== undefined) return this.#settle(pending, undefined)
    const { binding } = pending
    try {
      const schema = binding.definition.raw === true ? undefined : binding.definition.output
      const done = checked(schema, decodeOutput(binding, body), binding.refusal, (result) =>
        this.#settle(pending, undefined, result),
      )
      if (done instanceof Promise) done.catch((error: unknown) => this.#onUnfit(pending, error))
    } catch (error) {
      this.#onUnfit(pending, error)
    }
  }

  /** A member that serves a port no more may say so for itself: then the call goes on as if nobody had been there. */
  #onRefused(pending: PendingCall, error: CardumenError): void {
    const { code, executed } = error
    const isOpen = executed === 'no' && !pending.hasItems
    if (isOpen && code === 'address-unknown') this.#onFailed(pending, { code, executed })
    else if (isOpen && code === 'capability-revoked' && this.#isRenamed(pending)) this.#later(pending)
    else this.#settle(pending, error)
  }

  /** Whoever revokes a service has its name lead to what opens it then, a moment later. */
  #isRenamed(pending: PendingCall): boolean {
    const { server, binding } = pending
    const { names } = this.#options
    const isLast = pending.tries >= triesMax || semanticsOf(pending) === 'maybe'
    if (binding.name === undefined || server === undefined || isLast) return false
    if (names.servers(binding.name).includes(server)) names.forgetServer(binding.name, server)
    this.#leave(pending)
    return true
  }

  #onUnfit(pending: PendingCall, error: unknown): void {
    if (!isCardumenError(error)) throw error
    this.#settle(pending, error)
  }

  #onFailed(pending: PendingCall, failure: Failure): void {
    const { binding, server } = pending
    this.#leave(pending)
    if (isServerGone(failure) && server !== undefined) {
      if (binding.name !== undefined) this.#options.names.forgetServer(binding.name, server)
      this.#options.ports.forget(server.port, server.address)
    }
    if (!this.#mayRetry(pending, failure)) return this.#fail(pending, failure, server)
    pending.ran = eitherExecuted(pending.ran, failure.executed)
    if (pending.tries === 1) this.#dispatch(pending, this.#options.clock.now())
    else this.#later(pending)
  }

  #mayRetry(pending: PendingCall, failure: Failure): boolean {
    if (pending.hasItems || pending.options.signal?.aborted || pending.deadline <= this.#options.clock.now())
      return false
    if (semanticsOf(pending) === 'at-least-once') return isServerGone(failure) || failure.code === 'reply-lost'
    if (!isSafeElsewhere(failure) || semanticsOf(pending) === 'maybe') return false
    return pending.tries < triesMax || this.#isAwaited(pending.binding)
  }

  /** Its server moves, or starts again: for a while, finding nobody is no answer. */
  #isAwaited({ name, capability }: Binding): boolean {
    if (name !== undefined) return this.#options.names.isAwaited(name)
    return capability !== undefined && this.#options.ports.isAwaited(Capability.portOf(capability))
  }

  #later(pending: PendingCall, delayMsMax?: number): void {
    const delayMs = nextDelayMs(pending, this.#options.clock.now(), delayMsMax)
    pending.cancelWait = this.#options.clock.after(delayMs, () => {
      pending.cancelWait = undefined
      const now = this.#options.clock.now()
      if (pending.deadline <= now) this.#fail(pending, { code: 'timed-out', executed: 'no' })
      else this.#dispatch(pending, now)
    })
  }

  /** By its signal, or because its stream was left early. */
  #cancel(token: number): void {
    const pending = this.#pending.get(token)
    if (pending === undefined) return
    if (pending.server === undefined) this.#fail(pending, { code: 'cancelled', executed: 'no' })
    else this.#options.submit({ kind: 'cancel', token, to: pending.server.address })
  }

  /** @param failure - of the last try; what earlier ones have done is added. */
  #fail(pending: PendingCall, failure: Failure, server?: ServerEntry): void {
    const { subject } = pending.binding
    const where = server === undefined ? subject : `${subject} at ${server.address}`
    const cause = failure.code === 'cancelled' ? pending.options.signal?.reason : undefined
    const executed = eitherExecuted(pending.ran, failure.executed)
    this.#settle(pending, errorOfFailure({ code: failure.code, executed }, where, cause))
  }

  #settle(pending: PendingCall, error: CardumenError | undefined, value?: unknown): void {
    if (!this.#pending.delete(pending.token)) return
    if (pending.onAbort !== undefined) pending.options.signal?.removeEventListener('abort', pending.onAbort)
    pending.cancelWait?.()
    this.#leave(pending)
    const told = error === undefined ? undefined : afterEarlierTries(error, pending.ran)
    if (pending.stream !== undefined) pending.stream.finish(told)
    else if (told === undefined) pending.resolve(value)
    else pending.reject(told)
  }

  /** The call is no longer in flight at its server. */
  #leave(pending: PendingCall): void {
    const { server } = pending
    if (server === undefined) return
    const { port } = server
    const load = this.#loadOf(server) - 1
    if (load > 0) this.#inFlight.set(port, load)
    else this.#inFlight.delete(port)
    pending.server = undefined
  }
}

function ignore(): void {}
