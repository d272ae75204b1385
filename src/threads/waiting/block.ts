/**
 * Waiting itself, in its two forms: a worker that blocks, and a task that awaits.
 *
 * A primitive gives one function, `attempt`, that takes what is wanted if it can be had, and else leaves a mark at the
 * primitive that somebody waits; both forms call it until it succeeds. The row is opened before the first attempt, so
 * whoever makes the thing free after a failed attempt sees the waiter. A wake-up is only a reason to look again, except
 * where the row says `granted`. Whoever gives up although it was woken passes the wake-up on.
 */
import { isMainThread } from 'node:worker_threads'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { arena } from '../memory/arena.ts'
import { party as partyWords, partyRow, partyText, setPartyWord } from '../memory/parties.ts'
import { isInForce } from '../memory/primitives.ts'
import { keepAlive } from './keep-alive.ts'
import { assertSignal, deadlineOf, type ServedWaitOptions, type WaitOptions } from './wait-options.ts'
import {
  closeWait,
  cycleOf,
  giveUp,
  isGranted,
  openAsyncWait,
  openBlockingWait,
  raising,
  stackOf,
  stateOfWait,
  wait,
  waitAgain,
  waitIn,
  waitingWord,
  waitRow,
  waitState,
  wakeFirst,
  type Wanted,
  writeStack,
} from './waits.ts'

/** A wait that lasts longer than this has its stack written down: shorter ones need not pay for that. */
const stackAfterMs = 10
/** Of a task that awaits: it pays for each, however short its wait is. */
const awaitedFramesMax = 12
const blockedFramesMax = 32

/** Some 6 us: about what a thread on another core needs to answer, and less than it costs to sleep and to be woken. */
const looksBeforeSleep = 200

/** What is waited for, and how it is taken. */
export interface Waiting extends Wanted {
  /** The primitive's generation; a wait for one that was closed meanwhile fails. Left out for a join. */
  readonly generation?: number
  /** For messages: `lock "L1"`. */
  readonly what: string
  /**
   * Takes it if it can be had now. `isSignalled`: somebody has woken this wait since the last attempt.
   * May throw; then the wait ends with that.
   */
  attempt(row: number, isSignalled: boolean): boolean
  /** Called when the wait ends in vain: others may go on now. Left out, one that was woken in vain wakes the next. */
  readonly passOn?: () => void
  /** What it fails with where it is raised as broken. */
  readonly brokenError?: () => CardumenError
  /** Left out, it sleeps on its own row. */
  readonly outside?: OutsideWord
}

/**
 * A word outside the arena to sleep on, for what lies in memory that threads of another arena may have too. The row then
 * only tells who waits and hears of interrupts, so a sleeper looks at it now and then.
 */
export interface OutsideWord {
  /** Blocks until the word is rung, at most so long. Whether it was. */
  wait(forMs: number): boolean
  waitAsync(): ReturnType<typeof Atomics.waitAsync>
}

/** How long a sleeper on an outside word does not look at its row: that long an interrupt may take. */
const outsideSliceMs = 100
/** The same of one that awaits, which nobody interrupts. */
const outsideSliceAsyncMs = 1_000

/** Whether this thread may block. The main thread of a process may not: its event loop carries everybody's. */
export const mayBlock = !isMainThread

/** @throws CardumenError `would-block`, on the main thread of a process. */
export function assertMayBlock(what: string, awaitable: string): void {
  if (mayBlock) return
  throw new CardumenError(
    'would-block',
    `${what} would block the main thread, and with it everything else in this process.`,
    {
      hint: `Use "await ${awaitable}", or do it in a Thread.`,
    },
  )
}

/**
 * Blocks until the attempt succeeds.
 * @throws CardumenError `timed-out`, `interrupted`, `deadlock`, `holder-died`, `barrier-broken`, `closed`, `option-invalid`
 */
export function block(me: number, waiting: Waiting, options: WaitOptions | undefined): void {
  const deadline = deadlineOf(options)
  const row = openBlockingWait(me, waiting, deadline !== Infinity)
  let isSignalled = false
  let isTaken = false
  try {
    // After the row is open: an interrupt either finds it waiting, or is found here.
    throwIfInterrupted(me, waiting)
    while (!(isTaken = waiting.attempt(row, isSignalled))) {
      sleep(row, deadline, waiting.outside)
      isSignalled = hear(row, waiting)
      // An interrupt that found the wait signalled had nothing to raise: its flag is all that is left of it.
      if (isSignalled && !isGranted(row)) throwIfInterrupted(me, waiting)
      if (!isSignalled && isPast(deadline) && giveUp(row)) throw timedOut(waiting, options)
    }
  } finally {
    end(row, waiting, isTaken, isSignalled)
  }
}

