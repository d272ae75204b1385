/**
 * A service while a member serves it: its identity, its operations with their handlers, and who may call which.
 *
 * A request shows a capability and names an operation. The first time both are looked at in full: that this server made
 * the capability and has not revoked it, that it is this caller's and its time is not over, that there is such an
 * operation, and that it grants what the operation needs, in that order. What passed is remembered, so the next time
 * costs one look-up and one comparison. It runs nothing; `dispatch.ts` does.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { Address, Port } from '../../lib/identifiers.ts'
import { Authority, checkExpiry, checkHolder, type Grant } from '../capabilities/authority.ts'
import { Capability } from '../capabilities/capability.ts'
import type { Identity } from '../capabilities/identity.ts'
import { forged, RefusedCapability } from '../capabilities/refused-capability.ts'
import { type Keeping, Revocations } from '../capabilities/revocations.ts'
import type { RefusalReason } from '../capabilities/refusals.ts'
import { allRights, hasRights, type Rights, rightsOf, rightsText } from '../capabilities/rights.ts'
import type { Refusal } from '../schema-check.ts'
import { encodeSelector, operationIn, shownBytes, shownIn } from './selector.ts'
import type { CallContext, Handlers, OperationDefinition, Operations, Service } from '../service.ts'
import { VerifiedCache } from '../capabilities/verified-cache.ts'

export type Handler = (input: unknown, context: CallContext) => unknown

export interface ServedOperation {
  /** As it is called on the wire. */
  readonly name: string
  readonly definition: OperationDefinition
  readonly handler: Handler
  readonly refusal: Refusal
  /** What the capability must grant. */
  readonly needed: number
  /** Its handler's own errors are the operation's, `code` and `executed` included. */
  readonly speaksForItself: boolean
}

/** An operation that every service has (`standard-operations.ts`). */
export interface AddedOperation {
  readonly definition: OperationDefinition
  readonly handler: (input: never, context: CallContext) => unknown
}

/** A grant as it is remembered: with what was shown, and the operation that was asked for, if it was a call. */
interface Known extends Grant {
  readonly selector: Uint8Array
  readonly operation: ServedOperation | undefined
}

/** What a request is for: an object of this server, with a capability that holds. */
export interface Target extends Known {
  readonly operation: ServedOperation
}

/** What is known of callers. */
export interface Callers {
  /** The key that it proved when its link was made. */
  publicKeyOf(caller: Address): Uint8Array | undefined
  /** False: it was refused so often that nothing of it is looked at now. */
  mayVerify(caller: Address): boolean
}

/** A use that is no call: what a server of ours means to do for a caller. */
export interface Use {
  /** A capability that is narrowed to operations opens only for one of them. */
  readonly operation?: string
  /** A capability that is bound to a holder opens only for it. */
  readonly publicKey?: Uint8Array | undefined
  /** Told why it does not open. */
  readonly onRefused?: (reason: RefusalReason) => void
}

export interface ServedServiceOptions {
  readonly identity: Identity
  readonly systemId: string
  /** Expiry is judged by it. */
  wallMs(): number
  readonly speaksForItself?: boolean
  readonly isBare?: boolean
  /** False while another member may serve the identity. */
  isOurs?(): boolean
  /** Every capability of object 0 that was given out is refused from now on. It does not fail. */
  onServiceRevoked?(): Promise<void>
}

/** A service that this member serves. */
export class ServedService {
  readonly name: string
  readonly identity: Identity
  readonly #service: Service
  readonly #operations = new Map<string, ServedOperation>()
  readonly #options: ServedServiceOptions
  readonly #wallMs: () => number
  readonly #revocations: Revocations
  readonly #authority: Authority
  readonly #verified = new VerifiedCache<Known>()
  /** Made once: a flood of wrong capabilities is not to cost a stack trace each. */
  readonly #throttled: RefusedCapability

  /** @throws CardumenError `option-invalid`: a handler is missing. */
  constructor(service: Service, handlers: Handlers<Operations>, options: ServedServiceOptions) {
    const { identity, systemId } = options
    this.name = service.name
    this.identity = identity
    this.#service = service
    this.#options = options
    this.#wallMs = () => options.wallMs()
    const text = `${this.name} refused too many calls of this member in a short time.`
    this.#throttled = new RefusedCapability('throttled', 'throttled', text)
    this.#revocations = new Revocations(this.#wallMs)
    this.#authority = new Authority({ identity, systemId, revocations: this.#revocations })
    const speaksForItself = options.speaksForItself === true
    for (const [name, definition] of Object.entries(service.operations)) {
      this.#add((service.prefix ?? '') + name, definition, handlerOf(service, handlers, name), speaksForItself)
    }
  }

  get port(): Port {
    return this.identity.port
  }

  /** Beside its own, by their names on the wire; their errors are their own words. Before anything is served. */
  addOperations(operations: ReadonlyMap<string, AddedOperation>): void {
    for (const [name, { definition, handler }] of operations) this.#add(name, definition, handler as Handler, true)
  }

  /** What earlier lives of the identity revoked; before anything is served. */
  load(keeping: Keeping): Promise<void> {
    return this.#revocations.load(keeping)
  }

  /** Whether a call that comes now is this server's to answer. */
  isOurs(): boolean {
    return this.#options.isOurs?.() ?? true
  }

  /** @throws CardumenError `option-invalid` */
  capabilityFor(object: number, rights: Rights = allRights): Capability {
    return this.#authority.mint(object, rightsOf(rights))
  }

