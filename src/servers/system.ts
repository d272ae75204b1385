/**
 * A program's place in a system: what can be done from the moment that it has joined.
 *
 * It ties the servers that every member may have (`run`, `member`) to one kernel, and knows the outside only by the
 * edges, so that a host and a simulated world give their programs the very same object. All of its work is done
 * elsewhere: the kernel makes calls, `run/` runs things, the engine agrees. How a process comes by its edges is not
 * told here: `src/join.ts` does it on a host.
 */
import type { Clock } from '../edges/clock.ts'
import type { Processes } from '../edges/processes.ts'
import type { Workers } from '../edges/workers.ts'
import type { AuditRecord } from '../kernel/standard/audit.ts'
import type { Capability } from '../kernel/capabilities/capability.ts'
import type { Ending } from '../kernel/ending.ts'
import type { Member } from '../kernel/member.ts'
import type { MemberEntry } from '../kernel/membership.ts'
import type { Client, Handlers, Operations, Service } from '../kernel/service.ts'
import type { Served, ServeOptions } from '../kernel/serving.ts'
import { Standard } from '../kernel/standard/standard-service.ts'
import { CardumenError } from '../lib/cardumen-error.ts'
import type { Random } from '../lib/random.ts'
import type { Signal } from '../lib/signal.ts'
import type { Directory } from './directory/client.ts'
import { DirectoryHost } from './directory/host.ts'
import { directoryIdentity } from './directory/interface.ts'
import { capabilitySet, type CapabilitySet, rootName } from './environment.ts'
import { serveMember, type ServeMemberOptions } from './member/server.ts'
import { pathClient } from './path-client.ts'
import { readRoot } from './root.ts'
import { RunClient } from './run/client.ts'
import type { ImportOptions, RemoteModule } from './run/remote-module.ts'
import type { ProgramOptions, RemoteProgram } from './run/remote-program.ts'
import { RunServer } from './run/server.ts'
import { sleep } from './sleep.ts'

/** What a member's machine offers besides the edges of the kernel, and what is known of it. */
export interface SystemEnvironment {
  readonly stateFolder: string
  readonly workers: Workers
  readonly processes: Processes
  /** Worker threads of a member that offers to run things and says no number. */
  readonly threadsDefault: number
  /** Of the machine; asked at most once a second. */
  freeMegabytes(): number
  processStatus: ServeMemberOptions['processStatus']
  /** What this process was given. Left out: the root directory, with all rights. */
  readonly capabilities?: Readonly<Record<string, Capability>>
  /** Tells the people of what no caller could catch. */
  warn(text: string): void
}

/** What was done to names and capabilities. */
export interface AuditReader {
  /** Newest first; at most 10,000. */
  read(options?: { readonly entriesMax?: number }): AsyncIterable<AuditRecord>
}

export interface RevokeOptions {
  /** Only this capability, which was narrowed from the one given, or the one with this branch. */
  readonly branch?: Capability | string
}

export interface OfferOptions {
  /** Worker threads; default: one a core. They start when there is work and end when there is none. */
  readonly threads?: number
  /** Of each thread; one that needs more ends, and its jobs fail. Default 1,024. */
  readonly heapMegabytesMax?: number
}

export class System implements AsyncDisposable {
  /** The kernel, for our own tools; not part of the public interface. */
  readonly member: Member
  /** For our own tools, like `member`. */
  readonly runs: RunClient
  /** For our own tools, like `member`. */
  readonly directories: DirectoryHost
  /**
   * The capabilities that this process began with, by name. `root`, where it is one of them, is the directory that
   * `directory` and paths begin at.
   */
  readonly environment: CapabilitySet
  readonly #machine: SystemEnvironment
  #onStopAsked: () => void = () => void this.close().catch((error: unknown) => this.#warnOfClosing(error))
  readonly #offers: RunServer[] = []
  #directory: Directory | undefined
  #closed: Promise<void> | undefined

