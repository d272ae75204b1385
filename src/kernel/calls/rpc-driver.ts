/**
 * Runs the rpc machine on a member: inputs from links, timers and the kernel go in, its effects are carried out at once.
 *
 * What is asked for while a step is under way (a handler that calls on, a retry) waits until that step has ended, so a
 * step never runs inside a step. Messages to oneself go round through the clock, without a link. The trace hook costs
 * one comparison a step while it is off. After a step that threw the machine's state means nothing: it takes no more.
 */
import type { Cancel, Clock } from '../../edges/clock.ts'
import type { TraceHook } from '../../edges/trace.ts'
import type { Address, Incarnation } from '../../lib/identifiers.ts'
import type { LamportClock } from '../../lib/lamport-clock.ts'
import type { Context, Effects, Input } from '../../lib/machine.ts'
import type { Random } from '../../lib/random.ts'
import type { Call, Message, Outcome, Timer } from '../../protocols/rpc/messages.ts'
import { rpc } from '../../protocols/rpc/rpc.ts'
import { initialState, type State } from '../../protocols/rpc/state.ts'
import { timerMsMax } from './call-context.ts'
import { decodeMessage, encodeMessage } from './rpc-frames.ts'
import type { Priority } from '../service.ts'
import type { Links } from '../links/links.ts'
import { StepTrace } from '../step-trace.ts'

export interface RpcDriverOptions {
  readonly self: Address
  readonly incarnation: Incarnation
  readonly clock: Clock
  readonly random: Random
  readonly lamport: LamportClock
  /** False: the link has no room and took nothing; the machine's enquiry repairs it later. */
  readonly send: Links['send']
  onOutcome(outcome: Outcome): void
  /** A step threw, which is a fault of ours; the error is thrown on as well. */
  onBroken(): void
}

interface MessageToSelf {
  readonly message: Message
  readonly lamportTime: number
}

type RpcInput = Input<Message, Timer, Call>

/** Replies and control messages overtake requests of the usual priority. */
const controlPriority: Priority = 0
const usualPriority: Priority = 1

export class RpcDriver implements Effects<Message, Timer, Outcome> {
  readonly #options: RpcDriverOptions
  readonly #state: State
  readonly #context: { -readonly [Key in keyof Context]: Context[Key] }
  readonly #timers = new Map<Timer['kind'], Cancel>()
  /** Inputs that came up during a step; bounded by what one step can cause. */
  readonly #held: RpcInput[] = []
  readonly #toSelf: MessageToSelf[] = []
  #stepping = false
  #closed = false
  readonly #trace: StepTrace

  constructor(options: RpcDriverOptions) {
    this.#options = options
    this.#state = initialState(options.self, options.incarnation)
    this.#context = { now: options.clock.now(), random: options.random }
    const { self, clock, lamport } = options
    this.#trace = new StepTrace({ machine: rpc.name, self, clock, lamport })
  }

  call(call: Call): void {
    this.#input({ kind: 'call', call })
  }

  /** False: no message of ours; whoever sent it is at fault. */
  onMessage(from: Address, kind: number, bytes: Uint8Array, start: number, end: number, lamportTime: number): boolean {
    const message = decodeMessage(kind, bytes, start, end)
    if (message === undefined) return false
    this.#input({ kind: 'message', from, message }, lamportTime)
    return true
  }

  inspect(): string {
    return rpc.inspect(this.#state)
  }

  setTraceHook(hook: TraceHook | undefined): void {
    this.#trace.setHook(hook)
  }

  close(): void {
    this.#closed = true
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
  }

  #input(input: RpcInput, lamportTime = 0): void {
    if (this.#closed) return
    if (this.#stepping) {
      this.#held.push(input)
      return
    }
    this.#stepping = true
    try {
      this.#step(input, lamportTime)
      for (let next = this.#held.shift(); next !== undefined; next = this.#held.shift()) this.#step(next, 0)
    } catch (error) {
      this.close()
      this.#options.onBroken()
      throw error
    } finally {
      this.#stepping = false
    }
  }

  #step(input: RpcInput, lamportTime: number): void {
    this.#context.now = this.#options.clock.now()
    this.#trace.begin()
    rpc.step(this.#state, input, this.#context, this)
    this.#trace.end(input, lamportTime)
  }

  send(to: Address, message: Message): void {
    if (to === this.#options.self) this.#sendToSelf(message)
    else {
      const { kind, header, headerBytes, body } = encodeMessage(message)
      // What is lost here has a time of its own all the same.
      if (!this.#options.send(to, kind, priorityOf(message), header, headerBytes, body)) this.#options.lamport.tick()
    }
    this.#trace.sent(to, message)
  }

  setTimer(timer: Timer, delayMs: number): void {
    this.#timers.get(timer.kind)?.()
    if (delayMs !== Number.POSITIVE_INFINITY) {
      const run = (): void => this.#input({ kind: 'timer', timer })
      // One that fires before its time is harmless.
      this.#timers.set(
        timer.kind,
        this.#options.clock.after(Math.min(delayMs, timerMsMax), run, { background: timer.kind === 'acknowledge' }),
      )
    }
    this.#trace.timerSet(timer.kind, delayMs)
  }

  clearTimer(timer: Timer): void {
    this.#timers.get(timer.kind)?.()
    this.#timers.delete(timer.kind)
    this.#trace.timerCleared(timer.kind)
  }

  /** The rpc machine keeps nothing on disk. */
  persist(record: never): void {
    void record
  }

  outcome(outcome: Outcome): void {
    this.#trace.outcome(outcome)
    this.#options.onOutcome(outcome)
  }

  #sendToSelf(message: Message): void {
    const { lamport, clock, self } = this.#options
    if (this.#toSelf.push({ message, lamportTime: lamport.tick() }) > 1) return
    clock.soon(() => {
      for (const each of this.#toSelf.splice(0))
        this.#input({ kind: 'message', from: self, message: each.message }, each.lamportTime)
    })
  }
}

function priorityOf(message: Message): Priority {
  if (message.kind === 'REQ') return message.priority as Priority
  return message.kind === 'REP' || message.kind === 'ITM' ? usualPriority : controlPriority
}