  /**
   * What the request is for, where its capability allows that.
   * @throws CardumenError `capability-refused`, `-revoked`, `-expired`, `operation-unknown`, `right-missing`, `throttled`
   */
  admit(selector: Uint8Array, caller: Address, callers: Callers): Target {
    const known = this.#verified.find(selector)
    if (known !== undefined && isCall(known)) {
      if (known.holder !== undefined) checkHolder(known, () => callers.publicKeyOf(caller))
      checkExpiry(known, this.#wallMs)
      return known
    }
    if (!callers.mayVerify(caller)) throw this.#throttled
    return this.#verify(selector, () => callers.publicKeyOf(caller))
  }

  /** Undefined where it is not this server's, is revoked or expired, or not for this use. */
  opens(capability: Capability, use: Use = {}): Grant | undefined {
    if (Capability.portOf(capability) !== this.port) return undefined
    try {
      const selector = encodeSelector(capability, '')
      const publicKey = (): Uint8Array | undefined => use.publicKey
      const grant =
        this.#verified.find(selector) ?? this.#remember(this.#grantOf(capability, publicKey), selector, undefined)
      checkHolder(grant, publicKey)
      checkExpiry(grant, this.#wallMs)
      const { operations } = grant
      return operations === undefined || (use.operation !== undefined && operations.includes(use.operation))
        ? grant
        : undefined
    } catch (error) {
      if (!(error instanceof RefusedCapability)) throw error
      use.onRefused?.(error.reason)
      return undefined
    }
  }

  /** Whether this server made both, and the narrower one from the wider one, which is in force. */
  descends(narrower: Capability, wider: Capability): boolean {
    return this.#authority.descends(narrower, wider)
  }

  /** As a handler gets it; for one that was admitted. */
  capabilityOf({ selector }: Target): Capability {
    const length = shownBytes(selector) ?? 0
    const shown = length === 0 ? undefined : this.#authority.read(shownIn(selector, length))
    return shown ?? this.capabilityFor(0)
  }

  /** As `Revocations.revokeAll`. */
  async revokeAll(object: number): Promise<void> {
    const written = this.#revocations.revokeAll(object)
    this.#verified.drop(object)
    const told = object === 0 ? this.#options.onServiceRevoked?.() : undefined
    await Promise.all([written, told])
  }

  /** As `Revocations.revokeBranch`. */
  revokeBranch(object: number, branch: string, expiresAtMs?: number): Promise<void> {
    const written = this.#revocations.revokeBranch(object, branch, expiresAtMs)
    this.#verified.drop(object)
    return written
  }

  /** Of the present generation, with the moments at which they expire by themselves. */
  revokedBranches(object: number): ReadonlyMap<string, number> {
    return this.#revocations.branchesOf(object)
  }

  #add(name: string, definition: OperationDefinition, handler: Handler, speaksForItself: boolean): void {
    const refusal: Refusal = { code: 'input-refused', executed: 'no', subject: `${this.name}.${name}` }
    const needed = rightsOf(definition.right ?? 0)
    this.#operations.set(name, { name, definition, handler, refusal, needed, speaksForItself })
  }

  #verify(selector: Uint8Array, publicKey: () => Uint8Array | undefined): Target {
    const length = shownBytes(selector)
    if (length === undefined || (length === 0 && this.#options.isBare !== true)) throw forged()
    const grant = length === 0 ? everything : this.#grantOf(this.#authority.read(shownIn(selector, length)), publicKey)
    checkExpiry(grant, this.#wallMs)
    const operation = this.#operationOf(operationIn(selector, length) ?? '')
    checkAllows(grant, operation)
    return this.#remember(grant, selector.slice(), operation)
  }

  #remember<Operation extends ServedOperation | undefined>(
    grant: Grant,
    selector: Uint8Array,
    operation: Operation,
  ): Known & { readonly operation: Operation } {
    const { object, rights, expiresAtMs, holder, operations } = grant
    const known = { selector, object, rights, expiresAtMs, holder, operations, operation }
    this.#verified.add(known)
    return known
  }

  #grantOf(capability: Capability | undefined, publicKey: () => Uint8Array | undefined): Grant {
    if (capability === undefined) throw forged()
    return this.#authority.verify(capability, publicKey)
  }

  #operationOf(name: string): ServedOperation {
    const served = this.#operations.get(name)
    if (served !== undefined) return served
    const known = Object.keys(this.#service.operations).join(', ')
    const text = `${this.name} has no operation "${name}"; it has ${known}.`
    throw new RefusedCapability('operation-unknown', 'operation', text)
  }
}

const everything: Grant = {
  object: 0,
  rights: allRights,
  expiresAtMs: Number.POSITIVE_INFINITY,
  holder: undefined,
  operations: undefined,
}

/** One that `opens` remembered is no call, whatever a request says. */
function isCall(known: Known): known is Target {
  return known.operation !== undefined
}

/** @throws CardumenError `right-missing` */
function checkAllows({ operations, rights }: Grant, { name, needed, refusal: { subject } }: ServedOperation): void {
  if (operations !== undefined && !operations.includes(name)) {
    const allowed = operations.length === 0 ? 'no operation at all' : `only ${operations.join(', ')}`
    throw new RefusedCapability('right-missing', 'operation', `${subject} was called with a capability for ${allowed}.`)
  }
  if (hasRights(rights, needed)) return
  const text = `${subject} needs ${rightsText(needed)}; the capability grants ${rightsText(rights)}.`
  throw new RefusedCapability('right-missing', 'right', text)
}

function handlerOf(service: Service, handlers: Handlers<Operations>, name: string): Handler {
  const handler: unknown = Object.hasOwn(handlers, name) ? handlers[name] : undefined
  if (typeof handler === 'function') return (input, context) => Reflect.apply(handler, handlers, [input, context])
  throw new CardumenError('option-invalid', `The handlers of ${service.name} lack "${name}".`)
}
