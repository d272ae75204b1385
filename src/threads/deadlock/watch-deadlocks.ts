/**
 * `watchDeadlocks`: has this process watched for deadlocks, and says what is to be done about one.
 *
 * Nothing watches unless it is asked for: to ignore deadlocks (the ostrich's policy) costs nothing. The watching is the service
 * thread's; this is what switches it on and hears of what it finds.
 */
import { isMainThread, MessageChannel, type MessagePort } from 'node:worker_threads'
import type { VictimRule } from '../../protocols/deadlock/choose-victim.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { ownPort } from '../running/own-line.ts'
import { askService } from '../running/service.ts'
import { assertFlag } from '../waiting/site.ts'
import type { DeadlockNotice, WatchOrder } from './deadlock-watch.ts'
import type { FoundDeadlock } from './found-deadlock.ts'

export interface WatchDeadlocksOptions {
  /**
   * `ignore`: nothing is watched. `report`, the default: each deadlock is told once, on standard error or to the handler.
   * `raise`: the wait of one of its threads fails with `deadlock`, so that the others can go on; those that are only
   * suspected are told, as with `report`.
   */
  readonly policy?: 'ignore' | 'report' | 'raise'
  /** Whose wait fails: of who began to wait last (the default), or of who holds least. */
  readonly victim?: VictimRule
  /** Whether a wait of a deadlock that is only suspected may fail too. Default false. */
  readonly raiseSuspected?: boolean
  /** Between two looks while some wait lasts; default 500. */
  readonly everyMs?: number
  /** Called in this thread, when it has time. `victim`: the thread whose wait was made to fail, if one was. */
  readonly onDeadlock?: (deadlock: FoundDeadlock, victim: string | undefined) => void
}

const everyMsDefault = 500
const everyMsMax = 3_600_000
let watchesBegun = 0

/**
 * Watches from now on, until what it returns is disposed of or this thread ends. It does not keep the process alive.
 * @throws CardumenError `option-invalid`; `thread-state` in a worker that was not started as a Thread, where there is no
 * Thread yet, or where a handler is given
 */
export function watchDeadlocks(options: WatchDeadlocksOptions = {}): Disposable {
  const { policy = 'report', victim = 'youngest', raiseSuspected = false, everyMs = everyMsDefault } = options
  assertOneOf('policy', policy, ['ignore', 'report', 'raise'])
  assertOneOf('victim', victim, ['youngest', 'least-held'])
  assertFlag('raiseSuspected', raiseSuspected)
  assertHandler(options.onDeadlock)
  if (typeof everyMs !== 'number' || !(everyMs >= 1 && everyMs <= everyMsMax))
    throw new CardumenError('option-invalid', `everyMs is ${String(everyMs)}; it is a number from 1 to ${everyMsMax}.`)
  if (policy === 'ignore') return { [Symbol.dispose]: () => undefined }
  const number = ++watchesBegun
  const ports = options.onDeadlock === undefined ? undefined : portsFor(options.onDeadlock)
  const order: WatchOrder = { number, policy, victim, raiseSuspected, everyMs, port: ports?.port2 }
  const begun = askService('watch-deadlocks', order, ports === undefined ? {} : { transfer: [ports.port2] })
  begun.catch(() => undefined)
  return {
    [Symbol.dispose]() {
      ports?.port1.close()
      begun.then(() => askService('unwatch-deadlocks', number)).catch(() => undefined)
    },
  }
}

function portsFor(handler: NonNullable<WatchDeadlocksOptions['onDeadlock']>): {
  port1: MessagePort
  port2: MessagePort
} {
  if (!isMainThread && ownPort() === undefined)
    throw new CardumenError('thread-state', 'Deadlocks are told to the main thread and to a Thread only.')
  const ports = new MessageChannel()
  ports.port1.on('message', ({ deadlock, victim }: DeadlockNotice) => handler(deadlock, victim))
  // After the listener, which would keep the process alive.
  ports.port1.unref()
  return ports
}

/** Here and not when the first deadlock is told, which may be long after. */
function assertHandler(handler: unknown): void {
  if (handler === undefined || typeof handler === 'function') return
  throw new CardumenError('option-invalid', `onDeadlock is ${String(handler)}; it is a function.`)
}

function assertOneOf(what: string, value: unknown, allowed: readonly string[]): void {
  if (allowed.some((each) => each === value)) return
  throw new CardumenError('option-invalid', `${what} is ${String(value)}; it is one of ${allowed.join(', ')}.`)
}
