/**
 * The server's side of the kernel: from a delivered request to its handler and back.
 *
 * It checks what came before anything of the program runs: capability and operation (`served-service.ts`), then the
 * input's schema; each refusal has a code and says that nothing ran. A handler's error goes back with its stack, as
 * `handler-failed`: whatever code it has, it is not about this call. The machine is told exactly once of every
 * delivered call that its handler has ended. A broken invariant is passed on to nobody: it stops the member.
 */
import type { Clock } from '../../edges/clock.ts'
import { BrokenInvariant } from '../../lib/assert.ts'
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import type { Address, Port } from '../../lib/identifiers.ts'
import type { Call, Outcome } from '../../protocols/rpc/messages.ts'
import { decode, encode } from '../../wire/codec.ts'
import { bodyBytesMax } from './call-binding.ts'
import { ServedCall } from './call-context.ts'
import { encodeError, encodeThrown } from './errors-on-the-wire.ts'
import type { RefusalReason } from '../capabilities/refusals.ts'
import { RefusedCapability } from '../capabilities/refused-capability.ts'
import { checked, type Refusal, refused } from '../schema-check.ts'
import type { Callers, ServedService, Target } from './served-service.ts'
import type { OperationDefinition } from '../service.ts'
import { StreamPump } from './stream-pump.ts'
import { StreamShare } from './stream-share.ts'

export const defaultConcurrency = 256
export const defaultMailbox = 1_024
const nothing = new Uint8Array(0)

type Delivered = Extract<Outcome, { kind: 'deliver' }>

/** Who counts refusals, and says who was refused too often. */
export interface RefusalSink {
  onRefused(peer: Address, reason: RefusalReason): void
  mayVerify(peer: Address): boolean
}

export interface DispatchOptions {
  readonly clock: Clock
  /** Left out: nobody counts, and nobody is throttled. */
  readonly refusals?: RefusalSink
  /** The key that a member has proved; undefined: not known. */
  publicKeyOf(caller: Address): Uint8Array | undefined
  /** Whether much waits to be sent to it. Left out: never. */
  isBackedUp?(caller: Address): boolean
  submit(call: Call): void
  /** An invariant did not hold where nobody is left to throw to: this stops the member. */
  onBroken(error: BrokenInvariant): void
}

interface Running {
  readonly context: ServedCall
  readonly port: Port
  /** The handler was called: from now on whatever fails has run. */
  hasBegun: boolean
  speaksForItself: boolean
  pump: StreamPump | undefined
}

export class Dispatch {
  readonly #options: DispatchOptions
  readonly #callers: Callers
  readonly #services = new Map<Port, ServedService>()
  /** By caller, then by slot: bounded by the slots that the machine allows. */
  readonly #running = new Map<Address, (Running | undefined)[]>()
  /** Of callers that have opened a stream. */
  readonly #streamShares = new Map<Address, StreamShare>()