/** The clock is not asked where there is no deadline. */
function isPast(deadline: number): boolean {
  return deadline !== Infinity && performance.now() >= deadline
}

/** Sleeps until the row's state changes or the deadline has come. */
function sleep(row: number, deadline: number, outside: OutsideWord | undefined): void {
  const { words } = arena()
  const at = waitRow(row)
  const waiting = waitingWord(row)
  for (let look = 0; look < looksBeforeSleep && outside === undefined; look++) {
    if (Atomics.load(words, at) !== waiting) return
    Atomics.pause()
  }
  const leftMs = deadline === Infinity ? Infinity : deadline - performance.now()
  const firstMs = Math.min(leftMs, stackAfterMs)
  if (outside?.wait(firstMs) ?? Atomics.wait(words, at, waiting, firstMs) !== 'timed-out') return
  if (leftMs <= stackAfterMs) return
  if (words[at + wait.hasStack] !== 1) writeStack(row, stackHere())
  const restMs = deadline - performance.now()
  if (outside === undefined) Atomics.wait(words, at, waiting, restMs)
  else outside.wait(Math.min(restMs, outsideSliceMs))
}

/**
 * The same for a task that awaits; its thread goes on meanwhile, and the process lives until it is settled.
 * `me` may be the party of a thread of another process, on whose behalf this thread waits.
 */
export async function blockAsync(me: number, waiting: Waiting, options: ServedWaitOptions | undefined): Promise<void> {
  const deadline = deadlineOf(options)
  const { signal, elsewhere } = options ?? {}
  assertSignal(signal)
  if (isAborted(signal)) throw cancelled(signal, waiting)
  const manner = { hasDeadline: deadline !== Infinity, isBlocked: elsewhere === 'blocks' }
  const row = openAsyncWait(me, waiting, manner)
  let isSignalled = false
  let isTaken = false
  let life: Disposable | undefined
  try {
    while (!(isTaken = waiting.attempt(row, isSignalled))) {
      if (life === undefined) {
        life = keepAlive()
        noteStack(row, elsewhere === undefined)
      }
      await sleepAsync(row, deadline, signal, waiting.outside)
      isSignalled = hear(row, waiting)
      const isOver = isAborted(signal) || isPast(deadline)
      if (isSignalled || !isOver || !giveUp(row)) continue
      throw isAborted(signal) ? cancelled(signal, waiting) : timedOut(waiting, options)
    }
  } finally {
    end(row, waiting, isTaken, isSignalled)
    life?.[Symbol.dispose]()
  }
}

async function sleepAsync(
  row: number,
  end: number,
  signal: AbortSignal | undefined,
  outside: OutsideWord | undefined,
): Promise<void> {
  const waited = outside?.waitAsync() ?? Atomics.waitAsync(arena().words, waitRow(row), waitingWord(row))
  if (!waited.async) return
  const deadline = outside === undefined ? end : Math.min(end, performance.now() + outsideSliceAsyncMs)
  const ends: (() => void)[] = []
  const early = new Promise<void>((resolve) => {
    if (deadline !== Infinity) ends.push(timer(resolve, deadline - performance.now()))
    if (signal === undefined) return
    // Given up already, while it looked again because it was woken: the signal says so once only.
    if (signal.aborted) return resolve()
    const onAbort = (): void => resolve()
    signal.addEventListener('abort', onAbort, { once: true })
    ends.push(() => signal.removeEventListener('abort', onAbort))
  })
  try {
    await (deadline === Infinity && signal === undefined ? waited.value : Promise.race([waited.value, early]))
  } finally {
    for (const each of ends) each()
  }
}

/** Node takes a longer delay for 1 ms; a wait that comes back early looks, and waits on. */
const delayMsMax = 2_147_483_647

function timer(onTime: () => void, delayMs: number): () => void {
  const handle = setTimeout(onTime, Math.min(Math.max(0, Math.ceil(delayMs)), delayMsMax))
  return () => clearTimeout(handle)
}

/** On behalf of a thread of another process there is no stack here: that thread says where it stands. */
function noteStack(row: number, isOwn: boolean): void {
  const waiting = waitingWord(row)
  const note = (stack: string): void => {
    if (waitIn(row)?.word === waiting && stackOf(row) === '') writeStack(row, stack)
  }
  if (isOwn) whenLong(note)
  else setTimeout(() => note(''), stackAfterMs).unref()
}

