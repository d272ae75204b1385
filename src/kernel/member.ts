/**
 * One member: everything in this process that takes part in a system, tied together over the edges.
 *
 * It owns the links, the rpc machine's driver, the tables of members and names, the services it serves and the calls
 * it makes, and passes events between them. What it decides itself is little: a member whose row is gone is dead, and
 * everything that waited for it hears so. It starts no process and opens no file; the public faces give it its edges.
 */
import type { Clock } from '../edges/clock.ts'
import type { Crypto, Signer } from '../edges/crypto.ts'
import type { Engine, Lease } from '../edges/engine.ts'
import type { Network } from '../edges/network.ts'
import type { TraceHook } from '../edges/trace.ts'
import type { BrokenInvariant } from '../lib/assert.ts'
import { CardumenError, isCardumenError } from '../lib/cardumen-error.ts'
import { address, type Address, incarnationOf, type MemberId, memberOf } from '../lib/identifiers.ts'
import { LamportClock } from '../lib/lamport-clock.ts'
import type { Random } from '../lib/random.ts'
import type { Outcome } from '../protocols/rpc/messages.ts'
import { Audit } from './standard/audit.ts'
import { Calls } from './calls/calls.ts'
import { Capability } from './capabilities/capability.ts'
import { Dispatch } from './calls/dispatch.ts'
import { type Ending, farewells } from './ending.ts'
import { Finding, type FindingOptions } from './ports/finding.ts'
import { checkServiceName, drawnMemberName, givenMemberName } from './given-options.ts'
import { Hosting } from './ports/hosting.ts'
import { Links } from './links/links.ts'
import { Listeners } from './listeners.ts'
import { drawIncarnation, type MemberEntry, Membership, type Tags } from './membership.ts'
import type { MemberStatus } from './member-status.ts'
import type { ServerEntry } from './ports/names.ts'
import { RpcDriver } from './calls/rpc-driver.ts'
import { Refusals } from './capabilities/refusals.ts'
import type { KernelServeOptions, Served } from './serving.ts'
import type { Client, Handlers, Operations, Service } from './service.ts'
import { Traces } from './traces.ts'

export interface MemberEdges {
  readonly engine: Engine
  readonly network: Network
  readonly clock: Clock
  readonly crypto: Crypto
  readonly random: Random
  /** The operating-system process that this member is. */
  readonly process: { readonly pid: number; readonly host: string; readonly user: string }
}

export interface MemberOptions {
  /** Unique among the live members; drawn when left out. */
  readonly name?: string
  readonly tags?: Tags
  /** How long this member may stand still before the others take it for dead. Default 10,000. */
  readonly leaseTtlMs?: number
}

const leaseTtlMsDefault = 10_000

export class Member implements AsyncDisposable {
  readonly id: MemberId
  readonly address: Address
  readonly clock: Clock
  readonly random: Random
  readonly engine: Engine
  readonly traces: Traces
  readonly audit: Audit
  /** Resolves when this member is none any more: it left, its lease ended while it could not run, or its engine failed. */
  readonly ended: Promise<Ending>
  readonly #lease: Lease
  readonly #links: Links
  readonly #membership: Membership
  readonly #finding: Finding
  readonly #hosting: Hosting
  readonly #driver: RpcDriver
  readonly #dispatch: Dispatch
  readonly #calls: Calls
  readonly #signer: Signer
  readonly #partedListeners: Listeners<MemberEntry>
  readonly #joinedListeners: Listeners<MemberEntry>
  readonly #silenceListeners: Listeners<Address>
  readonly #refusals: Refusals
  readonly #refusalListeners: Listeners<string>
  #end: (how: Ending) => void = () => {}
  #closed: Promise<void> | undefined
  #messagesRefused = 0
  /** Of all machines: each event of a life has a number of its own. */
  #eventsTraced = 0

