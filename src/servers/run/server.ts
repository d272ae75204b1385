/**
 * The server of `run`: a member's worker threads and child processes, offered to every member of the system.
 *
 * This file is the dispatch: it ties the operations to what carries them out, the pool of threads (`job-pool.ts`) and
 * the table of programs (`program-table.ts`), and frees both. Nothing is started before there is work, so a member
 * that is never asked costs nothing. It holds no state that would be missed: after its death callers go elsewhere.
 */
import type { Processes } from '../../edges/processes.ts'
import type { Workers } from '../../edges/workers.ts'
import type { Capability } from '../../kernel/capabilities/capability.ts'
import type { Member } from '../../kernel/member.ts'
import type { CallContext, Handlers } from '../../kernel/service.ts'
import type { ObjectHooks } from '../../kernel/standard/standard-objects.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { Instant } from '../../lib/identifiers.ts'
import { decode, encode } from '../../wire/codec.ts'
import { type Parcel, parcel } from '../../wire/parcels.ts'
import type { JobReply, JobRequest } from '../../edges/workers.ts'
import { capabilitiesText, capabilitiesVariable, capabilitySet } from '../environment.ts'
import { jobLabel, Process, processesListedMax, Run, runName } from './interface.ts'
import { JobBatch, runOne } from './job-messages.ts'
import { JobPool } from './job-pool.ts'
import { errorOfFailure } from './job-outcome.ts'
import { ProgramTable } from './program-table.ts'
import type { RunningProgram } from './running-program.ts'

/** Messages with jobs that are under way at once, and that wait beyond. Each may hold many jobs. */
export const messagesRunningMax = 4_096
export const messagesWaitingMax = 4_096
const loadKeptMs = 1_000
const threadIdleMs = 10_000
const heapMegabytesDefault = 1_024

export interface RunServerOptions {
  readonly workers: Workers
  readonly processes: Processes
  readonly threadsMax: number
  /** Of the machine. Asked at most once a second. */
  freeMegabytes(): number
  /** Of the heap and the buffers of each thread. Default 1,024. */
  readonly heapMegabytesMax?: number
  /** False: nobody finds it by name; only who is given the capability uses it. Default true. */
  readonly isPublic?: boolean
  /** A thread without work for so long ends. Default 10,000. */
  readonly threadIdleMs?: number
}

type RunOperations = (typeof Run)['operations']
type ProcessOperations = (typeof Process)['operations']

export class RunServer {
  readonly #member: Member
  readonly #options: RunServerOptions
  readonly #pool: JobPool
  readonly #programs: ProgramTable
  readonly #closers: (() => Promise<void> | void)[] = []
  #capability: Capability | undefined
  #said: { readonly at: Instant; readonly bytes: Uint8Array } | undefined
  #processFor: (object: number) => Capability = () => this.capability

