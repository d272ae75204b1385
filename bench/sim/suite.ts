/**
 * Suite `sim`: how fast virtual worlds run, what they leave in memory, and how long searches and checks take.
 *
 * Worlds of machines are told in events of one core's second. Whole members are told by how much faster than real time
 * they run, beside the turns of the event loop that this machine makes: each of their events has a turn of its own.
 * Each kind is measured in a process of its own, warmed up first, all of them once a round.
 */
import { Remote } from '../harness/remote.ts'
import { interleave, pick, type Rounds } from '../harness/rounds.ts'
import { median } from '../harness/statistics.ts'
import type { Bound, Context, Row, Suite, SuiteResult } from '../harness/suite.ts'
import { exploreCalls } from './exploration.ts'
import type { HistoryMethods, HistoryShape } from './history-process.ts'
import type { MachinesMethods } from './machines-process.ts'
import type { MembersMethods, MembersWork } from './members-process.ts'

const MESSAGES = { count: 400_000 }
const CALLS = { count: 100_000 }
const BUSY: MembersWork = { virtualMs: 120_000, callsPerSecond: 100 }
const IDLE: MembersWork = { virtualMs: 3_600_000, callsPerSecond: 0 }
const SLOW = { hours: [1, 10], callsPerSecond: 1 }
const HISTORY: HistoryShape = { operations: 10_000, keys: 50 }
/** As many as a world asks for. */
const TURNS_AT_ONCE = 32
const STATES = 100_000
/** Real, for ten virtual hours on a machine that does much else. */
const HEAP_TIMEOUT_MS = 600_000
/** Rounds of what takes long. */
const LONG_ROUNDS_MAX = 3

const EVENTS_MIN = { atLeast: 300_000 }
const MESSAGES_MIN = { atLeast: 100_000 }
const BUSY_TIMES_MIN = { atLeast: 100 }
const IDLE_TIMES_MIN = { atLeast: 1_000 }
const EXPLORE_S_MAX = { atMost: 60 }
const CHECK_S_MAX = { atMost: 5 }
const HEAP_GROWTH_SHARE_MAX = 0.05
const HEAP_GROWTH_MB_MAX = 1

/** Figures of one measurement, by their name in `FIGURES`. */
type Sample = Readonly<Partial<Record<Figure, number>>>
type Figure = (typeof FIGURES)[number][1]

const FIGURES = [
  ['machines: events, counters that send', 'counterEvents', 'events/s', EVENTS_MIN],
  ['machines: messages delivered, counters that send', 'counterMessages', 'messages/s', MESSAGES_MIN],
  ['machines: events, calls with timers', 'callerEvents', 'events/s', EVENTS_MIN],
  ['machines: messages delivered, calls with timers', 'callerMessages', 'messages/s', MESSAGES_MIN],
  ['five members, 100 calls a second: faster than real time', 'busyTimes', 'x', BUSY_TIMES_MIN],
  ['five members, 100 calls a second, guards: faster than real time', 'guardedTimes', 'x', BUSY_TIMES_MIN],
  ['five members, 100 calls a second, by CPU time', 'busyCoreTimes', 'x', undefined],
  ['five members, 100 calls a second, first run of a process', 'firstTimes', 'x', undefined],
  ['five members, idle, from their start on: faster than real time', 'idleTimes', 'x', IDLE_TIMES_MIN],
  ['five members, 100 calls a second: events', 'busyEvents', 'events/s', undefined],
  ['floor: turns of the event loop, one by one', 'turns', 'turns/s', undefined],
  ['floor: turns of the event loop, asked for by 32', 'batchedTurns', 'turns/s', undefined],
  ['events of members / turns of the floor, one by one', 'eventsPerTurn', 'x', undefined],
  ['10,000 operations over 50 keys: linearizable', 'checkS', 's', CHECK_S_MAX],
  ['100,000 states of the call machine: explored', 'exploreS', 's', EXPLORE_S_MAX],
] as const satisfies readonly (readonly [string, string, string, Bound | undefined])[]

type Measures = Readonly<Record<string, () => Promise<Sample>>>

export const simSuite: Suite = {
  name: 'sim',
  about: 'virtual worlds: events, messages, times real time, memory; explorer and checker',
  run,
}

async function run(context: Context): Promise<SuiteResult> {
  const rounds = await worldRounds(context)
  const long = await longRounds(context)
  const heaps = await heapRounds(context)
  const figures = new Map([...rounds, ...long])
  return {
    rows: [...FIGURES.map((figure) => row(figures, figure)), ...heapRows(heaps)],
    skipped: [],
    raw: { ...Object.fromEntries(figures), heaps },
  }
}

async function worldRounds({ effort, progress }: Context): Promise<Rounds<Sample>> {
  await using machines = new Remote<MachinesMethods>(new URL('./machines-process.ts', import.meta.url), null)
  await using members = new Remote<MembersMethods>(new URL('./members-process.ts', import.meta.url), null)
  const measures: Measures = {
    machines: () => machineSample(machines),
    members: () => memberSample(members),
  }
  progress.say('warming up')
  for (const name of Object.keys(measures)) await measure(measures, name)
  return await interleave(Object.keys(measures), effort.rounds, progress, (name) => measure(measures, name))
}