/**
 * Tells where this task stands now, once a wait that begins here lasts; what it returns stops that. Of a task that awaits, the
 * stack is gone once it waits; so it is taken at once, and made text only if it lasts.
 */
export function whenLong(tell: (stack: string) => void): () => void {
  const holder: { stack?: string } = {}
  capture(holder, awaitedFramesMax)
  const timer = setTimeout(() => tell(framesOf(holder.stack)), stackAfterMs).unref()
  return () => clearTimeout(timer)
}

function stackHere(): string {
  const holder: { stack?: string } = {}
  capture(holder, blockedFramesMax)
  return framesOf(holder.stack)
}

function capture(holder: object, framesMax: number): void {
  const before = Error.stackTraceLimit
  Error.stackTraceLimit = framesMax
  Error.captureStackTrace(holder)
  Error.stackTraceLimit = before
}

/** Also of Node itself: they say nothing of where the program stands. */
const ownFrame =
  /\bnode:internal\/|[/\\]threads[/\\](waiting[/\\]|memory[/\\]|running[/\\](service|thread)|processes[/\\](remote|process-main)|deadlock[/\\](safe-resources|resource-client))[\w-]*\.[jt]s/

/** Frames of the program, not of this library's waiting. */
function framesOf(stack: string | undefined): string {
  const frames = (stack ?? '').split('\n').slice(1)
  const outside = frames.filter((frame) => !ownFrame.test(frame))
  return (outside.length > 0 ? outside : frames).join('\n')
}

/** Takes note of what others did to the wait. Whether it was woken. */
function hear(row: number, waiting: Waiting): boolean {
  let state = stateOfWait(row)
  // A grant stays to be seen: the attempt that follows finds it.
  if (state === waitState.signalled && !waitAgain(row)) state = waitState.raised
  if (state === waitState.raised) throw raised(row, waiting)
  const { primitive, generation } = waiting
  if (generation !== undefined && !isInForce({ index: primitive, generation }))
    throw new CardumenError('closed', `${waiting.what} was closed while it was waited for.`)
  return state !== waitState.waiting
}

/** A wake-up that came too late for this wait, or that it made nothing of, belongs to another. */
function end(row: number, waiting: Waiting, isTaken: boolean, isSignalled: boolean): void {
  const state = closeWait(row)
  if (isTaken) return
  if (waiting.passOn !== undefined) return waiting.passOn()
  if (waiting.primitive !== 0 && (isSignalled || state === waitState.signalled)) wakeFirst(waiting.primitive)
}

function raised(row: number, { what, brokenError }: Waiting): CardumenError {
  const { words } = arena()
  const at = waitRow(row)
  const culprit = words[at + wait.culprit] ?? 0
  switch (words[at + wait.reason]) {
    case raising.interrupted:
      setPartyWord(words[at + wait.party] ?? 0, partyWords.interrupt, 0)
      return interrupted(what)
    case raising.deadlock:
      return deadlocked(what, cycleOf(row))
    case raising.holderDied:
      return holderDied(what, culprit)
    case raising.broken:
      return brokenError?.() ?? new CardumenError('barrier-broken', `${what} is broken.`)
    default:
      return new CardumenError('closed', `${what} was closed while it was waited for.`)
  }
}

function deadlocked(what: string, cycle: string): CardumenError {
  const text = `Waiting for ${what} closes a cycle of waits, and this wait was chosen to fail`
  return new CardumenError('deadlock', cycle === '' ? `${text}.` : `${text}: ${cycle}.`, {
    hint: 'Release what you hold, let the others go first, and try again.',
  })
}

export function holderDied(what: string, culprit: number): CardumenError {
  return new CardumenError(
    'holder-died',
    `${partyText(culprit)} died holding ${what}; what it protects may be half changed.`,
    {
      hint: 'It is free again: check or rebuild what it protects, and acquire it anew.',
    },
  )
}

function throwIfInterrupted(me: number, { what }: Waiting): void {
  if (Atomics.exchange(arena().words, partyRow(me) + partyWords.interrupt, 0) === 1) throw interrupted(what)
}

function interrupted(what: string): CardumenError {
  return new CardumenError('interrupted', `The wait for ${what} was interrupted by another thread.`)
}

function isAborted(signal: AbortSignal | undefined): signal is AbortSignal {
  return signal?.aborted === true
}

function cancelled(signal: AbortSignal, { what }: Waiting): CardumenError {
  return new CardumenError('cancelled', `The wait for ${what} was given up.`, { cause: signal.reason })
}

function timedOut({ what }: Waiting, options: WaitOptions | undefined): CardumenError {
  return new CardumenError('timed-out', `${what} could not be had within ${options?.timeoutMs} ms.`)
}
