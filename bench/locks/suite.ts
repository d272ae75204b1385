/**
 * Suite `locks`: locks, events and semaphores between threads, beside what can be written with bare `Atomics`.
 *
 * Bare contenders know no owner, survive no death and can tell nobody who waits. Fairness is the count of the thread that got the
 * least over that of the one that got the most.
 */
import { Event, Lock, Semaphore, Thread } from '../../src/threads.ts'
import { interleave, pick, type Rounds } from '../harness/rounds.ts'
import { median, medianRatio } from '../harness/statistics.ts'
import type { Context, Row, Suite, SuiteResult } from '../harness/suite.ts'
import { type Shared, word, wordsCount } from './contender.ts'
import type { Count, Order } from './thread.ts'

const ALONE_RATIO_MAX = 4
const TURNS_RATIO_MAX = 1.5
const CONTENDED_RATIO_MIN = 0.7
const RECORDING_RATIO_MIN = 0.8
const CONTENDERS_COUNT = 4

interface Sample {
  /** Of one round. */
  readonly ns: number
  readonly perSecond: number
  readonly fairness: number
}

const MEASUREMENTS: Readonly<
  Record<string, { readonly kind: Order['kind']; readonly name: string; readonly threads: number }>
> = {
  'alone: bare compareExchange pair': { kind: 'alone', name: 'bare', threads: 1 },
  'alone: Lock acquire and release': { kind: 'alone', name: 'lock', threads: 1 },
  'alone: Lock with using': { kind: 'alone', name: 'using', threads: 1 },
  'alone: Semaphore acquire and release': { kind: 'alone', name: 'semaphore', threads: 1 },
  'turns of two: bare wait and notify': { kind: 'turns', name: 'bare', threads: 2 },
  'turns of two: Event': { kind: 'turns', name: 'event', threads: 2 },
  'turns of two: Semaphore': { kind: 'turns', name: 'semaphore', threads: 2 },
  'four contend: bare ticket lock, spins then waits': { kind: 'exclusion', name: 'ticket', threads: CONTENDERS_COUNT },
  'four contend: bare unfair lock, spins then waits': { kind: 'exclusion', name: 'futex', threads: CONTENDERS_COUNT },
  'four contend: Lock': { kind: 'exclusion', name: 'lock', threads: CONTENDERS_COUNT },
  'four contend: Lock, fair': { kind: 'exclusion', name: 'fairLock', threads: CONTENDERS_COUNT },
}

export const locksSuite: Suite = {
  name: 'locks',
  about: 'locks, events and semaphores between threads, beside bare Atomics',
  run,
}

async function run({ effort, progress }: Context): Promise<SuiteResult> {
  const shared: Shared = {
    words: new Int32Array(new SharedArrayBuffer(wordsCount * Int32Array.BYTES_PER_ELEMENT)),
    lock: new Lock(),
    fairLock: new Lock({ fair: true }),
    events: [new Event(), new Event()],
    semaphores: [new Semaphore(0), new Semaphore(0)],
  }
  const names = Object.keys(MEASUREMENTS)
  const rounds = await interleave(names, effort.rounds, progress, (name) =>
    measure(name, shared, effort.throughputMs / 2),
  )
  const rows = [...names.flatMap((name) => figures(rounds, name)), ...ratios(rounds)]
  return { rows, skipped: [], raw: Object.fromEntries(rounds) }
}

async function measure(what: string, shared: Shared, durationMs: number): Promise<Sample> {
  const measurement = MEASUREMENTS[what]
  if (measurement === undefined) throw new TypeError(`nothing is called "${what}"`)
  const { kind, name, threads } = measurement
  shared.words.fill(0)
  if (kind === 'turns') begin(name, shared)
  const counts = await Promise.all(
    Array.from({ length: threads }, async (_, own) => {
      const order: Order = { kind, name, own, threads, durationMs }
      const thread = new Thread(new URL('./thread.ts', import.meta.url), 'measure', { args: [shared, order] })
      thread.start()
      return (await thread.joinAsync()) as Count
    }),
  )
  if (kind === 'turns') settle(name, shared)
  const rounds = counts.map((count) => count.rounds)
  const total = kind === 'turns' ? Math.max(...rounds) : rounds.reduce((left, right) => left + right)
  const elapsedMs = Math.max(...counts.map((count) => count.elapsedMs))
  const warmUp = counts.reduce((sum, { warmUpRounds }) => sum + warmUpRounds, 0)
  if (kind === 'exclusion' && shared.words[word.plain] !== total + warmUp)
    throw new Error(`${what}: the lock let in two at once`)
  return {
    ns: (elapsedMs * 1e6) / total,
    perSecond: (total * 1000) / elapsedMs,
    fairness: Math.min(...rounds) / Math.max(...rounds),
  }
}

/** The token goes to the first thread. */
function begin(name: string, { events, semaphores }: Shared): void {
  if (name === 'event') events[0].set()
  if (name === 'semaphore') semaphores[0].release()
}

/** Takes the token away again, wherever it is. */
function settle(name: string, { events, semaphores }: Shared): void {
  for (const event of name === 'event' ? events : []) event.clear()
  for (const semaphore of name === 'semaphore' ? semaphores : []) while (semaphore.tryAcquire()) continue
}

function figures(rounds: Rounds<Sample>, name: string): Row[] {
  const contended = MEASUREMENTS[name]?.kind === 'exclusion'
  const ns: Row = { what: name, value: median(pick(rounds, name, (sample) => sample.ns)), unit: 'ns' }
  if (!contended) return [ns]
  return [
    { what: name, value: median(pick(rounds, name, (sample) => sample.perSecond)), unit: '/s' },
    { what: `${name}: fairness`, value: median(pick(rounds, name, (sample) => sample.fairness)), unit: 'x' },
  ]
}

function ratios(rounds: Rounds<Sample>): Row[] {
  const ns = (name: string): number[] => pick(rounds, name, (sample) => sample.ns)
  const speed = (name: string): number[] => pick(rounds, name, (sample) => sample.perSecond)
  const bare = ns('alone: bare compareExchange pair')
  const bareTurns = ns('turns of two: bare wait and notify')
  const ours = speed('four contend: Lock')
  const ticket = speed('four contend: bare ticket lock, spins then waits')
  return [
    {
      what: 'alone: Lock / bare',
      value: medianRatio(ns('alone: Lock acquire and release'), bare),
      unit: 'x',
      bound: { atMost: ALONE_RATIO_MAX },
    },
    { what: 'alone: Lock with using / bare', value: medianRatio(ns('alone: Lock with using'), bare), unit: 'x' },
    {
      what: 'turns: Event / bare',
      value: medianRatio(ns('turns of two: Event'), bareTurns),
      unit: 'x',
      bound: { atMost: TURNS_RATIO_MAX },
    },
    {
      what: 'turns: Semaphore / bare',
      value: medianRatio(ns('turns of two: Semaphore'), bareTurns),
      unit: 'x',
      bound: { atMost: TURNS_RATIO_MAX },
    },
    {
      what: 'four contend: Lock / bare ticket lock',
      value: medianRatio(ours, ticket),
      unit: 'x',
      bound: { atLeast: CONTENDED_RATIO_MIN },
    },
    {
      what: 'four contend: Lock, fair / bare ticket lock',
      value: medianRatio(speed('four contend: Lock, fair'), ticket),
      unit: 'x',
    },
    {
      what: 'four contend: Lock / bare unfair lock, which records no waits',
      value: medianRatio(ours, speed('four contend: bare unfair lock, spins then waits')),
      unit: 'x',
      bound: { atLeast: RECORDING_RATIO_MIN },
    },
  ]
}
