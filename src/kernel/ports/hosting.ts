/**
 * How a service comes to be served by a member, and how it ends.
 *
 * A drawn identity takes calls first and is found then. A kept one is claimed first, by the row of its port, since at
 * most one live member serves it; then what earlier lives revoked is read, which nobody else can add to any more; and
 * only then it takes calls. Each call of it is looked at with the lease in view: a member that was stopped for longer
 * than that may have been replaced, and is nobody until it has joined again. It stops taking calls before its row goes.
 */
import type { Clock } from '../../edges/clock.ts'
import type { Crypto } from '../../edges/crypto.ts'
import type { Engine, Lease } from '../../edges/engine.ts'
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import { type Address, type Port, revision, type Revision } from '../../lib/identifiers.ts'
import { defaultConcurrency, defaultMailbox, type Dispatch, type RefusalSink } from '../calls/dispatch.ts'
import type { Audit } from '../standard/audit.ts'
import { Authority } from '../capabilities/authority.ts'
import type { Capability } from '../capabilities/capability.ts'
import type { Finding } from './finding.ts'
import { atLeast, checkServiceName } from '../given-options.ts'
import { drawnIdentity, type Identity, keptIdentity } from '../capabilities/identity.ts'
import { Revocations } from '../capabilities/revocations.ts'
import { allRights } from '../capabilities/rights.ts'
import type { ServerRows } from './server-entries.ts'
import { portKeyOf } from './server-rows.ts'
import { ServedService } from '../calls/served-service.ts'
import type { Handlers, Operations, Service } from '../service.ts'
import type { KernelServeOptions, Served } from '../serving.ts'
import { addStandardOperations, recordedRevocations } from '../standard/standard-hosting.ts'

/** Nothing is written by whoever does not serve. */
const noRevision = revision(0)
/** After so long it is tried again to have a name lead to what opens its service. */
const renameAgainMs = 500

export interface HostingOptions {
  readonly engine: Engine
  readonly clock: Clock
  readonly crypto: Crypto
  readonly self: Address
  readonly lease: Lease
  readonly finding: Pick<Finding, 'names' | 'entries' | 'locate'>
  readonly dispatch: Dispatch
  readonly audit: Audit
  readonly refusals: RefusalSink
  /** The key that a member proved when its link was made. */
  readonly publicKeyOf: (of: Address) => Uint8Array | undefined
}

interface Serving {
  readonly service: ServedService
  readonly options: KernelServeOptions
  /** Undefined until they are written. */
  rows: ServerRows | undefined
  /** Its name leads to what was revoked meanwhile. */
  isToBeRenamed: boolean
  /** Of a kept identity: its row is ours, and what was revoked is known. */
  takesCalls: boolean
}

export class Hosting {
  readonly #options: HostingOptions
  /** Of each port the last one here that began to listen: one that ends after it has begun takes nothing from it. */
  readonly #latest = new Map<Port, Serving>()
  #isClosed = false

  constructor(options: HostingOptions) {
    this.#options = options
  }

  /** @throws CardumenError `name-invalid`, `option-invalid` (a handler is missing), `port-taken`, and of the engine. */
  async serve<Ops extends Operations>(
    of: Service<Ops>,
    handlers: Handlers<Ops>,
    options: KernelServeOptions,
  ): Promise<Served> {
    if (options.name !== undefined) checkServiceName(options.name)
    atLeast(1, 'concurrency', options.concurrency ?? defaultConcurrency)
    atLeast(0, 'mailbox', options.mailbox ?? defaultMailbox)
    const identity = await this.#identityOf(options)
    const serving = this.#servingOf(of, handlers as unknown as Handlers<Operations>, identity, options)
    try {
      const rows =
        identity.keptAs === undefined ? await this.#begin(serving) : await this.#claim(serving, identity.keptAs)
      this.#tell(serving, rows)
      return this.#servedOf(serving, rows)
    } catch (cause) {
      throw this.#isClosed ? new CardumenError('closed', 'This member has left its system.', { cause }) : cause
    }
  }

  /**
   * Of an object of a kept identity, with all rights, whoever serves it now: for a process that nobody of ours started,
   * and that can open the engine.
   */
  async keptCapability(name: string, object: number): Promise<Capability> {
    const { engine, crypto, clock } = this.#options
    const identity = await keptIdentity(engine, crypto, name)
    const revocations = new Revocations(() => clock.wallMs())
    await revocations.load({ engine, identity: name, port: identity.port, portRevision: noRevision })
    return new Authority({ identity, systemId: engine.systemId, revocations }).mint(object, allRights)
  }

  /** The member leaves: its rows go with its lease. */
  close(): void {
    this.#isClosed = true
  }