  constructor(options: DispatchOptions) {
    this.#options = options
    this.#callers = {
      publicKeyOf: (caller) => options.publicKeyOf(caller),
      mayVerify: (caller) => options.refusals?.mayVerify(caller) ?? true,
    }
  }

  add(service: ServedService, options: { readonly concurrency: number; readonly mailboxMax: number }): void {
    this.#services.set(service.port, service)
    this.#options.submit({ kind: 'listen', port: service.port, ...options })
  }

  remove(service: ServedService): void {
    this.#options.submit({ kind: 'deafen', port: service.port })
    this.#services.delete(service.port)
  }

  services(): readonly ServedService[] {
    return [...this.#services.values()]
  }

  /** The peer's calls are all over. */
  forget(caller: Address): void {
    this.#running.delete(caller)
    this.#streamShares.delete(caller)
  }

  onDeliver(request: Delivered): void {
    const context = new ServedCall(request, request.deadline, this.#options.clock)
    const running: Running = { context, port: request.port, hasBegun: false, speaksForItself: false, pump: undefined }
    this.#remember(running)
    try {
      this.#run(running, request)
    } catch (error) {
      this.#failed(running, error)
    }
  }

  onAbort(outcome: Extract<Outcome, { kind: 'abort' }>): void {
    const running = this.#find(outcome)
    running?.context.abort()
    running?.pump?.stop()
  }

  onPull(outcome: Extract<Outcome, { kind: 'pull' }>): void {
    this.#find(outcome)?.pump?.pull(outcome.count)
  }

  #run(running: Running, request: Delivered): void {
    const service = this.#services.get(request.port)
    if (service === undefined || !service.isOurs()) {
      throw new CardumenError('address-unknown', 'This member does not serve the object any more.')
    }
    const target = this.#admit(service, request)
    running.context.admitted(target, service)
    const { definition, handler, refusal, speaksForItself } = target.operation
    running.speaksForItself = speaksForItself
    const input = definition.raw === true ? request.body : readInput(request.body, refusal)
    const result = checked(definition.raw === true ? undefined : definition.input, input, refusal, (accepted) => {
      running.hasBegun = true
      return handler(accepted, running.context)
    })
    if (definition.stream === true) return this.#startPump(running, definition, result)
    if (isPromise(result)) {
      result.then(
        (value) => this.#unawaited(() => this.#succeeded(running, definition, value)),
        (error: unknown) => this.#unawaited(() => this.#failed(running, error)),
      )
    } else this.#succeeded(running, definition, result)
  }

  #admit(service: ServedService, { selector, caller }: Delivered): Target {
    try {
      return service.admit(selector, caller, this.#callers)
    } catch (error) {
      if (error instanceof RefusedCapability) this.#options.refusals?.onRefused(caller, error.reason)
      throw error
    }
  }

  /** The credit for the first items comes by `pull`, right after the delivery. */
  #startPump(running: Running, definition: OperationDefinition, result: unknown): void {
    const iterable = isPromise(result) ? fromPromise(result) : result
    if (!isAsyncIterable(iterable)) return this.#refuse(running, noStream())
    const share = this.#streamShareOf(running.context.caller)
    const takePlace = (): Promise<void> | undefined => share.take()
    running.pump = new StreamPump(iterable, takePlace, {
      onItem: (value) => share.onSent(this.#send(running, definition, value)),
      onEnd: () => this.#reply(running, 'ok', nothing),
      onError: (error) => this.#failed(running, error),
      onStopped: () =>
        this.#refuse(running, new CardumenError('cancelled', 'The caller gave the stream up.', { executed: 'yes' })),
      onBroken: (error) => this.#options.onBroken(error),
    })
  }

  #streamShareOf(caller: Address): StreamShare {
    const known = this.#streamShares.get(caller)
    if (known !== undefined) return known
    const share = new StreamShare(this.#options.clock, () => this.#options.isBackedUp?.(caller) ?? false)
    this.#streamShares.set(caller, share)
    return share
  }

  /** Gives the bytes of the item. */
  #send(running: Running, definition: OperationDefinition, value: unknown): number {
    const { caller, slot, sequence } = running.context
    const body = encodeResult(definition, value)
    this.#options.submit({ kind: 'item', caller, slot, sequence, body })
    return body.length
  }

  #succeeded(running: Running, definition: OperationDefinition, value: unknown): void {
    let body: Uint8Array
    try {
      body = encodeResult(definition, value)
    } catch (error) {
      return this.#failed(running, error)
    }
    this.#reply(running, 'ok', body)
  }

  #failed(running: Running, error: unknown): void {
    if (error instanceof BrokenInvariant) throw error
    if (error instanceof UnfitResult) return this.#refuse(running, error.refusal)
    const isTheHandlers = running.hasBegun && !running.speaksForItself
    if (!running.hasBegun && isCardumenError(error, 'input-refused')) {
      this.#options.refusals?.onRefused(running.context.caller, 'input')
    }
    this.#reply(running, 'failed', isTheHandlers ? encodeThrown(error) : encodeError(error))
  }

  /** Nobody awaits what an asynchronous handler leads to, so a broken invariant is handed on instead of thrown. */
  #unawaited(run: () => void): void {
    try {
      run()
    } catch (error) {
      if (!(error instanceof BrokenInvariant)) throw error
      this.#options.onBroken(error)
    }
  }

  #refuse(running: Running, error: CardumenError): void {
    this.#reply(running, 'failed', encodeError(error))
  }

  #reply(running: Running, status: 'ok' | 'failed', body: Uint8Array): void {
    running.context.end()
    const { caller, slot, sequence } = running.context
    const slots = this.#running.get(caller)
    if (slots?.[slot] === running) slots[slot] = undefined
    this.#options.submit({ kind: 'reply', caller, slot, sequence, port: running.port, status, body })
  }

  #remember(running: Running): void {
    const { caller, slot } = running.context
    let slots = this.#running.get(caller)
    if (slots === undefined) {
      slots = []
      this.#running.set(caller, slots)
    }
    while (slots.length < slot) slots.push(undefined)
    slots[slot] = running
  }

  #find(of: { readonly caller: Address; readonly slot: number; readonly sequence: number }): Running | undefined {
    const running = this.#running.get(of.caller)?.[of.slot]
    return running?.context.sequence === of.sequence ? running : undefined
  }
}

function readInput(body: Uint8Array, refusal: Refusal): unknown {
  try {
    return decode(body)
  } catch (cause) {
    throw refused(refusal, 'it cannot be read', cause)
  }
}

/** The handler has run, and what it gave cannot be sent. */
class UnfitResult extends Error {
  readonly refusal: CardumenError

  constructor({ code, message, cause }: CardumenError) {
    super(message)
    this.refusal = new CardumenError(code, message, { executed: 'yes', cause })
  }
}

/** @throws UnfitResult */
function encodeResult(definition: OperationDefinition, value: unknown): Uint8Array {
  try {
    const body = definition.raw === true ? rawResult(value) : encode(value)
    if (body.length <= bodyBytesMax) return body
    throw new CardumenError('too-large', `The result has ${body.length} bytes, over ${bodyBytesMax}.`)
  } catch (error) {
    throw error instanceof CardumenError ? new UnfitResult(error) : error
  }
}

function rawResult(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw new CardumenError('cannot-travel', 'A raw operation returns bytes.')
}

function noStream(): CardumenError {
  return new CardumenError('output-refused', 'The handler of a stream returns an async iterable.', { executed: 'yes' })
}

async function* fromPromise(promise: Promise<unknown>): AsyncGenerator<unknown> {
  const iterable = await promise
  if (!isAsyncIterable(iterable)) throw new UnfitResult(noStream())
  yield* iterable
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
