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
import type { Capability } from '../kernel/capability.ts'
import type { Ending } from '../kernel/ending.ts'
import type { Member } from '../kernel/member.ts'
import type { MemberEntry } from '../kernel/membership.ts'
import type { Client, Handlers, Operations, Service } from '../kernel/service.ts'
import type { Served, ServeOptions } from '../kernel/serving.ts'
import { CardumenError } from '../lib/cardumen-error.ts'
import type { Random } from '../lib/random.ts'
import type { Signal } from '../lib/signal.ts'
import { serveMember, type ServeMemberOptions } from './member/server.ts'
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
  /** Tells the people of what no caller could catch. */
  warn(text: string): void
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
  readonly #environment: SystemEnvironment
  #onStopAsked: () => void = () => void this.close().catch((error: unknown) => this.#warnOfClosing(error))
  readonly #offers: RunServer[] = []
  #closed: Promise<void> | undefined

  /**
   * The system around a member that has joined, once it serves what every member serves. Programs use `join`.
   * @throws CardumenError `cancelled` where `signal` has aborted meanwhile; the member has left then, as with any error.
   */
  static async start(member: Member, environment: SystemEnvironment, signal?: Signal): Promise<System> {
    const system = new System(member, environment)
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

  /** Serves nothing yet: use `System.start`, or `join`. */
  constructor(member: Member, environment: SystemEnvironment) {
    this.member = member
    this.#environment = environment
    this.runs = new RunClient(member, { startLocal: () => this.#startRun({ isPublic: false }) })
    void member.ended.then(() => this.close().catch(() => undefined))
  }

  get name(): string {
    return this.member.id
  }

  get stateFolder(): string {
    return this.#environment.stateFolder
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

  /** Serves a service from this process, under a name where one is given. */
  serve<Ops extends Operations>(
    service: Service<Ops>,
    handlers: Handlers<Ops>,
    options?: ServeOptions,
  ): Promise<Served> {
    return this.member.serve(service, handlers, options)
  }

  /** A typed client of a name or of a capability. Nothing is sent before its first call. */
  open<Ops extends Operations>(service: Service<Ops>, target: string | Capability): Client<Ops> {
    return this.member.open(service, target)
  }

  /**
   * A module as a remote object: each call of one of its functions runs on the member that suits best at that moment,
   * never on a kernel's thread. Where no member offers to run things, this process starts threads of its own.
   * @param module - `new URL('./job.ts', import.meta.url)`
   */
  import<Module>(module: string | { readonly href: string }, options?: ImportOptions): RemoteModule<Module> {
    return this.runs.importModule<Module>(module, options)
  }

  /** Runs a module as a process of its own, on the member that suits best. Resolves when it has started. */
  run(module: string | { readonly href: string }, options?: ProgramOptions): Promise<RemoteProgram> {
    return this.runs.runProgram(module, options)
  }

  /** Offers this process's cores to the system: functions and programs of others run here, on threads beside this one. */
  offerRun(options: OfferOptions = {}): Promise<RunServer> {
    return this.#startRun({ isPublic: true, ...options })
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
      workers: this.#environment.workers,
      processes: this.#environment.processes,
      threadsMax: options.threads ?? this.#environment.threadsDefault,
      freeMegabytes: () => this.#environment.freeMegabytes(),
      ...(options.heapMegabytesMax !== undefined && { heapMegabytesMax: options.heapMegabytesMax }),
      isPublic: options.isPublic,
    })
    this.#offers.push(server)
    return server
  }

  /** Each part closes whatever became of the others; the first error is told in the end. */
  async #close(): Promise<void> {
    const parts = [this.runs, ...this.#offers, this.member, this.member.engine]
    const errors: unknown[] = []
    for (const part of parts) await part.close().catch((error: unknown) => errors.push(error))
    if (errors.length > 0) throw errors[0]
  }

  /** Nobody of the program awaits the closing that somebody else asked for, so nobody could catch what goes wrong. */
  #warnOfClosing(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error)
    this.#environment.warn(`Asked to stop, this member left, but not cleanly: ${text}`)
  }
}
