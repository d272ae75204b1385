/**
 * One run of a form of the call: clients on some members call one service, which moves to another member half-way.
 *
 * m1 is the name server, m2 and then m3 are the service's home, the others are clients. The same work runs in each of
 * the 81 forms, over a network that a script makes lossy, and what it costs is counted. The kernel's part (who is dead,
 * which link stands) is played here, as is at-least-once: only a program can send a call to another server.
 */
import { assert } from '../../lib/assert.ts'
import { type Address, memberOf } from '../../lib/identifiers.ts'
import type { Random } from '../../lib/random.ts'
import { brokenInvariants as brokenPlaces } from '../../protocols/locate/invariants.ts'
import { brokenInvariants as brokenCalls } from '../../protocols/rpc/invariants.ts'
import type { MessageOf, Outcome as CallOutcome, Served } from '../../protocols/rpc/messages.ts'
import { MachineWorld } from '../machines/machine-world.ts'
import type { Sight } from '../machines/sight.ts'
import { randomStream } from '../random-streams.ts'
import type { Report } from '../scenario.ts'
import { type Found, ServerFinder } from './call-forms-addressing.ts'
import { CallingClient, linkBytesPerMs, requestBytes } from './call-forms-client.ts'
import { type Asked, FormLedger } from './call-forms-ledger.ts'
import type { Call, Message, Outcome, State, Timer } from './call-forms-machine.ts'
import { type FormRunOptions, initialState } from './call-forms-options.ts'
import { addressBody, addressIn, namesPort, nothing, numberedBody, numberIn, servicePort } from './call-forms-wire.ts'
import { played, reportOf } from './machine-run.ts'

type End = Extract<CallOutcome, { readonly kind: 'completed' | 'failed' }>
type Deliver = Extract<CallOutcome, { readonly kind: 'deliver' }>

const mailboxMax = 3
const handlerMs = 3
const replyBytes = 200
const headBytes = 40
/** The name server hears again and again where the service is: what it knows dies with it. */
const registerEveryMs = 250
const registerTimeoutMs = 200
const lookupTimeoutMs = 200
/** How long the service needs to start elsewhere, and a person to tell the clients the new machine. */
const moveMs = 50
const operatorMs = 400
const sendsMax = 3
const deathSeenMsMax = { process: 20, machine: 500 } as const
/** So long after the last fault, a call to a server that lives has been answered. */
const answeredWithinMs = 3_000
const stragglingMs = 4_000
const quietMs = 20_000

export class FormRun {
  readonly ledger: FormLedger
  /** Messages sent, by kind. */
  readonly sent = new Map<Message['kind'], number>()
  readonly clientFigures = { idleMs: 0, overheadMs: 0 }
  /** Requests that came again after their call had begun to run, and were not run again. */
  duplicatesFiltered = 0
  readonly #options: FormRunOptions
  readonly #world: MachineWorld<State, Message, Timer, Call, Outcome>
  readonly #kernel: Random
  /** Of each member's latest life. */
  readonly #addresses = new Map<string, Address>()
  readonly #delivered = new Set<string>()
  readonly #ends = new Map<number, (end: End) => void>()
  readonly #located = new Map<number, Found>()
  readonly #isOver = new Map<number, () => void>()
  readonly #clients: CallingClient[] = []
  readonly #finders = new Map<Address, ServerFinder>()
  #registered: Address | undefined
  #home: string
  #numbered: string
  #ids = 0
  #tokens = 0
  #healedMs = Number.POSITIVE_INFINITY
  #statesChecked = 0

  constructor(options: FormRunOptions) {
    this.#options = options
    const { seed, names, faults, machine, form, onTrace } = options
    this.#home = names[1] ?? ''
    this.#numbered = this.#home
    this.#kernel = randomStream(seed, 'kernel')
    this.ledger = new FormLedger(options.semantics, () => this.#world.nowMs)
    this.#world = new MachineWorld({
      ...{ machine, seed, names, faults },
      network: { delay: { kind: 'uniform', minMs: 0.2, maxMs: 0.6 }, bytesPerMs: linkBytesPerMs },
      initial: (self, life) => initialState(form, self, life, this.#running()),
      onOutcome: (member, outcome) => this.#onOutcome(member, outcome),
      onStarted: (member) => this.#onStarted(member),
      onCrashed: (member, how) => this.#onCrashed(member, how),
      onBreak: (one, other) => this.#world.after(this.#kernel.next() * 50, () => this.#link(one, other)),
      onSight: (sight) => this.#onSight(sight),
      ...(onTrace === undefined ? {} : { onTrace }),
      sizeOf: (message) => headBytes + ('body' in message ? message.body.length : 0),
      strays: (message) => message.kind === 'REQ',
    })
  }

