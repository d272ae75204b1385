/**
 * Arguments and results on their way between threads of one process.
 *
 * Structured clone carries plain data, buffers and shared memory; it throws at a function without saying where it is, and makes a
 * plain object of an instance without a word. So values are looked through first, and a refusal names the path. What is
 * `Shareable` is taken out: its place is held by an empty object, and a list beside the values says what belongs there. Since one
 * clone keeps identities, no mark inside the values is needed that somebody could forge, cycles stay cycles, and what
 * occurs twice is one thing on the other side too.
 * It does not decide what is transferred: the sender hands its own list to `postMessage`.
 */
import { types } from 'node:util'
import type { Transferable } from 'node:worker_threads'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { kinds, type Unpack } from './kinds.ts'
import { isShareable, pack, type Packed } from './shareable.ts'
import { type Destination, isData, isPlain, TravelCheck } from './travel-check.ts'

/** Plain data that structured clone carries to another thread of this process. */
export interface PackedArguments {
  readonly values: readonly unknown[]
  readonly shared: readonly PackedPlace[]
}

interface PackedPlace extends Packed {
  /** The object in `values` where the thing is to be. */
  readonly place: object
}

export interface PackOptions {
  /** How a refusal calls the values; default: `argument 1`, `argument 2`, … */
  readonly what?: (index: number) => string
  /** What goes with the message itself, and so may occur in the values: message ports. */
  readonly transfer?: readonly Transferable[]
  /** Where to; default: a thread of this process. */
  readonly to?: Destination
}

/** @throws CardumenError `cannot-travel`, naming the argument and the path in it. */
export function packArguments(values: readonly unknown[], options: PackOptions = {}): PackedArguments {
  const { what = (index) => `argument ${index + 1}`, transfer = [], to = 'thread' } = options
  const check = new TravelCheck(to, new Set(transfer))
  values.forEach((value, index) => check.look(value, what(index)))
  // The usual case: nothing to take out, so nothing to copy.
  if (!check.hasShared) return { values, shared: [] }
  const copies = new Copies()
  return { values: values.map((value) => copies.of(value)), shared: copies.shared }
}

/**
 * What `packArguments` gave, once it has come to this thread; the values are changed in place, so call it once.
 * @throws CardumenError `input-refused` where it holds a kind that nobody knows.
 */
export async function unpackArguments(packed: PackedArguments): Promise<unknown[]> {
  await Promise.all(packed.shared.map(({ kind }) => loadUnpacker(kind)))
  return unpackNow(packed)
}

/**
 * The same where nothing may be awaited: only for kinds that this thread has loaded (`loadUnpackers`).
 * @throws CardumenError `thread-state`
 */
export function unpackNow({ values, shared }: PackedArguments): unknown[] {
  const things = new Map<unknown, unknown>()
  for (const { place, kind, state } of shared) things.set(place, unpackerOf(kind)(state as never))
  if (things.size > 0) fill(values, things, new Set())
  return [...values]
}

const loaded = new Map<string, Unpack>()

async function loadUnpacker(kind: string): Promise<void> {
  if (loaded.has(kind)) return
  const load = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined
  if (load === undefined)
    throw new CardumenError('input-refused', `Nothing is known of shared things of kind "${kind}".`)
  loaded.set(kind, await load())
}

/** All kinds, for a thread that may have to unpack a result while it blocks. */
export async function loadUnpackers(): Promise<void> {
  await Promise.all(Object.keys(kinds).map(loadUnpacker))
}

function unpackerOf(kind: string): Unpack {
  const unpack = loaded.get(kind)
  if (unpack !== undefined) return unpack
  throw new CardumenError(
    'thread-state',
    `A shared thing of kind "${kind}" came to a thread that has not loaded its class.`,
    {
      hint: 'Use the awaitable form here, or import cardumen/threads at the top of the module that the thread runs.',
    },
  )
}

/** Copies the containers of values that have been looked through, with an empty object in place of each shared thing. */
class Copies {
  readonly #copies = new Map<object, object>()
  readonly shared: PackedPlace[] = []

  of(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value
    const known = this.#copies.get(value)
    if (known !== undefined) return known
    if (isShareable(value)) return this.#takeOut(value, value[pack]())
    if (types.isMap(value)) return this.#map(value)
    if (types.isSet(value)) return this.#set(value)
    if (Array.isArray(value)) return this.#entries(value, emptyArray(value.length))
    return isData(value) || !isPlain(value) ? value : this.#entries(value, {})
  }

  #takeOut(value: object, { kind, state }: Packed): object {
    const place = {}
    this.#copies.set(value, place)
    this.shared.push({ place, kind, state })
    return place
  }

  #map(map: Map<unknown, unknown>): Map<unknown, unknown> {
    const copy = new Map<unknown, unknown>()
    this.#copies.set(map, copy)
    for (const [key, part] of map) copy.set(this.of(key), this.of(part))
    return copy
  }

  #set(set: Set<unknown>): Set<unknown> {
    const copy = new Set<unknown>()
    this.#copies.set(set, copy)
    for (const one of set) copy.add(this.of(one))
    return copy
  }

  #entries(value: object, copy: object): object {
    this.#copies.set(value, copy)
    for (const [key, part] of Object.entries(value)) put(copy, key, this.of(part))
    return copy
  }
}

function emptyArray(length: number): unknown[] {
  const empty: unknown[] = []
  empty.length = length
  return empty
}

/** Also where the key is `__proto__`. */
function put(into: object, key: string, value: unknown): void {
  Object.defineProperty(into, key, { value, writable: true, enumerable: true, configurable: true })
}

/** Puts the things where their places are. */
function fill(within: unknown, things: ReadonlyMap<unknown, unknown>, seen: Set<object>): void {
  if (typeof within !== 'object' || within === null || seen.has(within) || things.has(within)) return
  seen.add(within)
  if (types.isMap(within)) return fillMap(within, things, seen)
  if (types.isSet(within)) return fillSet(within, things, seen)
  if (!Array.isArray(within) && (isData(within) || !isPlain(within))) return
  for (const [key, part] of Object.entries(within)) {
    if (things.has(part)) put(within, key, things.get(part))
    else fill(part, things, seen)
  }
}

function fillMap(map: Map<unknown, unknown>, things: ReadonlyMap<unknown, unknown>, seen: Set<object>): void {
  const entries = [...map]
  map.clear()
  for (const [key, part] of entries) {
    fill(key, things, seen)
    fill(part, things, seen)
    map.set(things.get(key) ?? key, things.get(part) ?? part)
  }
}

function fillSet(set: Set<unknown>, things: ReadonlyMap<unknown, unknown>, seen: Set<object>): void {
  const all = [...set]
  set.clear()
  for (const one of all) {
    fill(one, things, seen)
    set.add(things.get(one) ?? one)
  }
}
