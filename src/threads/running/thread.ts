/**
 * `Thread`: an exported function, or a class with `run`, in a thread of its own.
 *
 * An instance of a class cannot go to another thread, so a thread is named by its module and export, and made there. The
 * object here is only a handle: where the thread stands is in shared memory, and how it ended is with the service thread. So
 * a handle can be handed to other threads, and any number of them can join, any number of times.
 */
import { isAbsolute } from 'node:path'
import { MessageChannel, MessagePort } from 'node:worker_threads'
import type { Transferable } from 'node:worker_threads'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { adoptArena, arena } from '../memory/arena.ts'
import {
  addParty,
  party as partyWords,
  partyKind,
  partyState,
  partyStateOf,
  partyWord,
  removeParty,
  self,
  setPartyWord,
} from '../memory/parties.ts'
import { packArguments, type PackedArguments, unpackArguments, unpackNow } from '../travel/arguments.ts'
import type { Unpack } from '../travel/kinds.ts'
import { pack, type Packed, type Shareable } from '../travel/shareable.ts'
import { assertMayBlock, block, blockAsync, type Waiting } from '../waiting/block.ts'
import type { AsyncWaitOptions, WaitOptions } from '../waiting/wait-options.ts'
import { interruptParty } from '../waiting/interrupt.ts'
import { nextThreadId } from './current-thread.ts'
import { failureOf } from './failure.ts'
import { prepareToUnpack } from './own-line.ts'
import { askService, askServiceBlocking, canTransfer, tell, throwIfDead } from './service.ts'
import type { Outcome, ThreadKey, ThreadStart } from './thread-messages.ts'

export interface ThreadOptions {
  /** For messages, and for `cardumen threads`; at most 62 bytes are kept. Default: `thread-` and its number. */
  readonly name?: string
  /** Plain data, buffers, shared memory, and what is shareable: locks, queues, other threads. */
  readonly args?: readonly unknown[]
  /** Of what is in `args`: goes to the thread itself, and is gone here. */
  readonly transfer?: readonly Transferable[]
  /** A daemon does not keep the process alive, and ends with it. Default false. */
  readonly daemon?: boolean
  /** Heap and buffers of its own; a thread that uses more is ended. Default: as much as Node gives. */
  readonly memoryMegabytesMax?: number
}

/** A thread that was started. */
interface StartedState extends ThreadKey {
  /** Of its process: so it is refused where the numbers above would mean others. */
  readonly memory: SharedArrayBuffer
  readonly name: string
  readonly isDaemon: boolean
}

prepareToUnpack()

export class Thread<Result = unknown> implements Shareable {
  readonly name: string
  /** Counts the threads of this process; the main thread is 0. */
  readonly id: number
  readonly daemon: boolean
  readonly #module: string
  readonly #functionName: string
  readonly #options: ThreadOptions
  #key: ThreadKey | undefined
  #outcome: Outcome | undefined

  /**
   * Nothing runs until `start`.
   * @param module - absolute: `new URL('./work.ts', import.meta.url)`.
   * @throws CardumenError `option-invalid`
   */
  constructor(module: URL | string, functionName: string, options: ThreadOptions = {}, started?: StartedState) {
    if (started === undefined) checkOptions(functionName, options)
    this.#module = started === undefined ? checkedModule(module) : ''
    this.#functionName = functionName
    this.#options = options
    this.id = started?.id ?? nextThreadId()
    this.name = started?.name ?? options.name ?? `thread-${this.id}`
    this.daemon = started?.isDaemon ?? options.daemon ?? false
    this.#key = started
  }

  /** A thread that runs `new ClassName(...args).run()`: the class is made where it runs. */
  static of<Result = unknown>(module: URL | string, className: string, options?: ThreadOptions): Thread<Result> {
    return new Thread<Result>(module, className, options)
  }

