/**
 * Aims at the codec: bytes that claim to be a value.
 *
 * They are refused as `frame-refused`, or they give plain data and nothing else, which can travel again. The valid
 * inputs hold everything that travels, in both forms of the codec.
 */
import { Capability, encodeHeader } from '../../src/kernel/capabilities/capability.ts'
import { isCardumenError } from '../../src/lib/cardumen-error.ts'
import { port } from '../../src/lib/identifiers.ts'
import { decode, encode } from '../../src/wire/codec.ts'
import { flawOf } from './decoded-value.ts'
import type { Target, Verdict } from './target.ts'

export const codecTarget: Target = { name: 'codec', seeds: valuesThatTravel().map(encode), run }

function run(input: Uint8Array): Verdict {
  let value: unknown
  try {
    value = decode(input)
  } catch (error) {
    return isCardumenError(error, 'frame-refused') ? undefined : `decoding throws ${String(error)}`
  }
  return flawOf(value, input.length) ?? againFlaw(value)
}

function againFlaw(value: unknown): Verdict {
  try {
    decode(encode(value))
    return undefined
  } catch (error) {
    return `what was decoded cannot travel again: ${String(error)}`
  }
}

/** A capability that nobody gave out: its tail is of no chain. */
export function someCapability(object: number): Capability {
  const header = encodeHeader({
    port: port('0123456789abcdef'.repeat(2)),
    object,
    generation: 1,
    rights: 0xff,
    keyId: 1,
  })
  return Capability.fromHeader(header, new Uint8Array(32).fill(object & 0xff))
}

export function valuesThatTravel(): readonly unknown[] {
  const cause = Object.assign(new RangeError('far'), { code: 'E_FAR' })
  return [
    ...[undefined, null, true, 0, -1, 127, 200, 70_000, 2 ** 40, 1.5, 5n, -(2n ** 62n), 2n ** 70n],
    ...['', 'text', 'ñandú', 'x'.repeat(40), 'x'.repeat(300), 'x'.repeat(70_000).slice(0, 9_000)],
    ...[new Uint8Array(3), new Uint8Array(300), new Date(0), new Date(1e12 + 5), new Date(Number.NaN), new Date(-1e14)],
    ...[[], [1, [2, [3, ['deep']]]], {}, { a: 1, b: { c: 'd', e: [null, undefined] } }],
    { then: 1, toString: 'text', length: 2, name: ['hasOwnProperty'] },
    Array.from({ length: 40 }, (_, index) => ({ id: index, name: `item ${index}`, tags: ['a', 'b'] })),
    new Map<unknown, unknown>([
      ['a', 1],
      [2, new Set(['b', 3n])],
      [[1], { when: new Date(5_000) }],
    ]),
    new Set([1, 'two', new Map([['k', new Set()]])]),
    ...[Float64Array.of(1, 2), BigInt64Array.of(3n), Uint16Array.of(9, 8), Int8Array.of(-1), new ArrayBuffer(5)],
    ...[new Error('plain', { cause }), new TypeError('odd', { cause: { why: [1] } }), cause],
    { error: new SyntaxError('x'), set: new Set([new Error('y')]) },
    { capability: someCapability(7), narrower: [someCapability(8).restrict({ rights: 3, operations: ['read'] })] },
    Array.from({ length: 60 }).reduce<unknown>((inner) => [inner], 'deep'),
    Array.from({ length: 60 }).reduce<unknown>((inner) => new Map([['in', inner]]), 'deep'),
  ]
}