  async #identityOf({ identity }: KernelServeOptions): Promise<Identity> {
    const { engine, crypto } = this.#options
    return identity === undefined ? drawnIdentity(crypto) : await keptIdentity(engine, crypto, identity)
  }

  #servingOf(of: Service, handlers: Handlers<Operations>, identity: Identity, options: KernelServeOptions): Serving {
    const { engine, clock, lease, audit, publicKeyOf, refusals } = this.#options
    const isKept = identity.keptAs !== undefined
    const service: ServedService = new ServedService(of, handlers, {
      identity,
      systemId: engine.systemId,
      wallMs: () => clock.wallMs(),
      speaksForItself: options.speaksForItself === true,
      isBare: options.isBare === true,
      ...(isKept && { isOurs: () => serving.takesCalls && lease.isLive() }),
      onServiceRevoked: () => this.#rename(serving),
    })
    addStandardOperations(service, options.objects ?? {}, { audit, publicKeyOf, refusals })
    const serving: Serving = { service, options, rows: undefined, isToBeRenamed: false, takesCalls: !isKept }
    return serving
  }

  async #begin(serving: Serving): Promise<ServerRows> {
    this.#listen(serving)
    try {
      return await this.#enter(serving)
    } catch (error) {
      this.#forget(serving)
      throw error
    }
  }

  /**
   * What the name leads to must be of the present generation, which an earlier life may change until the row is ours;
   * then it is looked at again, and entered anew in the rare case that it did.
   */
  async #claim(serving: Serving, keptAs: string): Promise<ServerRows> {
    const { entries } = this.#options.finding
    const { service } = serving
    for (;;) {
      await this.#load(service, keptAs, noRevision)
      const seen = service.capabilityFor(0)
      const rows = await this.#enter(serving)
      try {
        await this.#load(service, keptAs, rows.revision)
      } catch (error) {
        await entries.remove(rows).catch(() => undefined)
        throw error
      }
      if (!service.capabilityFor(0).equals(seen)) {
        await entries.remove(rows)
        continue
      }
      serving.takesCalls = true
      this.#listen(serving)
      return rows
    }
  }

  #load(service: ServedService, identity: string, portRevision: Revision): Promise<void> {
    const { engine } = this.#options
    return service.load({ engine, identity, port: service.port, portRevision })
  }

  #listen(serving: Serving): void {
    const { service, options } = serving
    this.#latest.set(service.port, serving)
    this.#options.dispatch.add(service, {
      concurrency: options.concurrency ?? defaultConcurrency,
      mailboxMax: options.mailbox ?? defaultMailbox,
    })
  }

  #enter({ service, options }: Serving): Promise<ServerRows> {
    const capability = service.capabilityFor(0, options.nameRights)
    return this.#options.finding.entries.enter({ name: options.name, capability, identity: service.identity })
  }

  #tell(serving: Serving, rows: ServerRows): void {
    const { service } = serving
    const { port, identity } = service
    const { proof } = rows
    this.#options.finding.locate.serve(port, {
      proof,
      isKept: identity.keptAs !== undefined,
      isOurs: () => service.isOurs(),
    })
    serving.rows = rows
    if (serving.isToBeRenamed) void this.#rename(serving)
    else this.#tellName(serving, rows)
  }

  #tellName({ service, options }: Serving, { proof }: ServerRows): void {
    const { name, nameRights } = options
    if (name === undefined) return
    const { port, identity } = service
    const capability = service.capabilityFor(0, nameRights)
    const isKept = identity.keptAs !== undefined
    this.#options.finding.names.add({ name, capability, address: this.#options.self, port, proof, isKept })
  }

  /** The service was revoked: its name leads to what opens it now. Where the engine fails, some time later. */
  async #rename(serving: Serving): Promise<void> {
    const { rows, options, service } = serving
    const { finding, clock } = this.#options
    if (rows === undefined) serving.isToBeRenamed = true
    if (rows === undefined || options.name === undefined || this.#isClosed || !this.#isLatest(serving)) return
    this.#tellName(serving, rows)
    try {
      await finding.entries.rewrite(rows, options.name, service.capabilityFor(0, options.nameRights))
    } catch (error) {
      if (!isCardumenError(error)) throw error
      if (error.code !== 'closed') clock.after(renameAgainMs, () => void this.#rename(serving), { background: true })
    }
  }

  #servedOf(serving: Serving, rows: ServerRows): Served {
    const { service } = serving
    const { keptAs, port } = service.identity
    const close = (): Promise<void> => this.#end(serving, rows)
    return {
      capability: service.capabilityFor(0),
      capabilityFor: (object, rights) => service.capabilityFor(object, rights),
      ...recordedRevocations(service, this.#options.audit, this.#options.self),
      opens: (capability, { operation, caller } = {}) => {
        const publicKey = caller === undefined ? undefined : this.#options.publicKeyOf(caller)
        return service.opens(capability, { publicKey, ...(operation !== undefined && { operation }) })
      },
      fence: keptAs === undefined ? [] : [{ kind: 'revision', key: portKeyOf(port), equals: rows.revision }],
      isOurs: () => service.isOurs(),
      close,
      [Symbol.asyncDispose]: close,
    }
  }

  /** First nobody finds it any more, then it takes no more, so that fewer are turned away; a kept one takes none at once. */
  async #end(serving: Serving, rows: ServerRows): Promise<void> {
    if (this.#isClosed) return
    const { service, options } = serving
    const { names, entries, locate } = this.#options.finding
    if (service.identity.keptAs !== undefined) serving.takesCalls = false
    if (options.name !== undefined && this.#isLatest(serving)) names.drop(options.name, service.port)
    try {
      await entries.remove(rows)
    } finally {
      if (this.#isLatest(serving)) {
        locate.withdraw(service.port)
        this.#forget(serving)
      }
    }
  }

  /** Its row may be gone, and another serving of the port have begun here, before whoever ends it hears so. */
  #isLatest(serving: Serving): boolean {
    return this.#latest.get(serving.service.port) === serving
  }

  #forget({ service }: Serving): void {
    this.#latest.delete(service.port)
    this.#options.dispatch.remove(service)
  }
}
