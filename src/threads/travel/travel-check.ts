/**
 * Whether values can go to another thread or process as what they are.
 *
 * Structured clone throws at a function without saying where it is, and makes a plain object of an instance without a word. So
 * values are looked through first, and a refusal names the path. To another process goes less: processes have no memory in
 * common, and what is Node's own arrives there as nothing.
 */
import { types } from 'node:util'
import { MessagePort } from 'node:worker_threads'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { isShareable } from './shareable.ts'

export type Destination = 'thread' | 'process'

/** Nesting of arrays, objects, maps and sets. */
const depthMax = 256
/** Of a path in a message. */
const pathLengthMax = 120

/** For the values of one message: what occurs in several of them is looked through once. */
export class TravelCheck {
  readonly #seen = new Set<object>()
  readonly #to: Destination
  readonly #transfer: ReadonlySet<unknown>
  /** Something `Shareable` was seen. */
  hasShared = false

  /** `transfer`: what goes with the message itself. */
  constructor(to: Destination, transfer: ReadonlySet<unknown> = new Set()) {
    this.#to = to
    this.#transfer = transfer
  }

  /**
   * @param what - begins the path that a refusal names: `argument 2`, `the result`.
   * @throws CardumenError `cannot-travel`
   */
  look(value: unknown, what: string): void {
    this.#at(value, what, 0)
  }

  #at(value: unknown, path: string, depth: number): void {
    if (typeof value === 'function')
      return this.#refuse(path, 'a function', 'Name an exported function of a module instead.')
    if (typeof value === 'symbol') return this.#refuse(path, 'a symbol')
    if (typeof value !== 'object' || value === null || this.#seen.has(value)) return
    if (depth > depthMax) return this.#refuse(path, `nested more than ${depthMax} deep`)
    this.#seen.add(value)
    if (isShareable(value)) this.hasShared = true
    else if (!this.#isLeaf(value, path)) this.#inside(value, path, depth + 1)
  }

  #inside(value: object, path: string, depth: number): void {
    if (types.isMap(value)) return this.#insideMap(value, path, depth)
    if (types.isSet(value)) return [...value].forEach((one, index) => this.#at(one, `${path}[${index}]`, depth))
    if (types.isNativeError(value)) return this.#cause(value, path, depth)
    if (!Array.isArray(value) && !isPlain(value))
      return this.#refuse(path, `an instance of ${classNameOf(value)}`, instanceHint)
    for (const [key, part] of Object.entries(value)) this.#at(part, `${path}${stepText(key, value)}`, depth)
  }

  #insideMap(map: Map<unknown, unknown>, path: string, depth: number): void {
    let index = 0
    for (const [key, part] of map) {
      this.#at(key, `${path} key ${index}`, depth)
      this.#at(part, `${path} value ${index}`, depth)
      index++
    }
  }

  /** Structured clone carries an error's cause; nothing is taken out of it. */
  #cause({ cause }: Error, path: string, depth: number): void {
    if (isShareable(cause)) return this.#refuse(`${path}.cause`, 'a shared thing in an error')
    this.#at(cause, `${path}.cause`, depth)
  }

  #isLeaf(value: object, path: string): boolean {
    if (types.isPromise(value)) this.#refuse(path, 'a promise', 'Await it first.')
    if (types.isGeneratorObject(value)) this.#refuse(path, 'a generator', 'Send what it yields: an array.')
    if (types.isProxy(value)) this.#refuse(path, 'a proxy')
    if (value instanceof MessagePort && !this.#transfer.has(value))
      this.#refuse(path, 'a message port that is not in the list of what is transferred')
    const memory = this.#to === 'process' ? sharedMemoryIn(value) : undefined
    if (memory !== undefined) this.#refuse(path, memory, sharedMemoryHint)
    return isData(value) || (this.#to === 'thread' && isOfPlatform(value)) || this.#transfer.has(value)
  }

  #refuse(path: string, what: string, hint?: string): never {
    const text = path.length > pathLengthMax ? `${path.slice(0, pathLengthMax)}…` : path
    throw new CardumenError(
      'cannot-travel',
      `${text} is ${what}, which cannot go to another ${this.#to}.`,
      hint === undefined ? {} : { hint },
    )
  }
}

/** For whoever would hand memory to another process. */
export const sharedMemoryHint = 'Threads share memory, processes do not: use a Thread, a RegisterFile or a Channel.'

function sharedMemoryIn(value: object): string | undefined {
  if (types.isSharedArrayBuffer(value)) return 'a SharedArrayBuffer'
  const isView = ArrayBuffer.isView(value) && types.isSharedArrayBuffer(value.buffer)
  return isView ? 'a view of a SharedArrayBuffer' : undefined
}

export function isData(value: object): boolean {
  return (
    ArrayBuffer.isView(value) ||
    types.isAnyArrayBuffer(value) ||
    types.isDate(value) ||
    types.isRegExp(value) ||
    types.isBoxedPrimitive(value)
  )
}

/** Objects of Node's that structured clone knows; only these, so that a class of the same name is not taken for one. */
const platformClasses = [
  'MessagePort',
  'Blob',
  'File',
  'CryptoKey',
  'ReadableStream',
  'WritableStream',
  'TransformStream',
]

function isOfPlatform(value: object): boolean {
  if (types.isKeyObject(value)) return true
  const name = classNameOf(value)
  return platformClasses.includes(name) && Reflect.get(globalThis, name) === value.constructor
}

const instanceHint =
  'It would arrive as a plain object. Send its data, and make the instance where it arrives; or give its class a [pack] method.'

export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null || prototype === Object.prototype) return true
  // A plain object of another realm, such as a `vm` context.
  return typeof prototype === 'object' && Object.getPrototypeOf(prototype) === null && classNameOf(value) === 'Object'
}

function classNameOf(value: object): string {
  const { constructor } = value
  return typeof constructor === 'function' && constructor.name !== '' ? constructor.name : 'a class'
}

function stepText(key: string, of: object): string {
  return Array.isArray(of) ? `[${key}]` : `.${key}`
}
