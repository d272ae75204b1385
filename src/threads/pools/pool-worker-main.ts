/**
 * The program of a thread of a pool: takes tasks from the board that all threads share, runs them, reports the results.
 *
 * Where the queue is empty it looks on for a moment, since the next task is often on its way, and then sleeps in its event
 * loop rather than in `Atomics.wait`: what a function left behind there (a timer, a socket, a line of output) goes on. It turns to
 * the event loop after every few milliseconds of work too. An asynchronous function has the thread until its promise
 * settles, unless the pool lets several run at once.
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { becomeParty } from '../memory/parties.ts'
import { useDirectOutput } from '../running/direct-output.ts'
import { maySynchronouslyUnpack, setOwnPort } from '../running/own-line.ts'
import { packError } from '../travel/travelling-error.ts'
import { loadUnpackers, packArguments, unpackArguments } from '../travel/arguments.ts'
import type { PackedArguments } from '../travel/arguments.ts'
import { HandedOver } from './hand-over.ts'
import type { FromThread, ThreadStart, ToThread } from './pool-messages.ts'
import { readFunction, readValues, writeSerialized, writeWords } from './slot-values.ts'
import { nothing, report, TaskBoard, threadState } from './task-board.ts'

type Exports = Readonly<Record<string, unknown>>

/** After this long in one turn, the thread's other events have theirs. */
const turnMsMax = 5
/** For so long it looks for a further task before it sleeps: shorter where that was in vain before. */
const searchMsMax = 0.05
const searchMsMin = 0.002
const start = workerData as ThreadStart
const { thread, concurrency, port } = start
const board = new TaskBoard(start.board)
const names: string[] = []
let exports: Exports = {}
let running = 0
let isTurnDue = false
let isWaiterPending = false
let searchMs = searchMsMax

useDirectOutput()
becomeParty(start.party)
if (start.line !== undefined) setOwnPort(start.line)
// The thread lives until the pool ends it: nothing else might keep it.
parentPort?.on('message', () => undefined)
if (await load()) {
  // Listened to only now: the pool sends nothing to a thread that has not begun to look for tasks.
  port.on('message', onAssigned)
  board.setState(thread, threadState.busy)
  work()
}

async function load(): Promise<boolean> {
  try {
    exports = (await import(start.module)) as Exports
    if (maySynchronouslyUnpack()) await loadUnpackers()
    names.push(...Object.keys(exports).toSorted())
    send({ kind: 'ready', functions: names })
    return true
  } catch (error) {
    const failure = new CardumenError('module-failed', `${start.module} could not be loaded: ${messageOf(error)}`, {
      cause: error,
    })
    send({ kind: 'module-failed', failure: packError(failure) })
    return false
  }
}

/** Until there is nothing to do, or others have their turn. For a thread that is `busy`. */
function work(): void {
  if (isTurnDue) return
  const untilMs = performance.now() + turnMsMax
  while (running < concurrency) {
    const slot = board.take(thread)
    if (slot === nothing) {
      if (search()) continue
      return
    }
    if (board.waiting > 0) board.wakeOne()
    begin(slot)
    if (performance.now() > untilMs) return postpone()
  }
}

function postpone(): void {
  isTurnDue = true
  setImmediate(() => {
    isTurnDue = false
    work()
  })
}

/** True where there is work; else the thread has gone to sleep, or a task is being sent to it. */
function search(): boolean {
  board.setState(thread, threadState.searching)
  const untilMs = performance.now() + searchMs
  do {
    if (board.waiting > 0) {
      searchMs = Math.min(searchMsMax, searchMs * 2)
      return resume()
    }
    if (board.stateOf(thread) !== threadState.searching) return takeAssigned()
  } while (performance.now() < untilMs)
  searchMs = Math.max(searchMsMin, searchMs / 2)
  if (!board.changeState(thread, threadState.searching, threadState.asleep)) return takeAssigned()
  if (board.waiting > 0 && board.changeState(thread, threadState.asleep, threadState.searching)) return resume()
  return sleep()
}

/** False where a task is being sent to it: that comes first. */
function resume(): boolean {
  return board.changeState(thread, threadState.searching, threadState.busy)
}

