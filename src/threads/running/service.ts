/**
 * The service thread as the other threads see it: started with the first thread, asked by message.
 *
 * There is one per process. It has an event loop that nobody blocks, so it sees at once that a thread has died, also while
 * whoever started that thread sleeps in `Atomics.wait`. Whoever may block asks it by posting and then sleeping on its own wait
 * row, and finds the answer in its port; so such a wait can be seen, interrupted and timed like any other.
 * The service is the main thread's worker, since a worker ends with the thread that started it; so the first thread of a
 * process is started on the main thread, or in a thread that `Thread` started.
 */
import { BroadcastChannel, isMainThread, MessageChannel, receiveMessageOnPort, SHARE_ENV } from 'node:worker_threads'
import type { MessagePort, Transferable, Worker } from 'node:worker_threads'
import { siblingModule } from '../../host/sibling-module.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { arena, header } from '../memory/arena.ts'
import { addParty, partyKind, partyState, removeParty, self } from '../memory/parties.ts'
import { unpackError } from '../travel/travelling-error.ts'
import { assertMayBlock, block } from '../waiting/block.ts'
import { type AsyncWaitOptions, deadlineOf, type WaitOptions } from '../waiting/wait-options.ts'
import { openWaits, signal as signalWait, wait, waitIn, waitRow } from '../waiting/waits.ts'
import { ownPort } from './own-line.ts'
import { startWorker } from './start-worker.ts'
import {
  type Broadcast,
  type FromService,
  type ServiceData,
  serviceChannelName,
  type ToService,
} from './thread-messages.ts'

export interface AskOptions extends AsyncWaitOptions {
  readonly transfer?: readonly Transferable[]
}

export interface BlockingAskOptions extends WaitOptions {
  readonly transfer?: readonly Transferable[]
}

/** Answers that one thread waits for at once. */
const asksMax = 65_536
/** Node takes a longer delay for 1 ms. */
const delayMsMax = 2_147_483_647
const serviceName = 'cardumen service'
/** In the arena's header instead of the service's party: it has died. */
const dead = -1

/** A message port or a broadcast channel. */
type Inbox = Pick<MessagePort, 'ref' | 'unref'> & { onmessage: ((event: MessageEvent) => void) | null }

interface Line {
  post(message: ToService, transfer: readonly Transferable[]): void
  /** What the service answers on. */
  readonly inbox: Inbox
  readonly canTransfer: boolean
}

type Answer = Extract<FromService, { ask: number }>

let line: Line | undefined
let nextAsk = 1
const pending = new Map<number, (answer: Answer | CardumenError) => void>()
/** Of the main thread: asks do not count, these keep the process alive. */
let startsSent = 0
let startsSeen = 0
let liveThreads = 0
let service: Worker | undefined
const errorListeners = new Set<(notice: Extract<FromService, { kind: 'thread-error' }>) => void>()

/**
 * The service's answer.
 * @throws CardumenError `timed-out`, `cancelled` (then the service is told to give up), what the operation throws.
 */
export async function askService(operation: string, payload?: unknown, options: AskOptions = {}): Promise<unknown> {
  const deadline = deadlineOf(options)
  const { signal, transfer = [] } = options
  if (isAborted(signal)) throw cancelled(operation, signal)
  const { promise, resolve } = Promise.withResolvers<Answer | CardumenError>()
  const ask = post(operation, payload, transfer, false, resolve)
  const giveUp = (error: CardumenError): void => {
    if (!pending.delete(ask)) return
    tell({ kind: 'withdraw', ask })
    resolve(error)
  }
  const onAbort = (): void => giveUp(cancelled(operation, signal))
  signal?.addEventListener('abort', onAbort, { once: true })
  const stopTimer = whenDue(deadline, () => giveUp(timedOut(operation, options)))
  try {
    return opened(await promise)
  } finally {
    stopTimer()
    signal?.removeEventListener('abort', onAbort)
    updateLife()
  }
}

