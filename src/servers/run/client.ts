/**
 * Running things elsewhere: functions of modules, and whole programs, on the members that offer it.
 *
 * Each call goes where it suits best at that moment (`worksites.ts`); the calls of one turn that go to the same member
 * travel together (`job-channel.ts`). Where no member offers to run anything, this member starts threads of its own at
 * the first call, offers them to nobody else, and frees them when it closes.
 */
import type { JobRequest } from '../../edges/workers.ts'
import type { Capability } from '../../kernel/capabilities/capability.ts'
import type { Member } from '../../kernel/member.ts'
import type { CallOptions } from '../../kernel/service.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { Address } from '../../lib/identifiers.ts'
import type { Signal } from '../../lib/signal.ts'
import { encode } from '../../wire/codec.ts'
import { capabilitySet } from '../environment.ts'
import { Process } from './interface.ts'
import { RemoteCall } from './remote-call.ts'
import type { CallPlan, CallSites, Interruptions } from './remote-call.ts'
import { FunctionMap } from './remote-map.ts'
import type { MapOptions, RemoteMap } from './remote-map.ts'
import { remoteModule } from './remote-module.ts'
import type { FunctionCaller, ImportOptions, Items, RemoteCallOptions, RemoteModule } from './remote-module.ts'
import { type ProgramOptions, RemoteProgram } from './remote-program.ts'
import { doubt, loadTimeoutMs, Worksite, Worksites } from './worksites.ts'

/** Jobs are work, not questions, so they have longer than other calls. */
export const jobTimeoutMsDefault = 300_000
const programStartTimeoutMs = 30_000

/** The member's own threads and processes, where nobody else has any. */
export interface LocalRun {
  readonly capability: Capability
  close(): Promise<void>
}

export interface RunClientOptions {
  /** Called when something is to run and no member offers it; again only after it failed. Undefined: then that fails. */
  readonly startLocal?: () => Promise<LocalRun>
}

export class RunClient implements CallSites {
  readonly clock: Member['clock']
  /** Over all calls of this member. */
  readonly interruptions: Interruptions = { interrupted: 0, rerun: 0 }
  readonly #member: Member
  readonly #options: RunClientOptions
  readonly #sites: Worksites
  #local: { readonly started: Promise<LocalRun>; readonly site: Promise<Worksite> } | undefined
  #isClosed = false

  constructor(member: Member, options: RunClientOptions = {}) {
    this.#member = member
    this.clock = member.clock
    this.#options = options
    this.#sites = new Worksites(member)
  }

  /**
   * A module as a remote object.
   * @param module - URL of a file that every member can read.
   */
  importModule<Module>(module: string | { readonly href: string }, options: ImportOptions = {}): RemoteModule<Module> {
    const url = typeof module === 'string' ? module : module.href
    if (!/^[a-z][a-z0-9+.-]*:/.test(url)) {
      throw new CardumenError('option-invalid', `"${url}" is no URL of a module.`, {
        hint: "Write new URL('./job.ts', import.meta.url).",
      })
    }
    return remoteModule(new ModuleCaller(this, url, options))
  }