  /** To its quiet end. */
  play(): void {
    played(
      () => this.#play(),
      (claim, text) => this.ledger.violated(claim, text),
    )
  }

  report(): Report {
    return reportOf(this.#world, this.ledger.violations, this.ledger.calls.size + this.#statesChecked)
  }

  #play(): void {
    const { names, durationMs, moveAtMs } = this.#options
    for (const name of names) this.#world.start(name)
    this.#world.at(moveAtMs, () => this.#move())
    while (this.#world.nowMs < durationMs && !this.#isDone()) this.#world.run(this.#world.nowMs + 10)
    if (!this.#options.isChecked) return
    this.#world.heal()
    this.#healedMs = durationMs
    // What is under way dies with its link on a host: so the last links stand only when all of it has arrived.
    this.#world.run(durationMs + stragglingMs)
    for (const one of this.#running()) for (const other of this.#running()) this.#link(one, other)
    this.#world.run(durationMs + stragglingMs + quietMs)
    this.ledger.checkEnd()
    for (const asked of this.ledger.calls.values()) {
      if (asked.end === undefined && this.#world.isRunning(asked.client))
        this.ledger.violated('progress', `call ${asked.id} never ends`)
    }
  }

  #isDone(): boolean {
    return this.#clients.length > 0 && this.#clients.every((client) => client.isDone)
  }

  /** The service's machine dies for good, and the service starts on another. */
  #move(): void {
    const gone = this.#addresses.get(this.#home)
    this.#home = this.#options.names[2] ?? ''
    if (gone !== undefined) this.#world.crash(gone)
    this.#world.after(moveMs, () => this.#serve(this.#latest(this.#home)))
    this.#world.after(operatorMs, () => {
      this.#numbered = this.#home
    })
  }

  #onStarted(self: Address): void {
    this.#addresses.set(memberOf(self), self)
    for (const peer of this.#running()) {
      if (peer === self) continue
      this.#world.submit(peer, { kind: 'joined', address: self })
      this.#link(self, peer)
    }
    const index = this.#options.names.indexOf(memberOf(self))
    if (index === 0) this.#becomeNameServer(self)
    else if (memberOf(self) === this.#home) this.#serve(self)
    else if (index > 2) this.#becomeClient(self)
  }

