/**
 * A program's place in a system: `join`, and what can be done from then on.
 *
 * This file ties the real edges (SQLite, sockets, threads, processes) to the kernel. All of its work is done
 * elsewhere: the kernel makes calls, `servers/run` runs things, the engine agrees.
 */
import { availableParallelism, freemem, hostname } from 'node:os'
import { openSqliteEngine } from './engines/sqlite/sqlite-engine.ts'
import { hostClock } from './host/clock.ts'
import { hostCrypto } from './host/crypto.ts'
import { childProcesses } from './host/processes.ts'
import { openSocketFolder } from './host/socket-folder.ts'
import { UnixTcpNetwork } from './host/unix-tcp-network.ts'
import { workerThreads } from './host/workers.ts'
import type { Capability } from './kernel/capability.ts'
import type { Ending } from './kernel/ending.ts'
import { Member } from './kernel/member.ts'
import type { MemberEntry, Tags } from './kernel/membership.ts'
import type { Client, Handlers, Operations, Service } from './kernel/service.ts'
import type { Served, ServeOptions } from './kernel/serving.ts'
import { CardumenError } from './lib/cardumen-error.ts'
import { seededRandom } from './lib/random.ts'
import type { Signal } from './lib/signal.ts'
import { serveMember } from './servers/member/server.ts'
import { RunClient } from './servers/run/client.ts'
import type { ImportOptions, RemoteModule } from './servers/run/remote-module.ts'
import type { ProgramOptions, RemoteProgram } from './servers/run/remote-program.ts'
import { RunServer } from './servers/run/server.ts'
import { stateFolderOf } from './state-folder.ts'

export interface JoinOptions {
  /** Which system of the state folder; default `main`. */
  readonly system?: string
  /** The state folder; default `CARDUMEN_HOME`, else `.cardumen/` beside the nearest package.json. */
  readonly home?: string
  /** This member's name, unique among the live ones; drawn when left out. */
  readonly name?: string
  /** Gives up joining. */
  readonly signal?: Signal
  /** What links run over: Unix sockets (default), or TCP on the loopback. */
  readonly network?: 'unix' | 'tcp'
  /** For people and for those who choose among members. */
  readonly tags?: Tags
  /** How long this process may be stopped before the others take it for dead. Default 10,000. */
  readonly leaseTtlMs?: number
}

/**
 * Makes this process a member of the system, which begins with it where there is none yet.
 * @throws CardumenError `name-taken`, `name-invalid`, `state-unwritable`, `state-newer`, `state-damaged`, `disk-full`, `cancelled`.
 */
export async function join(options: JoinOptions = {}): Promise<System> {
  const folder = stateFolderOf(options)
  const engine = await openSqliteEngine({ folder, ...(options.signal && { signal: options.signal }) })
  try {
    const network = new UnixTcpNetwork(
      options.network === 'tcp' ? { kind: 'tcp' } : { kind: 'unix', folder: await openSocketFolder(folder) },
    )
    const random = seededRandom(new DataView(hostCrypto.randomBytes(4).buffer).getUint32(0))
    const host = { pid: process.pid, host: hostname() }
    const edges = { engine, network, clock: hostClock, crypto: hostCrypto, random, process: host }
    const member = await Member.join(edges, {
      ...(options.name !== undefined && { name: options.name }),
      ...(options.tags && { tags: options.tags }),
      ...(options.leaseTtlMs !== undefined && { leaseTtlMs: options.leaseTtlMs }),
    })
    return await systemOf(member, folder, options.signal)
  } catch (error) {
    await engine.close()
    throw error
  }
}

async function systemOf(member: Member, folder: string, signal: Signal | undefined): Promise<System> {
  const system = new System(member, folder)
  try {
    await serveMember(member, { processStatus, onStop: () => system.stop() })
    if (signal?.aborted) throw new CardumenError('cancelled', 'Joining was given up.', { cause: signal.reason })
    return system
  } catch (error) {
    await system.close()
    throw error
  }
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
  readonly stateFolder: string
  /** For our own tools, like `member`. */
  readonly runs: RunClient
  #onStopAsked: () => void = () => void this.close().catch(warnOfClosing)
  readonly #offers: RunServer[] = []
  #closed: Promise<void> | undefined

  /** Use `join`. */
  constructor(member: Member, stateFolder: string) {
    this.member = member
    this.stateFolder = stateFolder
    this.runs = new RunClient(member, { startLocal: () => this.#startRun({ isPublic: false }) })
    void member.ended.then(() => this.close().catch(() => undefined))
  }

  get name(): string {
    return this.member.id
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
  import<Module>(module: string | URL, options?: ImportOptions): RemoteModule<Module> {
    return this.runs.importModule<Module>(module, options)
  }

  /** Runs a module as a process of its own, on the member that suits best. Resolves when it has started. */
  run(module: string | URL, options?: ProgramOptions): Promise<RemoteProgram> {
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
      workers: workerThreads,
      processes: childProcesses,
      threadsMax: options.threads ?? availableParallelism(),
      freeMegabytes: () => Math.floor(freemem() / 1_048_576),
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
}

/** Nobody of the program awaits this closing, so nobody could catch what goes wrong in it. */
function warnOfClosing(error: unknown): void {
  const text = error instanceof Error ? error.message : String(error)
  process.emitWarning(`Asked to stop, this member left, but not cleanly: ${text}`, { type: 'CardumenWarning' })
}

function processStatus(): { pid: number; upMs: number; residentBytes: number; cpuMs: number; nodeVersion: string } {
  const { user, system } = process.cpuUsage()
  return {
    pid: process.pid,
    upMs: Math.round(process.uptime() * 1_000),
    residentBytes: process.memoryUsage.rss(),
    cpuMs: Math.round((user + system) / 1_000),
    nodeVersion: process.versions.node,
  }
}
