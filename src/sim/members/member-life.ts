/**
 * One life of one member: a virtual process with all the edges, the member that joins over them, and its program.
 *
 * It does what a supervisor does with a real process. Joining is tried again until it works, since a name is taken
 * while the engine has not noticed the end of the life before; and a life that is none any more although its program
 * did not leave (its lease ended, its engine failed) is reported as lost, so that the world starts another.
 */
import type { Clock } from '../../edges/clock.ts'
import type { Disk } from '../../edges/disk.ts'
import type { Engine } from '../../edges/engine.ts'
import type { Processes } from '../../edges/processes.ts'
import type { Workers } from '../../edges/workers.ts'
import { Member, type MemberEdges } from '../../kernel/member.ts'
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import { System } from '../../servers/system.ts'
import type { VirtualProcess } from './virtual-process.ts'
import type { Life, MemberProgram } from './world.ts'

export interface LifeParts {
  readonly number: number
  readonly process: VirtualProcess
  readonly clock: Clock
  readonly disk: Disk
  /** A new engine object for each attempt to join, as a process that starts again has. */
  connectEngine(): Engine
  readonly edges: Omit<MemberEdges, 'engine'>
  readonly workers: Workers
  readonly processes: Processes
}

export interface LifeEvents {
  /** It is a member, before its program runs. */
  onJoined(system: System): void
  onReady(): void
  /** It is no member any more, and did not leave by itself. */
  onLost(why: string): void
  /** Its program threw; undefined: this life has no program. */
  onProgramFailed(error: unknown): void
}

export type LifeState = 'starting' | 'ready' | 'left' | 'over'

const joinAgainMs = 200
/** Calls of a member that waits for ever, of which a person is told. */
const callsShownMax = 5
const threadsOfMember = 2
const freeMegabytes = 4_096

export class MemberLife implements Life {
  readonly name: string
  readonly number: number
  readonly process: VirtualProcess
  readonly disk: Disk
  readonly #parts: LifeParts
  readonly #events: LifeEvents
  readonly #program: MemberProgram | undefined
  /** Told when the life ends, of what was still under way on it. */
  readonly #waiting = new Set<(error: CardumenError) => void>()
  #system: System | undefined
  #state: LifeState = 'starting'
  #lastRefusal: string | undefined

  constructor(parts: LifeParts, program: MemberProgram | undefined, events: LifeEvents) {
    this.name = parts.process.name
    this.number = parts.number
    this.process = parts.process
    this.disk = parts.disk
    this.#parts = parts
    this.#program = program
    this.#events = events
    parts.process.onEnded(() => this.#onEnded())
    parts.process.post(parts.process.timeline.nowMs, () => {
      this.#run().catch((error: unknown) => events.onProgramFailed(error))
    })
  }

  get system(): System | undefined {
    return this.#system
  }

  get state(): LifeState {
    return this.#state
  }

  /** For whoever asks why nothing goes on. */
  describe(): string {
    if (this.#system === undefined)
      return `not joined yet${this.#lastRefusal === undefined ? '' : ` (${this.#lastRefusal})`}`
    if (this.#state === 'starting') return 'its program has not become ready'
    const calls = this.#system.member.callsWaiting()
    const shown = calls.slice(0, callsShownMax).map((call) => `, waits for ${call}`)
    const more = calls.length > callsShownMax ? `, and for ${calls.length - callsShownMax} calls more` : ''
    const operations = this.#waiting.size === 0 ? '' : `, operations of the simulation under way: ${this.#waiting.size}`
    return `${this.#state}${this.process.isPaused ? ', paused' : ''}${operations}${shown.join('')}${more}`
  }

  /** Fails with `member-died` when this life ends first. */
  whileAlive<Result>(run: () => Promise<Result> | Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      const onEnd = (error: CardumenError): void => reject(error)
      this.#waiting.add(onEnd)
      const settle = (): void => void this.#waiting.delete(onEnd)
      this.process.post(this.process.timeline.nowMs, () => {
        void Promise.resolve().then(run).then(resolve, reject).finally(settle)
      })
    })
  }

  async #run(): Promise<void> {
    const system = await this.#join()
    this.#system = system
    void system.ended.then((how) => this.#onMembershipEnded(how))
    this.#events.onJoined(system)
    try {
      await this.#program?.(system, this)
      if (this.#state !== 'starting') return
      this.#state = 'ready'
      this.#events.onReady()
    } catch (error) {
      this.#events.onProgramFailed(error)
    }
  }

  async #join(): Promise<System> {
    for (;;) {
      try {
        const { edges, workers, processes, process } = this.#parts
        const engine = this.#parts.connectEngine()
        const member = await Member.join({ ...edges, engine }, { name: this.name }).catch(async (error: unknown) => {
          await engine.close()
          throw error
        })
        return await System.start(member, {
          ...{ stateFolder: `simulated:${this.name}`, workers, processes, threadsDefault: threadsOfMember },
          freeMegabytes: () => freeMegabytes,
          processStatus: () => ({
            ...{ pid: edges.process.pid, residentBytes: 0, cpuMs: 0, nodeVersion: 'simulated' },
            upMs: process.timeline.nowMs,
          }),
          warn: (text) => this.#events.onProgramFailed(new CardumenError('engine-failed', text)),
        })
      } catch (error) {
        if (!isCardumenError(error)) throw error
        this.#lastRefusal = error.code
      }
      await new Promise<void>((resolve) => this.#parts.clock.after(joinAgainMs, resolve))
    }
  }

  #onMembershipEnded(how: string): void {
    if (this.#state === 'over') return
    this.#state = 'left'
    if (how !== 'left') this.#events.onLost(how)
  }

  #onEnded(): void {
    this.#state = 'over'
    const error = new CardumenError('member-died', `${this.name} died meanwhile.`, { executed: 'unknown' })
    for (const onEnd of [...this.#waiting]) onEnd(error)
    this.#waiting.clear()
  }
}