  /** @throws CardumenError `process-failed`, `name-unknown` (nobody runs anything, or not the member asked for). */
  async runProgram(module: string | { readonly href: string }, options: ProgramOptions = {}): Promise<RemoteProgram> {
    const url = typeof module === 'string' ? module : module.href
    const site = await this.#siteFor(url, options.on, undefined)
    const { args = [], env = {}, workingFolder, detached = false } = options
    const capabilities = capabilitySet(options.capabilities ?? {})
    site.inFlight++
    try {
      const started = await site.run.start(
        { module: url, args, env, capabilities: { ...capabilities }, workingFolder, detached },
        { timeoutMs: programStartTimeoutMs },
      )
      const of = { capability: started.process, memberId: site.memberId }
      const asker = { clock: this.clock, hasLeft: () => this.#isClosed }
      return new RemoteProgram(this.#member.open(Process, started.process), of, options, asker)
    } finally {
      site.inFlight--
    }
  }

  choose(plan: CallPlan, avoided: ReadonlySet<Address> | undefined): Worksite | Promise<Worksite> {
    return this.#siteFor(plan.module, plan.on, avoided)
  }

  /**
   * Twice the threads there are, so that none waits while a result travels.
   * @param signal - aborts when nobody waits for it any more.
   */
  async concurrency(signal: Signal): Promise<number> {
    const sites = this.#sites.all()
    if (sites.length === 0) return 2 * (await this.#localSite()).threads
    // The sites' own timers keep no process alive, but here somebody waits for them.
    const release = this.#member.clock.after(2 * loadTimeoutMs, () => undefined)
    signal.addEventListener('abort', release)
    await Promise.all(sites.filter((site) => site.doubt !== doubt.silent).map((site) => site.known))
    release()
    signal.removeEventListener('abort', release)
    return 2 * sites.reduce((sum, site) => sum + site.threads, 0)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#sites.close()
    const local = this.#local
    const [started, site] = await Promise.allSettled([local?.started, local?.site])
    if (site.status === 'fulfilled') site.value?.close()
    if (started.status === 'fulfilled') await started.value?.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** A member that failed the call before is taken again where there is no other. */
  #siteFor(
    module: string,
    on: string | undefined,
    avoided: ReadonlySet<Address> | undefined,
  ): Worksite | Promise<Worksite> {
    if (this.#isClosed) throw new CardumenError('closed', 'This member has left its system.')
    if (on !== undefined) return this.#siteOn(on)
    return this.#sites.choose(module, avoided) ?? this.#sites.choose(module) ?? this.#localSite()
  }

  #siteOn(id: string): Worksite | Promise<Worksite> {
    const site = this.#sites.find(id)
    if (site !== undefined) return site
    if (id === this.#member.id) return this.#localSite()
    throw new CardumenError('name-unknown', `No member ${id} offers to run things.`)
  }

  /** A start that failed is tried anew by the next call. */
  #localSite(): Promise<Worksite> {
    if (this.#local !== undefined) return this.#local.site
    const local = this.#startLocal()
    this.#local = local
    local.site.catch(() => {
      if (this.#local === local) this.#local = undefined
    })
    return local.site
  }

  #startLocal(): { readonly started: Promise<LocalRun>; readonly site: Promise<Worksite> } {
    const start = this.#options.startLocal
    if (start === undefined)
      throw new CardumenError('name-unknown', 'No member offers to run things.', { hint: 'Start some: cardumen up.' })
    const started = start()
    const site = started.then(async ({ capability }) => {
      const made = new Worksite(this.#member, capability, this.#member.address)
      await made.known
      return made
    })
    return { started, site }
  }
}

/** The functions of one module, under the options of its import or of one `with`. */
class ModuleCaller implements FunctionCaller {
  readonly #client: RunClient
  readonly #module: string
  readonly #imported: ImportOptions
  readonly #own: RemoteCallOptions
  readonly #plans = new Map<string, CallPlan>()
  readonly #callOptions: CallOptions

  constructor(client: RunClient, module: string, imported: ImportOptions, own: RemoteCallOptions = {}) {
    this.#client = client
    this.#module = module
    this.#imported = imported
    this.#own = own
    this.#callOptions = callOptionsOf(this.#timeoutMs, own.signal)
  }

  call(name: string, args: readonly unknown[]): Promise<unknown> {
    let plan = this.#plans.get(name)
    if (plan === undefined) {
      plan = this.#planFor(name, this.#callOptions, [this.#client.interruptions])
      this.#plans.set(name, plan)
    }
    return this.#start(plan, args)
  }

  map(name: string, items: Items<unknown>, options: MapOptions): RemoteMap<unknown> {
    let plan: CallPlan | undefined
    return new FunctionMap(items, options, {
      concurrency: (signal) => this.#client.concurrency(signal),
      call: (item, signal, counts) => {
        plan ??= this.#planFor(name, callOptionsOf(this.#timeoutMs, signal), [this.#client.interruptions, counts])
        return this.#start(plan, [item])
      },
    })
  }

  with(_name: string, options: RemoteCallOptions): FunctionCaller {
    return new ModuleCaller(this.#client, this.#module, this.#imported, { ...this.#own, ...options })
  }

  #start(plan: CallPlan, args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) =>
      new RemoteCall(plan, encodeRequest(plan, args), this.#client, resolve, reject).start(),
    )
  }

  #planFor(functionName: string, options: CallOptions, counts: readonly Interruptions[]): CallPlan {
    const { idempotent = false } = this.#imported
    return {
      module: this.#module,
      functionName,
      isIdempotent:
        this.#own.idempotent ?? (typeof idempotent === 'boolean' ? idempotent : idempotent.includes(functionName)),
      on: this.#own.on ?? this.#imported.on,
      timeoutMs: this.#timeoutMs,
      options,
      counts,
    }
  }

  get #timeoutMs(): number {
    return this.#own.timeoutMs ?? this.#imported.timeoutMs ?? jobTimeoutMsDefault
  }
}

function callOptionsOf(timeoutMs: number, signal: CallOptions['signal']): CallOptions {
  return signal === undefined ? { timeoutMs } : { timeoutMs, signal }
}

/** @throws CardumenError `cannot-travel`, with the path of the culprit in the arguments. */
function encodeRequest({ module, functionName }: CallPlan, args: readonly unknown[]): Uint8Array {
  const request: JobRequest = [module, functionName, args]
  try {
    return encode(request)
  } catch (error) {
    if (!(error instanceof CardumenError)) throw error
    throw new CardumenError(error.code, `${functionName}: ${error.message.replace('$[2]', 'args')}`, {
      executed: 'no',
      cause: error,
    })
  }
}
