/**
 * Classes of ours whose instances travel: today the capability.
 *
 * Registered once, while modules load. A tag is part of the protocol and is never given to another class.
 */
import { assert } from '../lib/assert.ts'

export interface Travelling {
  /** 0 to 255, unique. */
  readonly tag: number
  isInstance(value: object): boolean
  toBytes(value: object): Uint8Array
  /** May throw for bytes that are none of its own; the decoder turns that into a refusal. Copy what you keep. */
  fromBytes(bytes: Uint8Array): object
}

const registered: Travelling[] = []

export function registerTravelling(travelling: Travelling): void {
  assert(Number.isInteger(travelling.tag) && travelling.tag >= 0 && travelling.tag < 256, 'a travelling tag is a byte')
  assert(travellingOfTag(travelling.tag) === undefined, 'a travelling tag is registered once')
  registered.push(travelling)
}

export function travellingOf(value: object): Travelling | undefined {
  return registered.find((travelling) => travelling.isInstance(value))
}

export function travellingOfTag(tag: unknown): Travelling | undefined {
  return registered.find((travelling) => travelling.tag === tag)
}
