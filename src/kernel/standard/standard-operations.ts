/**
 * The server's side of the standard operations: one for all services, which add only what is particular of their
 * objects (`standard-objects.ts`).
 *
 * Dispatch has checked the capability, its rights and the input by the time that a handler here runs; what needs one
 * right or another depending on its argument is checked here. Whatever destroys or revokes is in the audit before it is
 * acknowledged. A revocation counts at once, also where writing it down fails: then the caller hears that.
 */
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import type { Address, Port } from '../../lib/identifiers.ts'
import { type AuditAct, type AuditNote, recordBeside, type Recorded } from './audit.ts'
import { Capability } from '../capabilities/capability.ts'
import { branchesOfHoldersMax } from '../capabilities/revocations.ts'
import { hasRights, rights, rightsText } from '../capabilities/rights.ts'
import type { CallContext, Handlers, OperationDefinition } from '../service.ts'
import type { Served } from '../serving.ts'
import { Lives } from './standard-lives.ts'
import type { ObjectHooks, Parameter, ParameterValue } from './standard-objects.ts'
import { infoCharactersMax, Standard } from './standard-service.ts'

type StandardHandlers = Handlers<(typeof Standard)['operations']>

/** What the standard operations need of the service that they belong to. */
export interface StandardHost extends Pick<Served, 'capabilityFor' | 'opens' | 'revokeAll' | 'revokeBranch'> {
  readonly name: string
  readonly port: Port
  /** False: so many capabilities of this caller were refused that none is looked at now. */
  mayVerify(caller: Address): boolean
  /** By branch, of the object's present generation. */
  revokedBranches(object: number): ReadonlyMap<string, number>
  /** Whether the narrower one was made from the wider one, or is the same. */
  descends(narrower: Capability, wider: Capability): boolean
  /** Resolves when the note is durable. */
  record(note: AuditNote): Promise<Recorded>
}

export interface StandardOperation {
  readonly definition: OperationDefinition
  readonly handler: (input: never, context: CallContext) => unknown
}

/** By the names that they go by on the wire. Their errors are their own words: `code` and `executed` are to be kept. */
export function standardOperationsOf(host: StandardHost, hooks: ObjectHooks): ReadonlyMap<string, StandardOperation> {
  const handlers = new StandardServer(host, hooks).handlers()
  const ofTheService: Readonly<Record<string, Partial<OperationDefinition>>> = {
    getparams: { right: hooks.parameterRights?.get ?? 'read' },
    setparams: { right: hooks.parameterRights?.set ?? 'modify' },
  }
  return new Map(
    Object.entries(Standard.operations as Readonly<Record<string, OperationDefinition>>).map(([name, definition]) => [
      Standard.prefix + name,
      {
        definition: { ...definition, ...ofTheService[name] },
        handler: handlers[name as keyof StandardHandlers] as StandardOperation['handler'],
      },
    ]),
  )
}

class StandardServer {
  readonly #host: StandardHost
  readonly #hooks: ObjectHooks
  readonly #lives = new Lives()

  constructor(host: StandardHost, hooks: ObjectHooks) {
    this.#host = host
    this.#hooks = hooks
  }

  handlers(): StandardHandlers {
    return {
      info: (_, context) => this.#info(context),
      restrict: ({ rights: mask }, { capability }) => capability.restrict({ rights: mask }),
      status: (_, context) => this.#status(context),
      touch: (input, context) => this.#touch(input, context),
      age: ({ abandon = [] }, context) => this.#age(abandon, context),
      copy: ({ original }, context) => this.#copy(original, context),
      destroy: (_, context) => this.#destroyAsked(context),
      getparams: (_, context) => this.#readParameters(context),
      setparams: (values, context) => this.#setParameters(values, context),
      revoke: (input, context) => this.#revoke(input, context),
    }
  }