/** Calls back once it is so late, unless what this returns is called first. */
function whenDue(deadline: number, onDue: () => void): () => void {
  let timer: NodeJS.Timeout | undefined
  const look = (): void => {
    const leftMs = Math.ceil(deadline - performance.now())
    if (leftMs <= 0) onDue()
    else timer = setTimeout(look, Math.min(leftMs, delayMsMax))
  }
  if (deadline !== Infinity) look()
  return () => clearTimeout(timer)
}

/**
 * The same, and blocks this thread.
 * @throws CardumenError `would-block`, `timed-out`, `interrupted`, what the operation throws.
 */
export function askServiceBlocking(operation: string, payload?: unknown, options: BlockingAskOptions = {}): unknown {
  assertMayBlock(`Asking the service thread for "${operation}"`, 'askService()')
  return askServiceNow(operation, payload, options)
}

/** The same also on a main thread, for what is answered at once. Always with a time limit there. */
export function askServiceNow(operation: string, payload?: unknown, options: BlockingAskOptions = {}): unknown {
  let answer: Answer | CardumenError | undefined
  const ask = post(operation, payload, options.transfer ?? [], true, (given) => (answer = given))
  const attempt = (): boolean => {
    if (answer === undefined) hearAll()
    if (answer === undefined) throwIfDead()
    return answer !== undefined
  }
  const what = `the service thread's answer to "${operation}"`
  try {
    block(self(), { primitive: 0, mode: ask, target: serviceParty(), what, attempt }, options)
  } finally {
    if (pending.delete(ask)) tell({ kind: 'withdraw', ask })
    updateLife()
  }
  return opened(answer as Answer | CardumenError | undefined)
}

/** Says something that wants no answer. */
export function tell(message: ToService, transfer: readonly Transferable[] = []): void {
  const own = openLine()
  own.post(message, transfer)
  if (message.kind === 'start' && isMainThread) startsSent++
  updateLife()
}

/** Whether things can be transferred to the service: not from a worker that the program started itself. */
export function canTransfer(): boolean {
  return openLine().canTransfer
}

/** Hears of errors that ended threads, after the service has been asked to tell them. Gives what ends that. */
export function listenToErrors(listener: (notice: Extract<FromService, { kind: 'thread-error' }>) => void): () => void {
  errorListeners.add(listener)
  return () => errorListeners.delete(listener)
}

function post(
  operation: string,
  payload: unknown,
  transfer: readonly Transferable[],
  isBlocking: boolean,
  onAnswer: (answer: Answer | CardumenError) => void,
): number {
  throwIfDead()
  if (pending.size >= asksMax)
    throw new CardumenError(
      'capacity-reached',
      `A thread can have ${asksMax} questions to its process's service at once.`,
    )
  const own = openLine()
  const ask = nextAsk
  nextAsk = (nextAsk % 0x7fffffff) + 1
  own.post({ kind: 'ask', ask, operation, payload, isBlocking }, transfer)
  pending.set(ask, onAnswer)
  updateLife()
  return ask
}

function opened(answer: Answer | CardumenError | undefined): unknown {
  if (answer === undefined) throw died()
  if (answer instanceof CardumenError) throw answer
  if (answer.kind === 'refusal') throw unpackError(answer.error)
  return answer.value
}

function openLine(): Line {
  line ??= makeLine()
  return line
}

function makeLine(): Line {
  const port = ownPort() ?? (isMainThread ? startService() : undefined)
  const made = port === undefined ? broadcastLine() : portLine(port)
  made.inbox.onmessage = (event) => hear(event.data as FromService)
  made.inbox.unref()
  return made
}

function portLine(port: MessagePort): Line {
  return {
    post: (message, transfer) => port.postMessage(message, transfer),
    inbox: port as unknown as Inbox,
    canTransfer: true,
  }
}

/** For a worker that the program started itself. Its name is its own: the number of a party comes up again. */
function broadcastLine(): Line {
  if (serviceParty() === 0)
    throw new CardumenError('thread-state', 'The first Thread of a process is started on its main thread.', {
      hint: 'Start one there first, or start this worker as a Thread.',
    })
  const from = `${serviceChannelName}.${Atomics.add(arena().words, header.sequence, 1)}`
  const post = (message: ToService): void => {
    const channel = new BroadcastChannel(serviceChannelName)
    channel.postMessage({ from, party: self(), message } satisfies Broadcast)
    channel.close()
  }
  return { post, inbox: new BroadcastChannel(from) as unknown as Inbox, canTransfer: false }
}

