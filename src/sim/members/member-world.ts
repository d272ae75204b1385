/**
 * The world of whole members: one timeline, one network, one engine, a disk for each member, and their lives.
 *
 * It starts and ends lives, carries out faults, and writes the trace; what the members do is their programs' affair,
 * and what is checked is the director's (`directed-world.ts`). Everything that draws has a stream of its own, so that
 * a fault that is taken out leaves the rest of a run as it was, as far as it can.
 */
import type { TraceEvent } from '../../edges/trace.ts'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import type { Address } from '../../lib/identifiers.ts'
import type { System } from '../../servers/system.ts'
import { VirtualEngineStore } from '../engine/virtual-engine-store.ts'
import { VirtualDisk } from '../disk/virtual-disk.ts'
import type { Fault, FaultKind } from '../faults/fault.ts'
import { lastInForce } from '../faults/last-in-force.ts'
import { NetworkConditions } from '../faults/network-conditions.ts'
import type { NetworkOptions } from '../faults/network-options.ts'
import {
  applyFault,
  type ClockFault,
  type DiskFault,
  type EngineSideFault,
  type FaultTarget,
} from '../faults/script-runner.ts'
import { randomStream } from '../random-streams.ts'
import type { Programs } from '../running/virtual-processes.ts'
import { virtualProcesses } from '../running/virtual-processes.ts'
import { type Modules, VirtualWorkers } from '../running/virtual-workers.ts'
import type { Surroundings, Violation } from '../scenario.ts'
import { Timeline } from '../time/timeline.ts'
import { MemberLife } from './member-life.ts'
import { VirtualClock } from './virtual-clock.ts'
import { VirtualCrypto, VirtualKeys } from './virtual-crypto.ts'
import { VirtualNetwork } from './virtual-network.ts'
import { type ProcessTimeline, VirtualProcess } from './virtual-process.ts'
import type { MemberProgram } from './world.ts'

export interface MemberWorldOptions {
  readonly seed: number
  readonly names: readonly string[]
  readonly network: NetworkOptions
  readonly program: MemberProgram | undefined
  readonly modules: Modules
  readonly programs: Programs
  readonly surroundings: Surroundings
}

/** A new life begins so long after one was lost. */
const startAgainMs = 100
const firstStartMsMax = 5
/** Broken claims that are kept; a broken program breaks them without end. */
export const violationsMax = 100

export class MemberWorld implements FaultTarget {
  readonly timeline: Timeline
  readonly network: NetworkConditions
  readonly violations: Violation[] = []
  readonly #options: MemberWorldOptions
  readonly #links: VirtualNetwork
  readonly #engine: VirtualEngineStore
  readonly #keys = new VirtualKeys()
  readonly #disks = new Map<string, VirtualDisk>()
  readonly #lives = new Map<string, MemberLife>()
  readonly #lifeCounts = new Map<string, number>()
  /** Those that hold now, whichever life they meet, in the order in which they began. */
  readonly #inForce = new Set<Fault>()
  /** Told of each life that becomes ready. */
  readonly #onReady = new Set<(life: MemberLife) => void>()
  #pids = 100
  #traced = 0