  async #info(context: CallContext): Promise<string> {
    await this.#refuseUnknown(context.object)
    const told = await this.#hooks.info?.(context.object, context)
    return oneLine(told ?? (context.object === 0 ? `service ${this.#host.name}` : `object of ${this.#host.name}`))
  }

  async #status(context: CallContext): Promise<Readonly<Record<string, ParameterValue>>> {
    const { object } = context
    await this.#refuseUnknown(object)
    const own = await this.#hooks.status?.(object, context)
    const isCollected = this.#hooks.collectable !== undefined && object !== 0
    return {
      service: this.#host.name,
      object,
      ...(isCollected && { livesLeft: this.#lives.livesOf(object) }),
      passesOpen: this.#lives.passesOpen,
      ...own,
    }
  }

  #touch(input: TouchInput, { object, caller }: CallContext): { readonly touched: number; readonly refused: number } {
    const { objects = [], pass, isLast = false } = input
    if (objects.length > 0 && !this.#host.mayVerify(caller))
      throw new CardumenError(
        'throttled',
        `${this.#host.name} refused too many capabilities of ${caller}; none was touched.`,
      )
    if (pass !== undefined) this.#lives.openPass(pass)
    const use = { operation: 'std.touch', caller }
    const numbers = [object, ...objects.map((capability) => this.#host.opens(capability, use)?.object)]
    const touched = numbers.filter((number) => number !== undefined && this.#lives.touch(number)).length
    if (pass !== undefined && isLast) this.#lives.completePass(pass)
    return { touched, refused: numbers.length - touched }
  }

  async #age(abandon: readonly string[], context: CallContext): Promise<Awaited<ReturnType<Lives['age']>>> {
    this.#refuseUnlessService(context, 'age')
    const objects = this.#hooks.collectable?.()
    if (objects === undefined) throw this.#unsupported('std.age: none of its objects is ever collected')
    for (const pass of abandon) this.#lives.abandonPass(pass)
    return this.#lives.age(objects, (object) => this.#destroy(object, context))
  }

  async #copy(original: Capability, context: CallContext): Promise<Capability> {
    this.#refuseUnlessService(context, 'copy')
    if (this.#hooks.copy === undefined) throw this.#unsupported('std.copy')
    if (Capability.portOf(original) === this.#host.port) {
      const opened = this.#host.opens(original, { operation: 'std.copy', caller: context.caller })
      if (opened === undefined)
        throw new CardumenError('capability-refused', 'The original is of this server, which does not take it.')
      refuseWithout(rights.read, opened.rights, 'std.copy of the original')
      await this.#refuseUnknown(opened.object)
    }
    return this.#hooks.copy(original, context)
  }

  async #destroyAsked(context: CallContext): Promise<void> {
    await this.#refuseUnknown(context.object)
    await this.#destroy(context.object, context)
  }

  /** Recorded first: if the member dies in between, the audit tells of what was asked for. */
  async #destroy(object: number, context: CallContext): Promise<void> {
    const hooks = this.#hooks
    if (hooks.destroy === undefined) throw this.#unsupported('std.destroy')
    const recorded = await this.#host.record(this.#noteOf('destroyed', object, context))
    try {
      await hooks.destroy(object, context)
      // Where the service says itself that the object is gone, nothing has to be remembered of it.
      if (hooks.has === undefined) await this.#host.revokeAll(object).catch(thoughDestroyed)
    } catch (error) {
      await recorded.failed(isCardumenError(error) ? error.code : 'handler-failed')
      throw error
    }
  }

  async #readParameters({ object }: CallContext): Promise<ParameterValues> {
    await this.#refuseUnknown(object)
    const read = Object.entries(this.#hooks.parameters ?? {}).map(async ([name, parameter]) => {
      const { type, description } = parameter
      return [name, { type, description, value: await parameter.get(object), isReadOnly: !parameter.set }] as const
    })
    return Object.fromEntries(await Promise.all(read))
  }

  /** All are checked before the first is set. */
  async #setParameters(values: Readonly<Record<string, ParameterValue>>, { object }: CallContext): Promise<void> {
    await this.#refuseUnknown(object)
    const setters = Object.entries(values).map(([name, value]) => this.#setterOf(name, value))
    let done = 0
    for (const set of setters) {
      try {
        await set(object)
        done++
      } catch (error) {
        throw done > 0 && isCardumenError(error) && error.executed === 'no' ? asExecuted(error) : error
      }
    }
  }

  #setterOf(name: string, value: ParameterValue): (object: number) => void | Promise<void> {
    const parameters = this.#hooks.parameters ?? {}
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined
    if (parameter === undefined) {
      const known = Object.keys(parameters).join(', ')
      throw new CardumenError('input-refused', `There is no parameter "${name}"; there is ${known || 'none'}.`)
    }
    if (parameter.set === undefined) throw this.#unsupported(`setting "${name}", which can only be read`)
    if (typeof value !== typeNames[parameter.type])
      throw new CardumenError('input-refused', `The parameter "${name}" is a ${parameter.type}.`)
    return (object) => parameter.set?.(object, value)
  }

  async #revoke(input: RevokeInput, context: CallContext): Promise<Capability | undefined> {
    const { capability, branch } = input
    if (capability !== undefined && branch !== undefined)
      throw new CardumenError('input-refused', 'std.revoke takes a capability or a branch, not both.')
    if (capability !== undefined) {
      if (!this.#host.descends(capability, context.capability) || capability.equals(context.capability))
        throw new CardumenError(
          'right-missing',
          'Only a capability narrowed from the one presented can be revoked by it.',
        )
      if (!hasRights(context.rights, rights.admin)) this.#refuseWithoutRoom(capability.branch, context)
      await this.#revokeBranch(capability.branch, context, capability.expiresAtMs)
      return undefined
    }
    refuseWithout(rights.admin, context.rights, 'std.revoke')
    if (branch === undefined) return this.#revokeAll(context)
    // Nothing would open the object any more, not even to revoke everything.
    if (branch === this.#host.capabilityFor(context.object).branch)
      throw new CardumenError(
        'option-invalid',
        'This is the branch of every capability of the object: revoke all of it.',
      )
    await this.#revokeBranch(branch, context)
    return undefined
  }

  /** Anybody can make branches without end; they must not take the room of those that are revoked by who has `admin`. */
  #refuseWithoutRoom(branch: string, { object }: CallContext): void {
    const known = this.#host.revokedBranches(object)
    if (known.size < branchesOfHoldersMax || known.has(branch)) return
    const text = `${branchesOfHoldersMax} branches of the object are revoked; more takes the right admin.`
    throw new CardumenError('too-large', text)
  }

  async #revokeBranch(branch: string, context: CallContext, expiresAtMs?: number): Promise<void> {
    const note = { ...this.#noteOf('branch-revoked', context.object, context), branch }
    await recordBeside(
      (each) => this.#host.record(each),
      note,
      this.#host.revokeBranch(context.object, branch, expiresAtMs),
    )
  }

  async #revokeAll(context: CallContext): Promise<Capability> {
    const { object, capability } = context
    await recordBeside(
      (each) => this.#host.record(each),
      this.#noteOf('revoked', object, context),
      this.#host.revokeAll(object),
    )
    await this.#hooks.revoked?.(object, this.#host.capabilityFor(object))
    return withCaveatsOf(capability, this.#host.capabilityFor(object, Capability.partsOf(capability).headerRights))
  }

  #noteOf(what: AuditAct, object: number, { caller, capability }: CallContext): AuditNote {
    const { name, port } = this.#host
    return { what, who: caller, port, object, name, branch: capability.branch }
  }

  async #refuseUnknown(object: number): Promise<void> {
    if (object === 0 || (await (this.#hooks.has?.(object) ?? true))) return
    throw new CardumenError('object-unknown', `${this.#host.name} has no such object, or it was destroyed.`)
  }

  #refuseUnlessService({ object }: CallContext, operation: string): void {
    if (object !== 0) throw this.#unsupported(`std.${operation} of one object; it is asked of the service itself`)
  }

  #unsupported(what: string): CardumenError {
    return new CardumenError('operation-unsupported', `${this.#host.name} does not offer ${what}.`)
  }
}