  #onCrashed(gone: Address, how: 'process' | 'machine'): void {
    this.#world.after(this.#kernel.next() * deathSeenMsMax[how], () => {
      for (const peer of this.#addresses.values()) this.#world.submit(peer, { kind: 'parted', peer: gone })
    })
  }

  #becomeNameServer(self: Address): void {
    this.#registered = undefined
    this.#world.submit(self, { kind: 'listen', port: namesPort, concurrency: 16, mailboxMax: 64 })
  }

  #serve(self: Address): void {
    if (memberOf(self) !== this.#home || !this.#world.isRunning(self)) return
    this.#world.submit(self, { kind: 'listen', port: servicePort, concurrency: 1, mailboxMax })
    const { addressing } = this.#options.form
    if (addressing === 'sparse-address') this.#world.submit(self, { kind: 'serve', port: servicePort })
    if (addressing === 'name-server') this.#register(self)
  }

  #register(self: Address): void {
    if (!this.#world.isRunning(self) || this.#world.nowMs > this.#options.durationMs) return
    this.#callNameServer(self, addressBody(self), registerTimeoutMs, () => {})
    this.#world.after(registerEveryMs, () => this.#register(self))
  }

  #becomeClient(self: Address): void {
    const { seed, form, durationMs, roundsMax } = this.#options
    const finder = new ServerFinder(form.addressing, self, {
      numbered: () => this.#latest(this.#numbered),
      locate: (client, found) => this.#locate(client, found),
      notHere: (client, at) => this.#world.submit(client, { kind: 'not-here', port: servicePort, at }),
      askNameServer: (client, found) =>
        this.#callNameServer(client, nothing, lookupTimeoutMs, (end) =>
          found(end.kind === 'completed' ? addressIn(end.body) : undefined),
        ),
    })
    this.#finders.set(self, finder)
    const after = (delayMs: number, run: () => void): void =>
      this.#world.after(delayMs, () => {
        if (this.#world.isRunning(self)) run()
      })
    const ground = {
      ...{ nowMs: () => this.#world.nowMs, after, random: randomStream(seed, `client ${self}`) },
      open: (isOver: () => void) => this.#open(self, isOver),
      submit: (id: number, to: Address | undefined) => this.#send(id, to),
    }
    const bounds = { roundsMax, untilMs: durationMs }
    const client = new CallingClient(form.blocking, finder, ground, this.clientFigures, bounds)
    this.#clients.push(client)
    client.begin()
  }

  #open(client: Address, isOver: () => void): number {
    const { timeoutsMs } = this.#options
    const id = ++this.#ids
    this.ledger.open(id, client, timeoutsMs[this.#kernel.below(timeoutsMs.length)] ?? 500)
    this.#isOver.set(id, isOver)
    return id
  }

  #send(id: number, to: Address | undefined): void {
    const asked = this.ledger.calls.get(id)
    if (asked === undefined) return
    asked.attempts++
    if (to === undefined) return this.#sendElsewhere(asked, 'not-found', 'no')
    asked.sentTo.add(to)
    const { client, timeoutMs } = asked
    this.#call(client, to, servicePort, numberedBody(id, requestBytes), timeoutMs, (end) => {
      if (end.kind === 'completed') return this.#onReply(asked, end.body)
      this.#finders.get(client)?.doubt(to)
      this.#checkAnswered(asked, to, end)
      this.#sendElsewhere(asked, end.code, end.executed)
    })
  }

  #onReply(asked: Asked, body: Uint8Array): void {
    if (numberIn(body) !== asked.id) this.ledger.violated('reply', `call ${asked.id} has another call's reply`)
    this.#close(asked, 'completed', 'yes')
  }

  /** At-least-once, where running twice does no harm or it surely did not run. */
  #sendElsewhere(asked: Asked, code: string, executed: 'no' | 'yes' | 'unknown'): void {
    if (executed === 'unknown') asked.isDoubtful = true
    const mayRunAgain = executed === 'no' ? !asked.isDoubtful || asked.isIdempotent : asked.isIdempotent
    const isRepeated = this.#options.semantics === 'at-least-once' && executed !== 'yes' && mayRunAgain
    if (!isRepeated || asked.attempts >= sendsMax) {
      return this.#close(asked, code, executed === 'no' && asked.isDoubtful ? 'unknown' : executed)
    }
    this.#world.after(moveMs, () => {
      if (this.#world.isRunning(asked.client)) this.#finders.get(asked.client)?.find((at) => this.#send(asked.id, at))
    })
  }

  #close(asked: Asked, code: string, executed: 'no' | 'yes' | 'unknown'): void {
    this.ledger.close(asked, code, executed)
    this.#isOver.get(asked.id)?.()
    this.#isOver.delete(asked.id)
  }

  /** What both sides can still do, they do: no timeout long after the last fault, where something is asked at all. */
  #checkAnswered(asked: Asked, to: Address, end: End): void {
    const { isChecked, form, semantics } = this.#options
    if (!isChecked || form.reliability === 'none' || semantics === 'maybe') return
    if (end.kind !== 'failed' || end.code !== 'timed-out' || end.executed !== 'unknown') return
    if (this.#world.nowMs < this.#healedMs + answeredWithinMs || !this.#world.isRunning(to)) return
    this.ledger.violated('answered', `call ${asked.id} times out although ${to} lives and nothing is lost any more`)
  }

  #callNameServer(from: Address, body: Uint8Array, timeoutMs: number, ended: (end: End) => void): void {
    this.#call(from, this.#latest(this.#options.names[0] ?? ''), namesPort, body, timeoutMs, ended)
  }

  #call(
    from: Address,
    to: Address,
    port: typeof servicePort,
    body: Uint8Array,
    timeoutMs: number,
    ended: (end: End) => void,
  ): void {
    const token = ++this.#tokens
    const { semantics } = this.#options
    this.#ends.set(token, ended)
    this.#world.submit(from, {
      ...{ kind: 'call', token, to, port, semantics, priority: 1, timeoutMs, window: 0, selector: nothing, body },
    })
  }

  #locate(client: Address, found: Found): void {
    const request = ++this.#tokens
    this.#located.set(request, found)
    this.#world.submit(client, { kind: 'locate', request, port: servicePort })
  }

  #onOutcome(member: Address, outcome: Outcome): void {
    switch (outcome.kind) {
      case 'completed':
      case 'failed': {
        const ended = this.#ends.get(outcome.token)
        this.#ends.delete(outcome.token)
        if (ended === undefined) this.ledger.violated('reply', `what nobody waits for has ended: ${outcome.token}`)
        return ended?.(outcome)
      }
      case 'located':
      case 'not-found':
      case 'not-asked': {
        const found = this.#located.get(outcome.request)
        this.#located.delete(outcome.request)
        return found?.(outcome.kind === 'located' ? outcome.at : undefined)
      }
      case 'deliver':
        return outcome.port === namesPort ? this.#onNamesCall(member, outcome) : this.#onServiceCall(member, outcome)
      default:
        return // Nothing is cancelled or streamed here, and silence is no reason to do anything.
    }
  }

  /** With an address in it: remember that; empty: which one is it? */
  #onNamesCall(member: Address, deliver: Deliver): void {
    const { body } = deliver
    if (body.length > 0) this.#registered = addressIn(body)
    const known = body.length === 0 ? this.#registered : undefined
    this.#world.after(0.1, () => this.#reply(member, deliver, known === undefined ? nothing : addressBody(known)))
  }

  #onServiceCall(member: Address, deliver: Deliver): void {
    const id = numberIn(deliver.body)
    this.#delivered.add(keyOf(member, deliver.caller, deliver))
    this.ledger.onBegun(id, member)
    this.#world.after(handlerMs, () => {
      if (!this.#world.isRunning(member)) return
      this.ledger.onEnded(id)
      this.#reply(member, deliver, numberedBody(id, replyBytes))
    })
  }

  #reply(member: Address, { caller, slot, sequence, port }: Deliver, body: Uint8Array): void {
    this.#world.submit(member, { kind: 'reply', caller, slot, sequence, port, status: 'ok', body })
  }

  #onSight(sight: Sight<Message, Timer, Call, Outcome>): void {
    if (sight.kind === 'sent') this.sent.set(sight.message.kind, (this.sent.get(sight.message.kind) ?? 0) + 1)
    if (sight.kind === 'input' && sight.input.kind === 'message' && sight.input.message.kind === 'REQ')
      this.#onRequest(sight.member, sight.input.from, sight.input.message)
    if (sight.kind === 'stepped' && this.#options.isChecked) this.#checkState(sight.member)
  }

  #onRequest(member: Address, from: Address, request: MessageOf<'REQ'>): void {
    if (this.#delivered.has(keyOf(member, from, request))) this.duplicatesFiltered++
  }

  #checkState(member: Address): void {
    const state = this.#world.stateOf(member)
    if (state === undefined || this.ledger.violations.length > 0) return
    this.#statesChecked++
    for (const broken of brokenCalls(state.calls)) this.ledger.violated('invariant', broken)
    for (const broken of brokenPlaces(state.places)) this.ledger.violated('invariant', broken)
  }

  #link(one: Address, other: Address): void {
    if (one === other || !this.#world.isRunning(one) || !this.#world.isRunning(other)) return
    this.#world.submit(one, { kind: 'relinked', peer: other })
    this.#world.submit(other, { kind: 'relinked', peer: one })
  }

  #running(): Address[] {
    return [...this.#addresses.values()].filter((address) => this.#world.isRunning(address))
  }

  #latest(name: string): Address {
    const found = this.#addresses.get(name)
    assert(found !== undefined, `${name} has been started`)
    return found
  }
}

function keyOf(member: Address, from: Address, { slot, sequence }: Omit<Served, 'caller'>): string {
  return `${member} ${from} ${slot} ${sequence}`
}