/** The message is there in a moment, mostly; if not, the event loop brings it. */
function takeAssigned(): boolean {
  const untilMs = performance.now() + searchMsMax
  do {
    const received = receiveMessageOnPort(port) as { message: ToThread } | undefined
    if (received !== undefined) {
      beginAssigned(received.message)
      return true
    }
  } while (performance.now() < untilMs)
  return false
}

/** One waiter at most: one that was not woken, since a message ended its sleep, serves the next sleep too. */
function sleep(): boolean {
  if (isWaiterPending) return false
  const woken = board.untilWoken(thread)
  if (woken === undefined) return resume()
  isWaiterPending = true
  void woken.then(onWoken)
  return false
}

function onWoken(): void {
  isWaiterPending = false
  if (resume()) work()
  else if (board.stateOf(thread) === threadState.asleep && sleep()) work()
}

function onAssigned(mail: ToThread): void {
  beginAssigned(mail)
  work()
}

/** The next one is likely to come as a message, too, which wakes a thread that sleeps; looking for it would be in vain. */
function beginAssigned(mail: ToThread): void {
  searchMs = searchMsMin
  board.setState(thread, threadState.busy)
  beginSent(mail)
}

function begin(slot: number): void {
  const before = board.mailOf(thread)
  const values = readValues(board, slot)
  if (values !== undefined) return call(slot, nameOf(slot), values)
  board.report(thread, slot, report.asks)
  board.waitForMail(thread, before)
  const received = receiveMessageOnPort(port) as { message: ToThread } | undefined
  beginSent(received?.message ?? { kind: 'none', slot })
}

function beginSent(mail: ToThread): void {
  const { slot } = mail
  if (mail.kind === 'none') return board.report(thread, slot, report.ended)
  if (mail.packed.shared.length === 0) return call(slot, nameOf(slot), mail.packed.values)
  awaitResult(slot, callWithShared(nameOf(slot), mail.packed))
}

function nameOf(slot: number): string {
  return names[readFunction(board, slot)] ?? ''
}

/** What makes shared things again may have to be loaded first. */
async function callWithShared(name: string, packed: PackedArguments): Promise<unknown> {
  return Reflect.apply(functionOf(name), undefined, await unpackArguments(packed))
}

function call(slot: number, name: string, values: readonly unknown[]): void {
  try {
    const result: unknown = Reflect.apply(functionOf(name), undefined, values)
    if (isThenable(result)) awaitResult(slot, settledOnce(result))
    else answer(slot, result)
  } catch (error) {
    fail(slot, error)
  }
}

function functionOf(name: string): () => unknown {
  const target = exports[name]
  if (typeof target === 'function') return target as () => unknown
  throw new CardumenError('function-unknown', `${start.module} exports no function ${name}.`)
}

function awaitResult(slot: number, result: Promise<unknown>): void {
  running++
  const settled = (): void => {
    running--
    if (board.stateOf(thread) === threadState.busy) work()
  }
  result.then(
    (value) => {
      answer(slot, value)
      settled()
    },
    (error: unknown) => {
      fail(slot, error)
      settled()
    },
  )
}

/** A thenable that is no promise may call back twice, or throw; the slot may be another task's by then. */
async function settledOnce(result: PromiseLike<unknown>): Promise<unknown> {
  return await result
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

function answer(slot: number, result: unknown): void {
  if (writeWords(board, slot, [result])) return board.report(thread, slot, report.ended)
  const [value, transfer] = result instanceof HandedOver ? [result.value as unknown, result.transfer] : [result, []]
  try {
    const packed = packArguments([value], { what: () => 'The result', transfer })
    const isPlain = packed.shared.length === 0 && transfer.length === 0
    if (isPlain && writeSerialized(board, slot, packed.values)) board.report(thread, slot, report.ended)
    else send({ kind: 'result', slot, result: packed }, transfer)
  } catch (error) {
    fail(slot, new CardumenError('cannot-travel', messageOf(error), { executed: 'yes' }))
  }
}

function fail(slot: number, error: unknown): void {
  send({ kind: 'failed', slot, failure: packError(error) })
}

function send(message: FromThread, transfer: HandedOver<unknown>['transfer'] = []): void {
  port.postMessage(message, transfer)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
