/**
 * Functions and programs that run on other members, which die, stop and lose each other meanwhile.
 *
 * Jobs are called one by one and mapped over many items, and some end their thread in the middle of others; programs get
 * arguments and input. It is checked that what may not run twice never does, that errors say truthfully whether a job
 * ran, that results and outputs are those of their calls and a map keeps its order, that everything that is begun ends,
 * that after the last fault work goes on, and that programs end with the member that started them, unless detached.
 */
import { CardumenError, type Executed, isCardumenError } from '../../lib/cardumen-error.ts'
import { signalSource } from '../../lib/signal.ts'
import type { System } from '../../servers/system.ts'
import { type CallRecord, checkExecutions, type ExecutionPromise } from '../checkers/executions.ts'
import { type Attempt, checkProgress } from '../checkers/progress.ts'
import type { World } from '../members/world.ts'
import type { Scenario } from '../scenario.ts'
import { expectSuccess, persistently, pick, runClients } from './clients.ts'
import {
  endlessUrl,
  type JobInput,
  jobModules,
  jobPrograms,
  type Jobs,
  jobsUrl,
  outputOf,
  programUrl,
  resultOf,
  RunLedger,
  type RunVariant,
} from './run-parts.ts'
import { scenarioWithMemory } from './scenario-with-memory.ts'

const timeoutMsMax = 8_000
/** What something may take beyond its own time limit, once nothing is wrong any more. */
const slackMs = 3_000
/** After so long a stream that lost everything is given up, and the next link carries the question after a program. */
const linkGivenUpMs = 15_000
const goesOnWithinMs = 40_000
const mappedMax = 20
const codesMax = 5
/** A lease, what the engine takes to tell, and what others take to act. */
const deathNoticedMs = 30_000
const lookAgainMs = 5_000

/** Why nobody can know any more how a program ended: its member is gone, or ours is, or it ended long ago. */
const losses: ReadonlySet<string> = new Set([
  ...['member-died', 'address-unknown', 'process-unknown'],
  ...['closed', 'lease-lost'],
])

/** How things ended, over many runs. */
export type RunEnds = Map<string, number>

export function runScenario(variant: RunVariant = 'right', ends: RunEnds = new Map()): Scenario {
  return scenarioWithMemory(
    {
      name: 'run',
      about: 'jobs and programs run elsewhere as often as they may, their results are right, and work goes on',
      members: 4,
      durationMs: 10_000,
    },
    () => {
      const ledger = new RunLedger()
      return {
        modules: jobModules(ledger, variant),
        programs: jobPrograms(ledger, variant),
        // The first one only asks, so that there is one whose own death ends none of the others' jobs.
        program: async (system) => {
          if (system.name !== 'm1') await persistently(system, () => system.offerRun({ threads: 2 }))
        },
        director: (world) => new JobsRun(world, ledger, ends).run(),
      }
    },
  )
}

export const runs = runScenario()

type Kind = 'once' | 'again' | 'fail' | 'exit' | 'map' | 'program'

interface Told {
  readonly call: string
  readonly how: string
  readonly executed: Executed
}