type TouchInput = Parameters<StandardHandlers['touch']>[0]
type RevokeInput = Parameters<StandardHandlers['revoke']>[0]
type ParameterValues = Awaited<ReturnType<StandardHandlers['getparams']>>

const typeNames: Readonly<Record<Parameter['type'], string>> = { text: 'string', number: 'number', truth: 'boolean' }

/** What a capability of the new generation takes over from the one that asked for it: it may do no more. */
function withCaveatsOf(old: Capability, fresh: Capability): Capability {
  return Capability.partsOf(old).caveats.reduce((capability, caveat) => {
    switch (caveat.kind) {
      case 'rights':
        return capability.restrict({ rights: caveat.mask })
      case 'expiry':
        return capability.restrict({ expiresAt: caveat.atMs })
      case 'holder':
        return capability.restrict({ holder: caveat.publicKey })
      case 'operations':
        return capability.restrict({ operations: caveat.names })
    }
  }, fresh)
}

function refuseWithout(needed: number, held: number, what: string): void {
  if (hasRights(held, needed)) return
  const text = `${what} needs the right ${rightsText(needed)}; the capability grants ${rightsText(held)}.`
  throw new CardumenError('right-missing', text)
}

function asExecuted({ code, message, cause }: CardumenError): CardumenError {
  return new CardumenError(code, `Others were set before this: ${message}`, { executed: 'yes', cause })
}

/** The object is gone, whatever became of remembering that: `executed` must not deny it. */
function thoughDestroyed(cause: unknown): never {
  if (!isCardumenError(cause)) throw cause
  throw new CardumenError(cause.code, `The object is destroyed; but ${cause.message}`, { executed: 'yes', cause })
}

/** Without what would move a terminal's cursor. */
function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what is taken out
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').slice(0, infoCharactersMax)
}