async function machineSample(machines: Remote<MachinesMethods>): Promise<Sample> {
  const counters = await machines.request('counters', MESSAGES)
  const callers = await machines.request('callers', CALLS)
  return {
    counterEvents: perSecond(counters.events, counters.cpuMs),
    counterMessages: perSecond(counters.delivered, counters.cpuMs),
    callerEvents: perSecond(callers.events, callers.cpuMs),
    callerMessages: perSecond(callers.delivered, callers.cpuMs),
  }
}

async function memberSample(members: Remote<MembersMethods>): Promise<Sample> {
  const floor = await members.request('turns', { atOnce: 1 })
  const batched = await members.request('turns', { atOnce: TURNS_AT_ONCE })
  const busy = await members.request('members', BUSY)
  const guarded = await members.request('guarded', BUSY)
  const idle = await members.request('members', IDLE)
  const turns = perSecond(floor.turns, floor.ms)
  const busyEvents = perSecond(busy.events, busy.ms)
  return {
    ...{ turns, busyEvents, eventsPerTurn: busyEvents / turns },
    batchedTurns: perSecond(batched.turns, batched.ms),
    busyTimes: busy.virtualMs / busy.ms,
    busyCoreTimes: busy.virtualMs / busy.cpuMs,
    guardedTimes: guarded.virtualMs / guarded.ms,
    idleTimes: idle.virtualMs / idle.ms,
  }
}

/** What a test waits for that runs one seed: nothing is compiled yet, but all of it is loaded. */
async function firstSample(): Promise<Sample> {
  await using members = new Remote<MembersMethods>(new URL('./members-process.ts', import.meta.url), null)
  const first = await members.request('members', BUSY)
  return { firstTimes: first.virtualMs / first.ms }
}

async function longRounds({ effort, progress }: Context): Promise<Rounds<Sample>> {
  await using history = new Remote<HistoryMethods>(new URL('./history-process.ts', import.meta.url), null)
  const measures: Measures = {
    history: async () => ({ checkS: (await history.request('check', HISTORY)).ms / 1_000 }),
    first: firstSample,
    explorer: async () => ({ exploreS: await exploreSeconds() }),
  }
  return await interleave(Object.keys(measures), Math.min(LONG_ROUNDS_MAX, effort.rounds), progress, (name) =>
    measure(measures, name),
  )
}

async function exploreSeconds(): Promise<number> {
  const { states, ms } = await exploreCalls(STATES)
  if (states < STATES) throw new Error(`the call machine has ${states} states only`)
  return ms / 1_000
}

/** A process a round, since a heap remembers. */
async function heapRounds({ effort, progress }: Context): Promise<readonly (readonly number[])[]> {
  const heaps: (readonly number[])[] = []
  for (let round = 1; round <= Math.min(LONG_ROUNDS_MAX, effort.rounds); round++) {
    progress.say(`round ${round}: heap`)
    await using members = new Remote<MembersMethods>(new URL('./members-process.ts', import.meta.url), null)
    heaps.push(await members.request('heap', SLOW, HEAP_TIMEOUT_MS))
  }
  return heaps
}

function heapRows(heaps: readonly (readonly number[])[]): Row[] {
  const [first = [], ...rest] = SLOW.hours.map((_, place) => heaps.map((heap) => (heap[place] ?? Number.NaN) / 1e6))
  const last = rest.at(-1) ?? first
  const firstMb = median(first)
  const atMost = firstMb * HEAP_GROWTH_SHARE_MAX + HEAP_GROWTH_MB_MAX
  return [
    { what: 'five members, 1 call a second: heap after 1 virtual hour', value: firstMb, unit: 'MB' },
    { what: 'five members, 1 call a second: heap after 10 virtual hours', value: median(last), unit: 'MB' },
    {
      what: 'what nine virtual hours add to the heap',
      value: median(last.map((value, round) => value - (first[round] ?? Number.NaN))),
      unit: 'MB',
      bound: { atMost },
    },
  ]
}

function row(
  rounds: ReadonlyMap<string, readonly Sample[]>,
  [what, figure, unit, bound]: (typeof FIGURES)[number],
): Row {
  const name = [...rounds.keys()].find((of) => rounds.get(of)?.[0]?.[figure] !== undefined) ?? ''
  const value = median(pick(rounds, name, (sample) => sample[figure] ?? Number.NaN))
  return { what, value, unit, ...(bound !== undefined && { bound }) }
}

function measure(measures: Measures, name: string): Promise<Sample> {
  return measures[name]?.() ?? Promise.reject(new RangeError(`nothing is measured as "${name}"`))
}

function perSecond(count: number, ms: number): number {
  return count / (ms / 1_000)
}