  private constructor(member: Member, options: RunServerOptions) {
    this.#member = member
    this.#options = options
    this.#pool = new JobPool(options.workers, member.clock, {
      name: `${member.id} worker`,
      threadsMax: options.threadsMax,
      memoryMegabytesMax: options.heapMegabytesMax ?? heapMegabytesDefault,
      idleMs: options.threadIdleMs ?? threadIdleMs,
    })
    this.#programs = new ProgramTable(options.processes, member.clock)
  }

  /** Serves until it is closed. */
  static async start(member: Member, options: RunServerOptions): Promise<RunServer> {
    const server = new RunServer(member, options)
    await server.#serve()
    return server
  }

  get capability(): Capability {
    if (this.#capability === undefined) throw new CardumenError('closed', 'The server of run does not serve yet.')
    return this.#capability
  }

  /** Ends its threads and programs; their callers are told. */
  async close(): Promise<void> {
    this.#pool.close()
    this.#programs.close()
    for (const close of this.#closers.splice(0)) await close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #serve(): Promise<void> {
    const limits = { concurrency: messagesRunningMax, mailbox: messagesWaitingMax, speaksForItself: true }
    const processes = await this.#member.serve(Process, this.#processHandlers(), {
      ...limits,
      objects: this.#processHooks(),
    })
    const name = this.#options.isPublic === false ? {} : { name: runName }
    this.#processFor = (object) => processes.capabilityFor(object)
    const run = await this.#member.serve(Run, this.#runHandlers(), { ...limits, ...name, objects: this.#runHooks() })
    this.#capability = run.capability
    this.#closers.push(
      this.#member.onMemberParted((entry) => this.#programs.onMemberParted(entry.address)),
      () => run.close(),
      () => processes.close(),
    )
  }

  #runHandlers(): Handlers<RunOperations> {
    const load = (): Parcel => parcel(this.#pool.unfinished, jobLabel.load, this.#loadBytes())
    const desk = { pool: this.#pool, clock: this.#member.clock, load }
    return {
      call: (input, context) => runOne(desk, input, context),
      callMany: (input, context) => new JobBatch(desk, input, context),
      prepare: ({ module }) => this.#prepare(module),
      load: () => this.#load(),
      start: (spec, context) => this.#startProgram(spec, context),
      processes: () =>
        this.#programs
          .entries()
          .slice(0, processesListedMax)
          .map(([number, program]) => this.#listed(number, program)),
    }
  }

  #processHandlers(): Handlers<ProcessOperations> {
    const programOf = (context: CallContext): RunningProgram => this.#programs.get(context.object)
    return {
      info: (_, context) => infoOf(programOf(context)),
      output: (_, context) => programOf(context).output(),
      write: ({ chunk }, context) => programOf(context).write(chunk),
      endInput: (_, context) => programOf(context).endInput(),
      signal: ({ name }, context) => programOf(context).signal(name),
      wait: (_, context) => programOf(context).wait(),
      release: (_, context) => this.#programs.release(context.object),
    }
  }

  #runHooks(): ObjectHooks {
    return {
      info: () => {
        const { unfinished, threads, threadsMax, processes } = this.#load()
        return `run on ${this.#member.id}: ${unfinished} jobs, ${threads} of ${threadsMax} threads, ${processes} processes`
      },
      status: () => {
        const { unfinished, threads, threadsMax, freeMegabytes, processes, replaced } = this.#load()
        return { unfinished, threads, threadsMax, freeMegabytes, processes, replaced }
      },
    }
  }

  /** To destroy a process is to kill and forget it. */
  #processHooks(): ObjectHooks {
    return {
      has: (object) => this.#programs.has(object),
      info: (object) => {
        if (object === 0) return `the processes that ${this.#member.id} runs for others`
        const { pid, state, module } = infoOf(this.#programs.get(object))
        return `process ${pid}, ${state}, ${module}`
      },
      status: (object) => {
        if (object === 0) return { running: this.#programs.runningCount }
        const { pid, state, startedMs } = infoOf(this.#programs.get(object))
        return { pid, state, startedMs }
      },
      destroy: (object) => {
        this.#programs.get(object)
        this.#programs.release(object)
      },
    }
  }

  /** The threads start here, where they have not; each loads the module. */
  async #prepare(module: string): Promise<readonly string[]> {
    const request: JobRequest = [module, undefined, []]
    const replies = Array.from({ length: this.#options.threadsMax }, () => this.#runAlone(encode(request)))
    const [first] = await Promise.all(replies)
    const [failed, result] = decode(first ?? encode([0, []])) as JobReply
    if (failed === 1) throw errorOfFailure(result, module, this.#member.id)
    return result as readonly string[]
  }

  #runAlone(request: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const job = this.#pool.submit(request, (_, reply) => resolve(reply))
      if (job === undefined) reject(new CardumenError('try-again', 'The queue of jobs is full.'))
    })
  }

  #load(): Awaited<ReturnType<Handlers<RunOperations>['load']>> {
    return {
      unfinished: this.#pool.unfinished,
      threads: this.#pool.threads,
      threadsMax: this.#options.threadsMax,
      freeMegabytes: Math.floor(this.#options.freeMegabytes()),
      modules: this.#pool.modules,
      processes: this.#programs.runningCount,
      replaced: this.#pool.replacedCount,
      replacements: this.#pool.replacements,
    }
  }

  /** Asked for each answer; to ask the machine for its memory costs as much as a short job. */
  #loadBytes(): Uint8Array {
    const now = this.#member.clock.now()
    if (this.#said !== undefined && now - this.#said.at < loadKeptMs) return this.#said.bytes
    const bytes = new Uint8Array(8)
    const view = new DataView(bytes.buffer)
    view.setUint32(0, this.#options.threadsMax, true)
    view.setUint32(4, Math.floor(this.#options.freeMegabytes()), true)
    this.#said = { at: now, bytes }
    return bytes
  }

  async #startProgram(spec: ProgramInput, context: CallContext): Promise<ListedProcess> {
    const { capabilities, ...rest } = spec
    // Always, be it empty: left out, the program would begin with what this member has.
    const env = { ...spec.env, [capabilitiesVariable]: capabilitiesText(capabilitySet(capabilities)) }
    const { number, program } = await this.#programs.start({ ...rest, env, owner: context.caller }, context.signal)
    return this.#listed(number, program)
  }

  #listed(number: number, program: RunningProgram): ListedProcess {
    return { process: this.#processFor(number), info: infoOf(program) }
  }
}

type ProgramInput = Parameters<Handlers<RunOperations>['start']>[0]
type ListedProcess = Awaited<ReturnType<Handlers<RunOperations>['start']>>
type ProcessInfo = ListedProcess['info']

function infoOf(program: RunningProgram): ProcessInfo {
  const { module, args, owner } = program.spec
  return {
    pid: program.pid,
    module,
    args,
    owner,
    startedMs: program.startedMs,
    state: program.state,
    exit: program.status,
  }
}
