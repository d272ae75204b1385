/**
 * `ThreadLocal`: one value for each thread, under one object that is handed around.
 *
 * Every thread loads its own copy of each module, so a plain variable of a module is thread-local already. This is for what is
 * handed to other threads: there it begins with a copy of the first value. For one value per task of a thread, Node has
 * `AsyncLocalStorage`.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { arena, header } from '../memory/arena.ts'
import { packArguments } from '../travel/arguments.ts'
import type { Unpack } from '../travel/kinds.ts'
import { pack, type Packed, type Shareable } from '../travel/shareable.ts'

/** That came to one thread. They are kept as long as the thread, since they may come again. */
const arrivedMax = 4_096

interface ThreadLocalState {
  readonly key: number
  readonly initial: unknown
  /** Of its process: in another, the number would be another's. */
  readonly memory: SharedArrayBuffer
}

export class ThreadLocal<Value> implements Shareable {
  readonly #state: ThreadLocalState
  /** Of this thread. */
  value: Value

  /** @throws CardumenError `cannot-travel` where other threads could not be given a copy of `initial`. */
  constructor(initial: Value, state = newState(initial)) {
    this.#state = state
    this.value = initial
  }

  [pack](): Packed {
    arrived.set(this.#state.key, this)
    return { kind: 'threadLocal', state: this.#state }
  }
}

function newState(initial: unknown): ThreadLocalState {
  const key = Atomics.add(arena().words, header.sequence, 1)
  const { shared } = packArguments([initial], { what: () => 'the first value' })
  if (shared.length > 0) throw new CardumenError('cannot-travel', 'The first value holds something shared.')
  return { key, initial: structuredClone(initial), memory: arena().buffer }
}

const arrived = new Map<number, ThreadLocal<unknown>>()

export const unpackThreadLocal: Unpack = (state: ThreadLocalState) => {
  const known = arrived.get(state.key)
  if (known !== undefined) return known
  if (arrived.size >= arrivedMax)
    throw new CardumenError('capacity-reached', `A thread can be given ${arrivedMax} ThreadLocals.`)
  // A copy, since what it is handed on with stays as it was.
  const made = new ThreadLocal<unknown>(structuredClone(state.initial), state)
  arrived.set(state.key, made)
  return made
}