  /**
   * Returns at once; that the module or the function is missing shows at `join`, and is printed.
   * @throws CardumenError `thread-state` where it was started already or the process may start none, `cannot-travel`,
   * `capacity-reached`
   */
  start(): void {
    if (this.#key !== undefined)
      throw new CardumenError('thread-state', `${this.#text} was started already.`, {
        hint: 'A thread runs once: make another.',
      })
    throwIfDead()
    const { args = [], transfer = [], memoryMegabytesMax } = this.#options
    const carried = this.#carry(packArguments(args, { transfer }), transfer)
    const key = this.#enter()
    const start: ThreadStart = {
      ...key,
      name: this.name,
      isDaemon: this.daemon,
      module: this.#module,
      functionName: this.#functionName,
      memoryMegabytesMax,
      args: carried,
    }
    try {
      tell({ kind: 'start', start }, carried instanceof MessagePort ? [carried] : [])
    } catch (error) {
      removeParty(key.party)
      throw error
    }
    this.#key = key
    handles.register(this, key.id, this)
  }

  /** It was started, and has not ended yet. */
  get isAlive(): boolean {
    return this.#key !== undefined && isRunning(this.#key)
  }

  /**
   * Blocks until the thread has ended, and gives what its function returned.
   * @throws CardumenError `thread-failed` (its cause is the error), `thread-exited`, `module-failed`, `function-unknown`,
   * `cannot-travel` (the result), `would-block`, `timed-out`, `interrupted`, `deadlock`, `thread-state`
   */
  join(options?: WaitOptions): Result {
    assertMayBlock(`Thread.join of "${this.name}"`, 'thread.joinAsync()')
    const key = this.#joinable()
    block(self(), this.#waiting(key), options)
    this.#outcome ??= askServiceBlocking('outcome', key.id) as Outcome
    if (this.#outcome.kind !== 'returned') throw failureOf(this.name, this.#outcome)
    return unpackNow(structuredClone(this.#outcome.value))[0] as Result
  }

  /** As `join`, for what may not block. `signal` ends the wait, not the thread. @throws CardumenError also `cancelled` */
  async joinAsync(options?: AsyncWaitOptions): Promise<Result> {
    const key = this.#joinable()
    await blockAsync(self(), this.#waiting(key), options)
    this.#outcome ??= (await askService('outcome', key.id)) as Outcome
    if (this.#outcome.kind !== 'returned') throw failureOf(this.name, this.#outcome)
    return (await unpackArguments(structuredClone(this.#outcome.value)))[0] as Result
  }

  /** Ends the blocking wait that it is in with `interrupted`, or else its next one. Nothing happens to one that has ended. */
  interrupt(): void {
    const key = this.#started()
    if (!isRunning(key)) return
    interruptParty(key.party)
  }

  /**
   * Ends it in the middle of whatever it does, and resolves when it is gone. What it held is told to whoever waits for it; what
   * that protects may be half changed.
   */
  async terminate(): Promise<void> {
    const key = this.#started()
    // Whoever started it may have told us of it before its start has come to the service.
    while (isRunning(key) && (await askService('terminate', key.id)) !== true);
  }

  /** @throws CardumenError `thread-state` before `start` */
  [pack](): Packed {
    const { id, party, generation } = this.#started()
    handles.unregister(this)
    tell({ kind: 'keep', thread: id })
    const state: StartedState = {
      memory: arena().buffer,
      id,
      party,
      generation,
      name: this.name,
      isDaemon: this.daemon,
    }
    return { kind: 'thread', state }
  }

  #carry(packed: PackedArguments, transfer: readonly Transferable[]): ThreadStart['args'] {
    const isOverPort = canTransfer()
    try {
      if (isOverPort) return inPort(packed, transfer)
      if (transfer.length > 0) throw new TypeError('a worker that was not started as a Thread can transfer nothing')
      return structuredClone(packed)
    } catch (cause) {
      if (cause instanceof CardumenError) throw cause
      const text = cause instanceof Error ? cause.message : String(cause)
      throw new CardumenError('cannot-travel', `The arguments of ${this.#text} cannot go to it: ${text}`, { cause })
    }
  }

  #enter(): ThreadKey {
    const party = addParty({
      name: this.name,
      kind: partyKind.thread,
      state: partyState.starting,
      pid: process.pid,
      threadId: 0,
    })
    setPartyWord(party, partyWords.id, this.id)
    return { id: this.id, party, generation: partyWord(party, partyWords.generation) }
  }

  #started(): ThreadKey {
    if (this.#key !== undefined) return this.#key
    throw new CardumenError('thread-state', `${this.#text} was not started.`, { hint: 'Call start() first.' })
  }

  #joinable(): ThreadKey {
    const key = this.#started()
    if (key.party === self() && isRunning(key))
      throw new CardumenError('thread-state', `${this.#text} would wait for its own end.`)
    return key
  }

  #waiting(key: ThreadKey): Waiting {
    const attempt = (): boolean => {
      if (!isRunning(key)) return true
      throwIfDead()
      return false
    }
    return { primitive: 0, target: key.party, what: `the end of ${this.#text}`, attempt }
  }

  get #text(): string {
    return `thread "${this.name}"`
  }
}

/** What `pack` gave, in another thread. */
export const unpackThread: Unpack = (state: StartedState) => {
  adoptArena(state.memory)
  return new Thread('', '', {}, state)
}

/** Nobody can ask how a thread ended any more, once the one object of it is gone. */
const handles = new FinalizationRegistry<number>((thread) => tell({ kind: 'release', thread }))

function isRunning({ party, generation }: ThreadKey): boolean {
  const state = partyStateOf(party)
  return (
    (state === partyState.starting || state === partyState.running) &&
    partyWord(party, partyWords.generation) === generation
  )
}

function inPort(packed: PackedArguments, transfer: readonly Transferable[]): MessagePort {
  const { port1, port2 } = new MessageChannel()
  try {
    port1.postMessage(packed, transfer)
  } catch (error) {
    port1.close()
    throw error
  }
  port1.close()
  return port2
}

function checkedModule(module: URL | string): string {
  const text = String(module)
  if (URL.canParse(text)) return text
  const way = text.startsWith('.') ? `new URL('${text}', import.meta.url)` : `import.meta.resolve('${text}')`
  throw new CardumenError('option-invalid', `${text} names no module that another thread could find.`, {
    hint: `Give ${isAbsolute(text) ? `pathToFileURL('${text}')` : way}.`,
  })
}

/** Programs that no compiler has looked at come here too; what is wrong is said where it was written. */
function checkOptions(functionName: unknown, { name, args, transfer, memoryMegabytesMax }: ThreadOptions): void {
  if (typeof functionName !== 'string')
    throw new CardumenError('option-invalid', 'A Thread is given the name of an exported function, as a text.', {
      hint: `A function itself cannot go to another thread: export it from a module, and give its name.`,
    })
  if (name !== undefined && typeof name !== 'string')
    throw new CardumenError('option-invalid', `The name of a Thread is a text, and no ${typeof name}.`)
  for (const [what, list] of Object.entries({ args, transfer }))
    if (list !== undefined && !Array.isArray(list))
      throw new CardumenError('option-invalid', `${what} of a Thread is an array.`, {
        hint: `For named arguments give one object: args: [{ … }].`,
      })
  if (memoryMegabytesMax === undefined || memoryMegabytesMax > 0) return
  throw new CardumenError(
    'option-invalid',
    `memoryMegabytesMax is ${memoryMegabytesMax}; it is a number of megabytes above 0.`,
  )
}