  /** @throws CardumenError `name-taken`, `name-invalid`, and what the engine and the network throw. */
  static async join(edges: MemberEdges, options: MemberOptions = {}): Promise<Member> {
    const id = options.name === undefined ? drawnMemberName(edges.crypto) : givenMemberName(options.name)
    const lease = await edges.engine.grantLease({ ttlMs: options.leaseTtlMs ?? leaseTtlMsDefault })
    try {
      const member = new Member(edges, address(id, await drawIncarnation(edges.engine)), lease)
      await member.#start(edges, options.tags ?? {})
      return member
    } catch (error) {
      await lease.revoke().catch(() => undefined)
      throw error
    }
  }

  private constructor(edges: MemberEdges, self: Address, lease: Lease) {
    const { engine, network, clock, crypto, random } = edges
    this.address = self
    this.id = memberOf(self)
    this.clock = clock
    this.random = random
    this.engine = engine
    this.#signer = crypto.newSigner()
    this.#lease = lease
    this.#partedListeners = new Listeners(clock)
    this.#joinedListeners = new Listeners(clock)
    this.#silenceListeners = new Listeners(clock)
    this.#refusalListeners = new Listeners(clock)
    this.#refusals = new Refusals({ clock, onSummary: (text) => this.#refusalListeners.tell(text) })
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
    const lamport = new LamportClock()
    const publicKeyOf = (of: Address): Uint8Array | undefined => this.#publicKeyOf(of)
    const onBroken = (): void => void this.#leave('broken')
    const send: FindingOptions['send'] = (to, kind, priority, header, headerBytes, body) =>
      this.#links.send(to, kind, priority, header, headerBytes, body)
    this.#membership = new Membership({
      engine,
      clock,
      events: { onJoined: (entry) => this.#onJoined(entry), onParted: (entry) => this.#onParted(entry) },
    })
    this.#finding = new Finding({
      ...{ engine, clock, crypto, random, lamport, self, lease, send, publicKeyOf, onBroken },
      publicKey: this.#signer.publicKey,
      identify: async (of) => (of === self ? this.#signer : await this.#membership.identify(of)),
      onUnproven: (from) => this.#refusals.onRefused(from, 'proof'),
    })
    this.#links = new Links({
      ...{ systemId: engine.systemId, self, signer: this.#signer, network, clock, crypto, random, lamport },
      identify: (peer) => this.#membership.identify(peer),
      events: {
        onMessage: (from, kind, time, bytes, start, end) => this.#onMessage(from, kind, time, bytes, start, end),
        onUp: (peer) => this.#driver.call({ kind: 'relinked', peer }),
        onDown: (peer) => this.#onDown(peer),
        onUnreachable: (peer, _error, everUp) => void this.#onUnreachable(peer, everUp),
        onRefused: (peer, reason) => this.#refusals.onRefused(peer, reason),
        isThrottled: (peer) => !this.#refusals.mayVerify(peer),
      },
    })
    this.#driver = new RpcDriver({
      ...{ self, incarnation: incarnationOf(self), clock, random, lamport, send, onBroken },
      onOutcome: (outcome) => this.#onOutcome(outcome),
    })
    this.traces = new Traces(clock, (hook) => this.#setTraceHook(hook))
    this.#dispatch = new Dispatch({
      ...{ clock, refusals: this.#refusals, publicKeyOf },
      isBackedUp: (caller) => this.#links.isBackedUp(caller),
      submit: (call) => this.#driver.call(call),
      onBroken: (error) => this.#onBroken(error),
    })
    this.audit = new Audit({ engine, clock, self, userOf: (member) => this.#membership.userOf(member) })
    this.#hosting = new Hosting({
      ...{ engine, clock, crypto, self, lease },
      ...{ finding: this.#finding, dispatch: this.#dispatch, audit: this.audit, refusals: this.#refusals, publicKeyOf },
    })
    this.#calls = new Calls({
      ...{ names: this.#finding.names, ports: this.#finding.ports, clock, random },
      submit: (call) => this.#driver.call(call),
      hasRoom: (to) => this.#links.hasRoom(to),
      isSilent: (member) => this.#membership.isSilent(member),
    })
  }

  async #start(edges: MemberEdges, tags: Tags): Promise<void> {
    const endpoints = await this.#links.listen(`${this.id}.${incarnationOf(this.address)}`)
    try {
      const { pid, host, user } = edges.process
      const { publicKey } = this.#signer
      const incarnation = incarnationOf(this.address)
      await this.#membership.enter(
        { id: this.id, incarnation, pid, host, user, endpoints, publicKey, tags },
        this.#lease,
      )
      await Promise.all([this.#membership.start(), this.#finding.names.start()])
    } catch (error) {
      await Promise.allSettled([this.#links.close(), this.#membership.close(), this.#finding.names.close()])
      throw error
    }
    void this.#lease.ended.then(() => this.#leave(edges.engine.failure === undefined ? 'expelled' : 'engine-failed'))
  }

  /** @throws CardumenError `closed`, `name-invalid`, `option-invalid` (a handler is missing), `port-taken`. */
  async serve<Ops extends Operations>(
    service: Service<Ops>,
    handlers: Handlers<Ops>,
    options: KernelServeOptions = {},
  ): Promise<Served> {
    this.#refuseIfClosed()
    return await this.#hosting.serve(service, handlers, options)
  }

  /** As `Hosting.keptCapability`. */
  keptCapability(identity: string, object: number): Promise<Capability> {
    return this.#hosting.keptCapability(identity, object)
  }

  /**
   * A typed client of a name or of one object. Nothing is sent before its first call.
   * @throws CardumenError `name-invalid`, `option-invalid` (neither a name nor a capability).
   */
  open<Ops extends Operations>(service: Service<Ops>, target: string | Capability): Client<Ops> {
    if (typeof target === 'string') checkServiceName(target)
    else if (!((target as unknown) instanceof Capability))
      throw new CardumenError('option-invalid', 'What is opened is a name or a capability.')
    return this.#calls.client(service, target)
  }

  /** The live servers of a name, as last seen. */
  servers(name: string): readonly ServerEntry[] {
    return this.#finding.names.servers(name)
  }

  onServersChanged(name: string, listener: () => void): () => void {
    return this.#finding.names.onChanged(name, listener)
  }

  names(): readonly string[] {
    return this.#finding.names.names()
  }

  members(): readonly MemberEntry[] {
    return this.#membership.members()
  }

  /** Told when the state of an entry changes: its member fell silent, or was heard again. */
  onSilenceChanged(listener: (of: Address) => void): () => void {
    return this.#silenceListeners.add(listener)
  }

  onMemberParted(listener: (entry: MemberEntry) => void): () => void {
    return this.#partedListeners.add(listener)
  }

  onMemberJoined(listener: (entry: MemberEntry) => void): () => void {
    return this.#joinedListeners.add(listener)
  }

  /** Told a sentence for a log when something was refused; at most one in ten seconds for each reason. */
  onRefusalsTold(listener: (text: string) => void): () => void {
    return this.#refusalListeners.add(listener)
  }

  /** What its calls wait for, for people: operation and server of each. */
  callsWaiting(): readonly string[] {
    return this.#calls.waits()
  }

  status(): MemberStatus {
    return {
      address: this.address,
      callsInFlight: this.#calls.inFlight,
      services: this.#dispatch.services().map((service) => service.name),
      links: this.#links.status(),
      messagesRefused: this.#messagesRefused,
      refusals: this.#refusals.counts(),
      engineTroubles: this.#membership.engineTroubles + this.#finding.names.engineTroubles,
      rpc: this.#driver.inspect(),
      locate: this.#finding.locate.inspect(),
    }
  }

  /** Leaves the system: takes no more calls, fails those under way, gives its rows back. The engine stays open. */
  close(): Promise<void> {
    return this.#leave('left')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** The key that a member proved when its link was made. */
  #publicKeyOf(of: Address): Uint8Array | undefined {
    return of === this.address ? this.#signer.publicKey : this.#membership.publicKeyOf(of)
  }

  #leave(how: Ending): Promise<void> {
    this.#closed ??= this.#close(how)
    return this.#closed
  }

  async #close(how: Ending): Promise<void> {
    // Our callers first: the engine may wait for its write lock, and nothing that comes meanwhile is for them.
    this.#hosting.close()
    this.#calls.close(farewells[how])
    await this.#lease.revoke().catch(() => undefined)
    this.#driver.close()
    this.#finding.stop()
    this.#refusals.close()
    await Promise.allSettled([this.#links.close(), this.#membership.close(), this.#finding.names.close()])
    this.#end(how)
  }

  /** Where nobody is left to throw to. The error itself goes to the process, as one of a step does. */
  #onBroken(error: BrokenInvariant): void {
    void this.#leave('broken')
    this.clock.soon(() => {
      throw error
    })
  }

  #setTraceHook(hook: TraceHook | undefined): void {
    const numbered: TraceHook | undefined = hook && ((event) => hook({ ...event, sequence: ++this.#eventsTraced }))
    this.#driver.setTraceHook(numbered)
    this.#finding.locate.setTraceHook(numbered)
  }

  #refuseIfClosed(): void {
    if (this.#closed !== undefined) throw new CardumenError('closed', `${this.id} has left its system.`)
  }

  #onMessage(from: Address, kind: number, time: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.#driver.onMessage(from, kind, bytes, start, end, time)) return
    if (this.#finding.locate.onMessage(from, kind, bytes, start, end, time)) return
    this.#messagesRefused++
    this.#refusals.onRefused(from, 'frame')
  }

  #onOutcome(outcome: Outcome): void {
    switch (outcome.kind) {
      case 'completed':
      case 'failed':
      case 'item':
        return this.#calls.onOutcome(outcome)
      case 'deliver':
        return this.#dispatch.onDeliver(outcome)
      case 'abort':
        return this.#dispatch.onAbort(outcome)
      case 'pull':
        return this.#dispatch.onPull(outcome)
      case 'silent':
      case 'heard':
        this.#membership.setSilent(outcome.peer, outcome.kind === 'silent')
        return this.#silenceListeners.tell(outcome.peer)
    }
  }

  #onJoined(entry: MemberEntry): void {
    this.#finding.joined(entry.address)
    this.#joinedListeners.tell(entry)
  }

  #onParted(entry: MemberEntry): void {
    if (entry.address === this.address) return
    this.#bury(entry.address)
    this.#partedListeners.tell(entry)
  }

  /** Nothing is awaited from a member that is gone, and nothing it asked for is kept. */
  #bury(peer: Address): void {
    this.#finding.parted(peer)
    this.#driver.call({ kind: 'parted', peer })
    this.#dispatch.forget(peer)
    this.#links.forget(peer)
    this.#refusals.forget(peer)
    this.#membership.setSilent(peer, false)
  }

  /** A broken link is no proof of death, but a reason to look at once; and whatever waits for the peer asks again. */
  #onDown(peer: Address): void {
    this.#suspect(peer)
    if (this.#calls.hasCallsTo(peer)) this.#links.connect(peer)
  }

  #suspect(peer: Address): void {
    const lease = this.#membership.leaseOf(peer)
    if (lease !== undefined) this.engine.suspect(lease)
  }

  async #onUnreachable(peer: Address, everUp: boolean): Promise<void> {
    if (!(await this.#isMember(peer))) return this.#bury(peer)
    this.#suspect(peer)
    if (!everUp) this.#driver.call({ kind: 'unreachable', peer })
  }

  /** One that joined a moment ago may not be known here yet. In doubt it is one. */
  async #isMember(peer: Address): Promise<boolean> {
    if (this.#membership.isLive(peer)) return true
    try {
      return (await this.#membership.identify(peer)) !== undefined
    } catch (error) {
      if (!isCardumenError(error)) throw error
      return true
    }
  }
}