  constructor(options: MemberWorldOptions) {
    const { seed, names, surroundings } = options
    this.#options = options
    this.timeline = new Timeline(randomStream(seed, 'ties'), surroundings.macrotask)
    this.network = new NetworkConditions(options.network, names)
    const isTraced = surroundings.onTrace !== undefined
    const events = (type: string, detail: object, of: string): void => this.#trace(type, detail, of)
    this.#links = new VirtualNetwork({
      ...{ seed, timeline: this.timeline, conditions: this.network },
      ...(isTraced && { onEvent: events }),
    })
    const time = {
      timeline: this.timeline,
      get nowMs() {
        return this.timeline.nowMs
      },
      after: (delayMs: number, run: () => void) => {
        const entry = this.timeline.enter(this.timeline.nowMs + delayMs, run)
        return () => this.timeline.cancel(entry)
      },
    }
    this.#engine = new VirtualEngineStore({ seed, time, ...(isTraced && { onEvent: events }) })
    for (const name of names) this.#disks.set(name, new VirtualDisk(randomStream(seed, `disk of ${name}`)))
  }

  get names(): readonly string[] {
    return this.#options.names
  }

  /** The present life, or the last one. */
  life(name: string): MemberLife | undefined {
    return this.#lives.get(name)
  }

  /** Whether every member is ready, and a member by the engine's word too, or has left for good. */
  get isWhole(): boolean {
    return this.names.every((name) => {
      const state = this.#lives.get(name)?.state
      return state === 'left' || (state === 'ready' && this.#engine.holdsLease(name))
    })
  }

  startAll(): void {
    const random = randomStream(this.#options.seed, 'starts')
    for (const name of this.names) this.#startLater(name, random.next() * firstStartMsMax)
  }

  /** Calls `listener` at each life that becomes ready, until what is returned is called. */
  onReady(listener: (life: MemberLife) => void): () => void {
    this.#onReady.add(listener)
    return () => this.#onReady.delete(listener)
  }

  violated(claim: string, text: string): void {
    if (this.violations.length < violationsMax) this.violations.push({ claim, text })
  }

  /** Who is in what state, a line for each member. */
  describe(): string {
    return this.names.map((name) => `${name}: ${this.#lives.get(name)?.describe() ?? 'never started'}`).join('\n')
  }

  crash(name: string, how: 'process' | 'machine'): void {
    const life = this.#lives.get(name)
    if (life === undefined || !life.process.isAlive) return
    this.#end(life, how)
  }

  restart(name: string): void {
    if (this.#lives.get(name)?.process.isAlive === true || this.#lastInForce('crash', name) !== undefined) return
    this.#start(name)
  }

  /** Ends all faults of a kind that hold a member, whoever ordered them. */
  lift(kind: 'pause' | 'crash', name: string): void {
    for (const fault of this.#inForce) {
      if (fault.kind !== kind || fault.member !== name) continue
      this.onFault(fault, false)
      applyFault(fault, this, false)
    }
  }

  setPaused(name: string, isOn: boolean): void {
    const process = this.#lives.get(name)?.process
    if (!isOn && this.#lastInForce('pause', name) !== undefined) return
    if (isOn) {
      process?.pause()
      this.#engine.clientPaused(name)
    } else {
      process?.resume()
      this.#engine.clientResumed(name)
    }
  }

  setSlow(name: string, eventMs: number): void {
    const slowness = eventMs > 0 ? eventMs : (this.#lastInForce('slow', name)?.eventMs ?? 0)
    this.#lives.get(name)?.process.setSlow(slowness)
  }

  onClockFault(fault: ClockFault, isOn: boolean): void {
    const process = this.#lives.get(fault.member)?.process
    switch (fault.kind) {
      case 'clock-offset':
        return process?.setWallOffset(
          isOn ? fault.offsetMs : (this.#lastInForce(fault.kind, fault.member)?.offsetMs ?? 0),
        )
      case 'clock-drift':
        return process?.setDrift(isOn ? fault.rate : (this.#lastInForce(fault.kind, fault.member)?.rate ?? 0))
      case 'clock-jump': {
        if (!isOn) return
        const jumpMs = fault.monotonic === true ? Math.max(0, fault.jumpMs) : fault.jumpMs
        if (fault.monotonic === true) this.#engine.clientClockWillJump(fault.member)
        return process?.jump(jumpMs, fault.monotonic)
      }
    }
  }

  onDiskFault(fault: DiskFault, isOn: boolean): void {
    this.#disks.get(fault.member)?.setFault(fault, isOn)
  }

  onEngineFault(fault: EngineSideFault, isOn: boolean): void {
    switch (fault.kind) {
      case 'engine-slow':
        return this.#engine.setDelay(isOn ? fault.delay : this.#lastInForce(fault.kind)?.delay)
      case 'engine-crash':
        if (isOn) return this.#engine.crash()
        return this.#lastInForce(fault.kind) === undefined ? this.#engine.restart() : undefined
      case 'engine-unreachable':
        return this.#engine.setUnreachable(fault.member, this.#lastInForce(fault.kind, fault.member) !== undefined)
      case 'lease-expiry':
        return isOn ? this.#engine.expireLease(fault.member) : undefined
    }
  }

  onFault(fault: Fault, isOn: boolean): void {
    this.timeline.note(`${fault.kind} ${isOn}`)
    if (isOn) this.#inForce.add(fault)
    else this.#inForce.delete(fault)
    const { kind, ...detail } = fault
    this.#trace(kind, { ...detail, isOn }, 'member' in fault ? fault.member : '')
  }

  #lastInForce<Kind extends FaultKind>(kind: Kind, member?: string): Extract<Fault, { kind: Kind }> | undefined {
    return lastInForce(this.#inForce, kind, member)
  }

  #startLater(name: string, delayMs: number): void {
    this.timeline.enter(this.timeline.nowMs + delayMs, () => this.restart(name))
  }

  #start(name: string): void {
    const number = (this.#lifeCounts.get(name) ?? 0) + 1
    this.#lifeCounts.set(name, number)
    const { seed, program } = this.#options
    const purpose = `life ${number} of ${name}`
    const random = randomStream(seed, purpose)
    const process = new VirtualProcess(name, this.#timelineOf(name), random)
    const clock = new VirtualClock(process)
    const disk = this.#disks.get(name)
    if (disk === undefined) return
    const client = {
      ...{ name, deliver: (run: () => void) => process.post(this.timeline.nowMs, run) },
      ...{ isLive: () => process.isAlive, isStopped: () => process.isPaused, monotonicNow: () => process.localMs },
    }
    const life: MemberLife = new MemberLife(
      {
        ...{ number, process, clock },
        disk: disk.edgeFor((delayMs, run) => process.post(this.timeline.nowMs + delayMs, run)),
        connectEngine: () => this.#engine.connect(client),
        edges: {
          ...{ clock, random, network: this.#links.edgeFor(process) },
          crypto: new VirtualCrypto(randomStream(seed, `${purpose}, secrets`), this.#keys),
          process: { pid: ++this.#pids, host: name, user: 'simulated' },
        },
        workers: new VirtualWorkers({ clock, random, modules: this.#options.modules }),
        processes: virtualProcesses({
          ...{ clock, random, programs: this.#options.programs, nextPid: () => ++this.#pids },
        }),
      },
      program,
      {
        onJoined: (system) => this.#onJoined(system),
        onReady: () => this.#tellReady(life),
        onLost: (why) => this.#onLost(life, why),
        onProgramFailed: (error) => this.#onProgramFailed(life, error),
      },
    )
    this.#lives.set(name, life)
    this.#trace('start', { life: number }, name)
    this.#meetFaults(name)
  }

  /** A machine that is slow, paused or off in its clocks is so for the next life too. */
  #meetFaults(name: string): void {
    for (const fault of this.#inForce) {
      if (!('member' in fault) || fault.member !== name) continue
      if (fault.kind === 'pause') this.setPaused(name, true)
      if (fault.kind === 'slow') this.setSlow(name, fault.eventMs)
      if (fault.kind === 'clock-offset' || fault.kind === 'clock-drift') this.onClockFault(fault, true)
    }
  }

  #end(life: MemberLife, how: 'process' | 'machine'): void {
    life.process.crash(how)
    this.#disks.get(life.name)?.crash(how)
    this.#engine.clientDied(life.name, how)
    this.timeline.note(`end ${life.name} ${life.number}`)
  }

  #tellReady(life: MemberLife): void {
    this.timeline.note(`ready ${life.name} ${life.number}`)
    this.#trace('ready', { life: life.number }, life.name)
    for (const listener of [...this.#onReady]) listener(life)
  }

  /** As a supervisor does: the process is ended and started anew. */
  #onLost(life: MemberLife, why: string): void {
    this.#trace('lost', { life: life.number, why }, life.name)
    this.#end(life, 'process')
    this.#startLater(life.name, startAgainMs)
  }

  #onProgramFailed(life: MemberLife, error: unknown): void {
    // The guards have kept it, and say it better.
    if (isCardumenError(error, 'real-world')) return
    this.violated('program', `the program of ${life.name} threw: ${textOf(error)}`)
  }

  #onJoined(system: System): void {
    const { onTrace } = this.#options.surroundings
    if (onTrace === undefined) return
    system.member.traces.follow((event) => onTrace({ ...event, atMs: this.timeline.nowMs }))
  }

  /** With guards, whatever happens on a member is known to be inside the simulation. */
  #timelineOf(name: string): ProcessTimeline {
    const { guards } = this.#options.surroundings
    if (guards === undefined) return this.timeline
    const { timeline } = this
    return {
      get nowMs() {
        return timeline.nowMs
      },
      enter: (atMs, run, isBackground) => timeline.enter(atMs, () => guards.run(name, run), isBackground),
      cancel: (entry) => timeline.cancel(entry),
    }
  }

  #trace(type: string, detail: object, of: string): void {
    const event: TraceEvent = {
      ...{ v: 1, atMs: this.timeline.nowMs, machine: 'world', sequence: ++this.#traced, lamport: 0, effects: [] },
      member: this.#lives.get(of)?.system?.member.address ?? (`${of === '' ? 'world' : of}#0` as Address),
      input: { kind: 'call', type, detail },
    }
    this.#options.surroundings.onTrace?.(event)
  }
}

export function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : ''
  return `${error.name}${code}: ${error.message}`
}