class JobsRun {
  readonly #world: World
  readonly #ledger: RunLedger
  readonly #ends: RunEnds
  readonly #told = new Map<ExecutionPromise, Told[]>([
    ['at-most-once', []],
    ['at-least-once', []],
  ])
  readonly #attempts: Attempt[] = []
  /** Those of programs, which end by a signal that has to get there. */
  readonly #programs: Attempt[] = []
  #calls = 0

  constructor(world: World, ledger: RunLedger, ends: RunEnds) {
    this.#world = world
    this.#ledger = ledger
    this.#ends = ends
  }

  async run(): Promise<void> {
    const world = this.#world
    const working = runClients(world, { perMember: 2, gapMsMax: 400 }, ({ member }) => this.#act(member))
    await world.calm()
    const faultsEndedMs = world.nowMs
    await working
    await this.#expectWorkGoesOn()
    // What was given up may still run; it counts too.
    await world.sleep(timeoutMsMax)
    for (const [promise, told] of this.#told) {
      const records = told.map(
        ({ call, how, executed }): CallRecord => ({
          ...{ call: `${call}, told ${how},`, executed, executions: this.#ledger.executionsOf(call) },
        }),
      )
      world.check(checkExecutions(promise, records))
    }
    const bounds = { faultsEndedMs, withinMs: timeoutMsMax + slackMs, endedMs: world.nowMs }
    world.check(checkProgress(this.#attempts, bounds))
    world.check(checkProgress(this.#programs, { ...bounds, withinMs: bounds.withinMs + linkGivenUpMs }))
    await this.#checkOwnersDeath()
  }

  async #act(member: string): Promise<void> {
    const kind = pick(this.#world, [
      'once',
      'once',
      'once',
      'again',
      'again',
      'fail',
      'exit',
      'map',
      'program',
    ] as const)
    const call = `${this.#nextCall()} (${kind})`
    const invokedMs = this.#world.nowMs
    const end = await this.#world.on(member, (system) => this.#start(system, kind, call)).catch(endOf)
    this.#ends.set(`${kind} ${end.how}`, (this.#ends.get(`${kind} ${end.how}`) ?? 0) + 1)
    // Of a map nobody is told which of its items ran.
    if (kind !== 'map') this.#told.get(kind === 'again' ? 'at-least-once' : 'at-most-once')?.push({ call, ...end })
    const attempt = { operation: `${call}, ${end.how}`, invokedMs, completedMs: this.#world.nowMs }
    if (kind === 'program') this.#programs.push(attempt)
    else this.#attempts.push(attempt)
  }

  #start(system: System, kind: Kind, call: string): Promise<End> {
    const timeoutMs = 100 + system.random.next() ** 2 * (timeoutMsMax - 100)
    switch (kind) {
      case 'map':
        return this.#map(system, call, timeoutMs)
      case 'program':
        return this.#runProgram(system, call, timeoutMs)
      default:
        return this.#callJob(system, kind, { call, delayMs: drawDelayMs(system) }, timeoutMs)
    }
  }

  async #callJob(
    system: System,
    kind: 'once' | 'again' | 'fail' | 'exit',
    input: JobInput,
    timeoutMs: number,
  ): Promise<End> {
    const jobs = system.import<Jobs>(jobsUrl, { idempotent: ['again'] })
    const source = signalSource()
    const cancel =
      system.random.next() < 0.15
        ? system.clock.after(system.random.next() ** 2 * 1_000, () => source.abort('enough'))
        : undefined
    try {
      const result = await jobs[kind].with({ timeoutMs, signal: source.signal })(input)
      const isRight = result === resultOf(input.call) && kind !== 'fail' && kind !== 'exit'
      this.#world.expect(isRight, 'own-result', `${input.call} gave ${result}`)
      return { how: 'ok', executed: 'yes' }
    } finally {
      cancel?.()
    }
  }

  /** Of items that may run twice, or of items that may not; the latter are watched one by one. */
  async #map(system: System, call: string, timeoutMs: number): Promise<End> {
    const isIdempotent = system.random.next() < 0.5
    const inputs = Array.from({ length: system.random.below(mappedMax + 1) }, (_, index) => ({
      ...{ call: `${call}, item ${index + 1}`, delayMs: Math.floor(system.random.next() * 50) },
    }))
    const source = signalSource()
    const cancel = system.clock.after(timeoutMs, () => source.abort('too late'))
    const jobs = system.import<Jobs>(jobsUrl, { idempotent: ['again'] })
    if (!isIdempotent) this.#tellOfItems(inputs, 'unknown')
    try {
      const results = await jobs[isIdempotent ? 'again' : 'once'].map(inputs, { signal: source.signal })
      const isRight = results.join() === inputs.map((input) => resultOf(input.call)).join()
      this.#world.expect(isRight, 'own-result', `${call} gave ${results.join(', ')}`)
      this.#tellOfItems(inputs, 'yes', isIdempotent ? 'at-least-once' : 'at-most-once')
      return { how: 'ok', executed: 'yes' }
    } finally {
      cancel()
    }
  }

  #tellOfItems(inputs: readonly JobInput[], executed: Executed, promise: ExecutionPromise = 'at-most-once'): void {
    this.#told.get(promise)?.push(...inputs.map(({ call }) => ({ call, how: 'in a map', executed })))
  }

  async #runProgram(system: System, call: string, timeoutMs: number): Promise<End> {
    const code = system.random.below(codesMax)
    const source = signalSource()
    const cancel = system.clock.after(timeoutMs, () => source.abort('too late'))
    try {
      const program = await system.run(programUrl, {
        args: [call, String(drawDelayMs(system)), String(code)],
        stdin: 'some input',
        signal: source.signal,
      })
      // Errors from here on are about the question, not about the program: that has started.
      const ended = await Promise.all([program.exit, program.stdout.text()]).catch((error: unknown) => lostBy(error))
      if ('lostBy' in ended) return this.#lose(call, ended.lostBy)
      const [status, output] = ended
      if (status.signal !== undefined) return { how: `ended by ${status.signal}`, executed: 'unknown' }
      this.#world.expect(status.code === code, 'own-result', `${call} ended with ${status.code} instead of ${code}`)
      this.#world.expect(output === outputOf(call, 'some input'), 'own-result', `${call} wrote "${output}"`)
      return { how: 'ok', executed: 'yes' }
    } finally {
      cancel()
    }
  }

  /** That a member is out of reach for a while is no reason to know nothing of a program any more. */
  #lose(call: string, code: string): End {
    this.#world.expect(losses.has(code), 'known-end', `the end of ${call} was lost by ${code}`)
    return { how: `lost by ${code}`, executed: 'unknown' }
  }

  async #expectWorkGoesOn(): Promise<void> {
    const world = this.#world
    for (const member of world.names)
      for (const kind of ['once', 'map', 'program'] as const)
        await expectSuccess(world, `${kind} from ${member}`, goesOnWithinMs, () =>
          world.on(member, (system) => {
            const call = this.#nextCall()
            if (kind === 'map') return this.#map(system, call, timeoutMsMax)
            if (kind === 'program') return this.#runProgram(system, call, timeoutMsMax).then(refuseUnlessOk)
            return this.#callJob(system, kind, { call, delayMs: 0 }, timeoutMsMax)
          }),
        )
  }

  /** The first dies for good: who only asks ends no programs of others by its death. */
  async #checkOwnersDeath(): Promise<void> {
    const world = this.#world
    const [owner = '', ...others] = world.names
    if (others.length === 0) return
    const start = (what: string, detached: boolean): Promise<string> => {
      const call = `${this.#nextCall()} (${what})`
      const begin = async (system: System): Promise<void> =>
        void (await system.run(endlessUrl, { args: [call], detached, on: others[0] ?? '' }))
      return world.on(owner, begin).then(() => call)
    }
    const [bound, free] = await Promise.all([start('bound to its owner', false), start('detached', true)])
    world.crash(owner, world.random.next() < 0.5 ? 'process' : 'machine')
    await world.sleep(deathNoticedMs)
    const before = [bound, free].map((call) => this.#ledger.executionsOf(call))
    await world.sleep(lookAgainMs)
    const after = [bound, free].map((call) => this.#ledger.executionsOf(call))
    world.expect(before[0] === after[0], 'owned', `${bound} still runs ${deathNoticedMs} ms after its owner's death`)
    world.expect(before[1] !== after[1], 'owned', `${free} has ended with its owner, though it was detached`)
  }

  #nextCall(): string {
    return `call ${++this.#calls}`
  }
}

interface End {
  readonly how: string
  readonly executed: Executed
}

function endOf(error: unknown): End {
  if (!isCardumenError(error)) throw error
  return { how: `${error.code} ${error.executed}`, executed: error.executed }
}

function lostBy(error: unknown): { readonly lostBy: string } {
  if (!isCardumenError(error)) throw error
  return { lostBy: error.code }
}

function refuseUnlessOk(end: End): End {
  if (end.how === 'ok') return end
  throw new CardumenError('process-failed', `The program ended, but was ${end.how}.`)
}

function drawDelayMs(system: System): number {
  return Math.floor(system.random.next() ** 4 * 1_000)
}