function startService(): MessagePort {
  const { words } = arena()
  const { port1, port2 } = new MessageChannel()
  const mainParty = self()
  const party = addParty({
    name: serviceName,
    kind: partyKind.service,
    state: partyState.starting,
    pid: process.pid,
    threadId: 0,
  })
  service = startedService({ party, mainParty, port: port2 })
  service.unref()
  service.on('error', (error) => (deathCause = error))
  service.on('exit', onServiceExit)
  Atomics.store(words, header.service, party)
  return port1
}

/** @throws CardumenError `thread-state`, where Node may start no worker or has no room for one. */
function startedService(data: ServiceData): Worker {
  try {
    return startWorker(siblingModule(import.meta.url, 'service-thread'), data, {
      name: serviceName,
      transferList: [data.port],
      // All threads of a process have one environment, as threads have elsewhere.
      env: SHARE_ENV,
    })
  } catch (cause) {
    data.port.close()
    removeParty(data.party)
    const text = cause instanceof Error ? cause.message : String(cause)
    throw new CardumenError('thread-state', `This process can start no threads: ${text}`, { cause })
  }
}

let deathCause: unknown

/** Only by a fault of ours; all threads have ended with it. */
function onServiceExit(): void {
  const { words } = arena()
  Atomics.store(words, header.service, dead)
  liveThreads = 0
  startsSeen = startsSent
  for (const onAnswer of pending.values()) onAnswer(died())
  pending.clear()
  for (const row of openWaits()) {
    // Joins, and questions to the service.
    if (words[waitRow(row) + wait.primitive] !== 0) continue
    const found = waitIn(row)
    if (found !== undefined) signalWait(found)
  }
  updateLife()
}

function serviceParty(): number {
  return Atomics.load(arena().words, header.service)
}

/** @throws CardumenError `thread-exited` */
export function throwIfDead(): void {
  if (serviceParty() === dead) throw died()
}

function died(): CardumenError {
  return new CardumenError(
    'thread-exited',
    'The service thread of this process has died, and all its threads with it.',
    {
      executed: 'unknown',
      ...(deathCause === undefined ? {} : { cause: deathCause }),
      hint: 'This is a fault of cardumen; end the process.',
    },
  )
}

/** Of a thread that blocks: its event loop does not hear. */
function hearAll(): void {
  const { inbox } = openLine()
  for (;;) {
    const received = receiveMessageOnPort(inbox as unknown as MessagePort) as { message: FromService } | undefined
    if (received === undefined) return
    hear(received.message)
  }
}

function hear(message: FromService): void {
  if (message.kind === 'live') {
    liveThreads = message.count
    startsSeen = message.startsSeen
    return updateLife()
  }
  // Not here and now: this thread may be in the middle of a blocking wait.
  if (message.kind === 'thread-error') {
    // Each by itself, so that one that throws keeps nothing from the others.
    for (const listener of errorListeners) queueMicrotask(() => listener(message))
    return
  }
  const onAnswer = pending.get(message.ask)
  pending.delete(message.ask)
  onAnswer?.(message)
}

/** The process lives while answers are awaited or threads that are no daemons run. */
function updateLife(): void {
  if (line === undefined) return
  if (pending.size > 0) line.inbox.ref()
  else line.inbox.unref()
  if (liveThreads > 0 || startsSent > startsSeen) service?.ref()
  else service?.unref()
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

function cancelled(operation: string, signal: AbortSignal | undefined): CardumenError {
  return new CardumenError('cancelled', `"${operation}" was given up.`, { executed: 'unknown', cause: signal?.reason })
}

function timedOut(operation: string, { timeoutMs }: AskOptions): CardumenError {
  return new CardumenError('timed-out', `"${operation}" was not answered within ${timeoutMs} ms.`, {
    executed: 'unknown',
  })
}
