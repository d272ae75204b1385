/**
 * Watching for deadlocks, in the service thread: it waits for no lock, so it goes on when all others are stuck.
 *
 * It sleeps until some wait has lasted 10 ms, which the waiter says in the arena's header; while such waits last it looks every
 * now and then, and soon again where it has seen something. So a process in which nobody waits for long pays nothing, and
 * no wait pays anything that it would not pay without.
 */
import { writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { MessagePort } from 'node:worker_threads'
import type { VictimRule } from '../../protocols/deadlock/choose-victim.ts'
import type { Deadlock } from '../../protocols/deadlock/find-deadlocks.ts'
import { arena, header } from '../memory/arena.ts'
import { partyWord, party as partyWords } from '../memory/parties.ts'
import { onBurial } from '../running/dead-party.ts'
import type { OperationContext } from '../running/service-operations.ts'
import { openWaits, wait, waitRow } from '../waiting/waits.ts'
import { DeadlockLookout } from './deadlock-lookout.ts'
import { confirmAfterMs } from './find-deadlocks.ts'
import { type FoundDeadlock, toldDeadlock } from './found-deadlock.ts'

/** Payload of `watch-deadlocks`. */
export interface WatchOrder {
  /** Of the thread that asks, and no other watch of it. */
  readonly number: number
  readonly policy: 'report' | 'raise'
  readonly victim: VictimRule
  readonly raiseSuspected: boolean
  readonly everyMs: number
  /** Where they are told; without one, what is not ended is written to standard error. */
  readonly port: MessagePort | undefined
}

/** What goes over that port. */
export interface DeadlockNotice {
  readonly deadlock: FoundDeadlock
  /** Whose wait was made to fail. */
  readonly victim: string | undefined
}

interface Watch extends WatchOrder {
  readonly party: number
}

const standardError = 2
const watches = new Map<string, Watch>()
const lookout = new DeadlockLookout()
let isOnPatrol = false

onBurial((party) => {
  for (const [key, watch] of watches) if (watch.party === party) end(key)
})

/** @param payload - `WatchOrder` */
export function beginWatch(payload: unknown, { party }: OperationContext): void {
  const order = payload as WatchOrder
  order.port?.unref()
  watches.set(keyOf(party, order.number), { ...order, party })
  if (!isOnPatrol) void patrol()
}

/** @param payload - the number of a watch of whoever asks */
export function endWatch(payload: unknown, { party }: OperationContext): void {
  end(keyOf(party, Number(payload)))
}

function keyOf(party: number, number: number): string {
  return `${party}.${partyWord(party, partyWords.generation)}.${number}`
}

function end(key: string): void {
  watches.get(key)?.port?.close()
  watches.delete(key)
}

async function patrol(): Promise<void> {
  isOnPatrol = true
  const { words } = arena()
  try {
    while (watches.size > 0) {
      const seen = Atomics.load(words, header.longWaits)
      for (const deadlock of lookout.look()) onDeadlock(deadlock)
      if (lookout.isSuspicious) await delay(confirmAfterMs)
      else if (isAnyLong()) await delay(leastMs())
      else await Atomics.waitAsync(words, header.longWaits, seen).value
    }
  } finally {
    isOnPatrol = false
  }
}

function isAnyLong(): boolean {
  const { words } = arena()
  return openWaits().some((row) => words[waitRow(row) + wait.hasStack] !== 0)
}

function leastMs(): number {
  return Math.min(...[...watches.values()].map(({ everyMs }) => everyMs))
}

function onDeadlock(deadlock: Deadlock): void {
  if (!isWorthTelling(deadlock)) return
  const raiser = [...watches.values()].find((watch) => mayRaise(watch, deadlock))
  const victim = raiser === undefined ? undefined : lookout.failVictim(deadlock, raiser.victim)?.name
  const notice: DeadlockNotice = { deadlock: toldDeadlock(deadlock), victim }
  for (const { port } of watches.values()) port?.postMessage(notice)
  if (victim === undefined && [...watches.values()].some(({ port }) => port === undefined)) print(notice)
}

/** One that a thread which merely awaits may end, by an event or a message, is how programs rest. On demand it is told too. */
function isWorthTelling({ certainty, cycle }: Deadlock): boolean {
  return certainty === 'certain' || cycle.every(({ next }) => next !== 'may-give')
}

function mayRaise({ policy, raiseSuspected }: Watch, { certainty }: Deadlock): boolean {
  return policy === 'raise' && (raiseSuspected || certainty === 'certain')
}

/** Straight to the descriptor: the main thread, which prints for others, may be one of those that wait. */
function print({ deadlock }: DeadlockNotice): void {
  try {
    writeSync(standardError, `cardumen: ${deadlock.text}\n`)
  } catch {
    // Nobody reads it, or not fast enough.
  }
}