  /**
   * The system around a member that has joined, once it serves what every member serves. Programs use `join`.
   * @throws CardumenError `cancelled` where `signal` has aborted meanwhile; the member has left then, as with any error.
   */
  static async start(member: Member, environment: SystemEnvironment, signal?: Signal): Promise<System> {
    const system = await System.#around(member, environment)
    try {
      await serveMember(member, {
        processStatus: () => environment.processStatus(),
        onStop: () => system.stop(),
      })
      if (signal?.aborted === true)
        throw new CardumenError('cancelled', 'Joining was given up.', { cause: signal.reason })
      return system
    } catch (error) {
      await system.close()
      throw error
    }
  }

  static async #around(member: Member, machine: SystemEnvironment): Promise<System> {
    try {
      const { capabilities } = machine
      const given = capabilities === undefined ? { [rootName]: await readRoot(member) } : capabilities
      return new System(member, machine, capabilitySet(given))
    } catch (error) {
      await member.close()
      await member.engine.close()
      throw error
    }
  }

  private constructor(member: Member, machine: SystemEnvironment, capabilities: CapabilitySet) {
    this.member = member
    this.environment = capabilities
    this.#machine = machine
    this.directories = new DirectoryHost(member)
    this.runs = new RunClient(member, { startLocal: () => this.#startRun({ isPublic: false }) })
    void member.ended.then(() => this.close().catch(() => undefined))
  }

  get name(): string {
    return this.member.id
  }

  get stateFolder(): string {
    return this.#machine.stateFolder
  }

  /** This member's time: the machine's on a host, virtual in a simulation. */
  get clock(): Clock {
    return this.member.clock
  }

  /** Chance; in a simulation the seed decides it. No source of secrets. */
  get random(): Random {
    return this.member.random
  }

  /**
   * Resolves after at least `ms` milliseconds of `clock`. Keeps the process alive meanwhile.
   * @throws CardumenError `cancelled` as soon as the signal aborts; `option-invalid` for what is no such number.
   */
  sleep(ms: number, options: { readonly signal?: Signal } = {}): Promise<void> {
    return sleep(this.clock, ms, options.signal)
  }

  /**
   * Resolves when this process is no member any more: it left, was taken for dead while it could not run, its
   * engine failed, or an invariant of ours broke. Its calls have failed by then.
   */
  get ended(): Promise<Ending> {
    return this.member.ended
  }

  /**
   * Serves a service from this process, under a name where one is given.
   * @throws CardumenError `closed`, `name-invalid` (also for an identity of the system's own), `option-invalid`,
   * `port-taken`, and what the engine throws.
   */
  async serve<Ops extends Operations>(
    service: Service<Ops>,
    handlers: Handlers<Ops>,
    options?: ServeOptions,
  ): Promise<Served> {
    if (options?.identity === directoryIdentity)
      throw new CardumenError('name-invalid', `The identity "${directoryIdentity}" is the system's own.`)
    return await this.member.serve(service, handlers, options)
  }

  /**
   * A typed client of a name that servers share (`indexer`), of a path in the directory (`/mail/indexer`), or of a
   * capability. Nothing is sent before its first call; what a path leads to is looked up then, and again when it proves
   * to lead there no more.
   */
  open<Ops extends Operations>(service: Service<Ops>, target: string | Capability): Client<Ops> {
    if (typeof target !== 'string' || !target.startsWith('/')) return this.member.open(service, target)
    return pathClient(service, target, {
      directory: () => this.directory,
      now: () => this.clock.now(),
      open: (of, capability) => this.member.open(of, capability),
    })
  }

  /** What every object answers, whatever service it is of: `info`, `status`, `touch`, `destroy`, `getparams`… */
  standard(target: string | Capability): Client<(typeof Standard)['operations']> {
    return this.open(Standard, target)
  }

  /**
   * Takes back what was given out. Without `branch` every capability of the object is refused from now on, which needs the
   * right `admin`; with it one that was narrowed from `capability`, and all made of that. Resolves to the capability that
   * opens the object afterwards, once the revocation is durable where the server's identity is.
   */
  async revoke(capability: Capability, options: RevokeOptions = {}): Promise<Capability> {
    checkRevokeOptions(options)
    const { branch } = options
    const standard = this.standard(capability)
    if (branch === undefined) return (await standard.revoke({})) ?? capability
    await standard.revoke(typeof branch === 'string' ? { branch } : { capability: branch })
    return capability
  }

  /**
   * The root directory that this process was given.
   * @throws CardumenError `root-absent` where it was given none.
   */
  get directory(): Directory {
    const root = this.environment[rootName]
    if (root === undefined)
      throw new CardumenError('root-absent', 'This process was given no root directory.', {
        hint: 'Who starts it passes one: run(module, { capabilities: { root } }).',
      })
    this.#directory ??= this.directories.directory(root)
    return this.#directory
  }

  /** Who entered, changed, revoked and destroyed what. */
  get audit(): AuditReader {
    return this.member.audit
  }

  /**
   * A module as a remote object: each call of one of its functions runs on the member that suits best at that moment,
   * never on a kernel's thread. Where no member offers to run things, this process starts threads of its own.
   * @param module - `new URL('./job.ts', import.meta.url)`
   */
  import<Module>(module: string | { readonly href: string }, options?: ImportOptions): RemoteModule<Module> {
    return this.runs.importModule<Module>(module, options)
  }

  /**
   * Runs a module as a process of its own, on the member that suits best. It begins with the capabilities that it is given
   * here, or with those of this process. Resolves when it has started.
   */
  run(module: string | { readonly href: string }, options?: ProgramOptions): Promise<RemoteProgram> {
    return this.runs.runProgram(module, { capabilities: this.environment, ...options })
  }

  /** Offers this process's cores to the system: functions and programs of others run here, on threads beside this one. */
  offerRun(options: OfferOptions = {}): Promise<RunServer> {
    return this.#startRun({ isPublic: true, ...options })
  }

  /**
   * Serves the directory from this process where nobody does, now and whenever its server goes. Without that whoever
   * needs the directory and finds nobody serves it.
   */
  offerDirectory(): Promise<void> {
    return this.directories.offer()
  }

  /** A directory by its capability, as an argument or result of a call brings it. Nothing is sent before its first call. */
  openDirectory(capability: Capability): Directory {
    return this.directories.directory(capability)
  }

  /** The live members, as last seen. */
  members(): readonly MemberEntry[] {
    return this.member.members()
  }

  /** Calls `listener` whenever a member has died or left; returns what ends it. */
  onMemberParted(listener: (entry: MemberEntry) => void): () => void {
    return this.member.onMemberParted(listener)
  }

  onMemberJoined(listener: (entry: MemberEntry) => void): () => void {
    return this.member.onMemberJoined(listener)
  }

  /** What to do when somebody asks this member to stop (`cardumen down`); by default it closes. */
  onStop(listener: () => void): void {
    this.#onStopAsked = listener
  }

  stop(): void {
    this.#onStopAsked()
  }

  /** Leaves: calls under way fail, rows are given back at once. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #startRun(options: OfferOptions & { readonly isPublic: boolean }): Promise<RunServer> {
    const server = await RunServer.start(this.member, {
      workers: this.#machine.workers,
      processes: this.#machine.processes,
      threadsMax: options.threads ?? this.#machine.threadsDefault,
      freeMegabytes: () => this.#machine.freeMegabytes(),
      ...(options.heapMegabytesMax !== undefined && { heapMegabytesMax: options.heapMegabytesMax }),
      isPublic: options.isPublic,
    })
    this.#offers.push(server)
    return server
  }

  /** Each part closes whatever became of the others; the first error is told in the end. */
  async #close(): Promise<void> {
    const parts = [this.runs, ...this.#offers, this.directories, this.member, this.member.engine]
    const errors: unknown[] = []
    for (const part of parts) await part.close().catch((error: unknown) => errors.push(error))
    if (errors.length > 0) throw errors[0]
  }

  /** Nobody of the program awaits the closing that somebody else asked for, so nobody could catch what goes wrong. */
  #warnOfClosing(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error)
    this.#machine.warn(`Asked to stop, this member left, but not cleanly: ${text}`)
  }
}

/** Without `branch` everything is revoked, so that one which was meant and got lost must not be passed over. */
function checkRevokeOptions(options: RevokeOptions): void {
  const isMeant = Object.keys(options).length > 0
  if (!isMeant || options.branch !== undefined) return
  throw new CardumenError('option-invalid', 'revoke takes { branch }, a capability or its branch, or nothing at all.')
}
