/**
 * Where an object of a primitive stands: at a row of this process's arena, or before the home of one that lives in another process.
 *
 * What all primitives but the lock do in the same way is here: names for messages, the check that it is not closed, closing,
 * and the wait that fails when it is closed. A remote one stands at row 0, which no primitive has, so it is never in force.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { arena } from '../memory/arena.ts'
import {
  addPrimitive,
  isInForce,
  type Place,
  primitive,
  type PrimitiveKind,
  primitiveName,
  primitiveRow,
  publishPrimitive,
  removePrimitive,
} from '../memory/primitives.ts'
import type { Remote } from '../travel/remote.ts'
import { assertMayBlock, mayBlock, type Waiting } from './block.ts'
import type { WaitOptions } from './wait-options.ts'
import { raiseAll, raising } from './waits.ts'

const nowhere: Place = { index: 0, generation: -1 }

export interface NamedOptions {
  /** For messages, and for `cardumen threads`; at most 62 bytes are kept. */
  readonly name?: string
}

export class Site {
  readonly remote: Remote | undefined
  readonly place: Place
  readonly words: Int32Array<SharedArrayBuffer>
  /** The first word that is the primitive's own. */
  readonly at: number
  readonly #label: string

  constructor(label: string, source: Place | Remote) {
    this.#label = label
    this.remote = isRemote(source) ? source : undefined
    this.place = isRemote(source) ? nowhere : source
    this.words = arena().words
    this.at = primitiveRow(this.place.index) + primitive.own
  }

  get name(): string {
    return this.remote?.name ?? primitiveName(this.place.index)
  }

  /** As messages name it. */
  get text(): string {
    return `${this.#label} "${this.name}"`
  }

  get isInForce(): boolean {
    return Atomics.load(this.words, this.at - primitive.own + primitive.generation) === this.place.generation
  }

  /** @throws CardumenError `closed` */
  assertInForce(): void {
    if (!this.isInForce) throw new CardumenError('closed', `${this.text} was closed.`)
  }

  /** @throws CardumenError `would-block` */
  assertMayBlock(method: string): void {
    if (!mayBlock) assertMayBlock(`${method}() of ${this.text}`, `….${method}Async()`)
  }

  /** Asks the home and blocks. @throws CardumenError `would-block`, and the operation's own */
  askBlocking(remote: Remote, method: string, argument: unknown, options: WaitOptions | undefined): unknown {
    this.assertMayBlock(method)
    return remote.askBlocking(method, argument, options)
  }

  /** A wait for this primitive. */
  waiting(attempt: Waiting['attempt'], more: Partial<Waiting> = {}): Waiting {
    const textNow = (): string => this.text
    const assertOpen = (): void => this.assertInForce()
    return {
      ...more,
      primitive: this.place.index,
      generation: this.place.generation,
      get what() {
        return textNow()
      },
      attempt(row, isSignalled) {
        // The row is open by now: closing finds it from here on.
        assertOpen()
        return attempt(row, isSignalled)
      },
    }
  }

  close(): void {
    if (this.remote !== undefined) return void this.remote.askNow('close')
    if (!isInForce(this.place)) return
    removePrimitive(this.place)
    raiseAll(this.place.index, raising.closed)
  }
}

export function isRemote(source: object): source is Remote {
  return 'ask' in source
}

/** A new row; `own` are the primitive's own words. @throws CardumenError `capacity-reached` */
export function newPlace(kind: PrimitiveKind, name: string | undefined, own: readonly number[] = []): Place {
  const place = addPrimitive(kind, name)
  const at = primitiveRow(place.index) + primitive.own
  own.forEach((value, word) => Atomics.store(arena().words, at + word, value))
  publishPrimitive(place, kind)
  return place
}

export function unknownOperation(text: string, operation: string): CardumenError {
  return new CardumenError('operation-unknown', `${text} has no operation "${operation}".`)
}

/** @throws CardumenError `option-invalid` */
export function assertCount(what: string, value: unknown, from: number, to: number): void {
  if (Number.isInteger(value) && Number(value) >= from && Number(value) <= to) return
  throw new CardumenError('option-invalid', `${what} is ${String(value)}; it is a whole number from ${from} to ${to}.`)
}

/** @throws CardumenError `option-invalid` */
export function assertName(name: unknown): void {
  if (name === undefined || typeof name === 'string') return
  throw new CardumenError('option-invalid', `The name is ${String(name)}; it is a text.`)
}

/** @throws CardumenError `option-invalid` */
export function assertFlag(what: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return
  throw new CardumenError('option-invalid', `${what} is ${String(value)}; it is true or false.`)
}
