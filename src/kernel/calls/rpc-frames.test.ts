/**
 * The bytes of rpc messages: what is encoded is decoded, and nothing else is.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { port } from '../../lib/identifiers.ts'
import type { Message } from '../../protocols/rpc/messages.ts'
import { decodeMessage, encodeMessage, firstKind } from './rpc-frames.ts'

const u16 = fc.nat(0xffff)
const u32 = fc.nat(0xffff_ffff)
const u48 = fc.nat(2 ** 48 - 2)
const body = fc.uint8Array({ maxLength: 100 })
const number = { slot: u16, sequence: u48 }
const hex = fc
  .array(fc.constantFrom(...Array.from('0123456789abcdef')), { minLength: 32, maxLength: 32 })
  .map((digits) => port(digits.join('')))

const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    kind: fc.constant('REQ' as const),
    ...number,
    incarnation: u48,
    port: hex,
    priority: fc.nat(3),
    remainingMs: fc.oneof(u48, fc.constant(Number.POSITIVE_INFINITY)),
    window: u16,
    selector: fc.uint8Array({ maxLength: 400 }),
    body,
  }),
  fc.record({
    kind: fc.constant('REP' as const),
    ...number,
    status: fc.constantFrom('ok' as const, 'failed' as const, 'dropped' as const, 'lost' as const),
    count: u32,
    body,
  }),
  fc.record({ kind: fc.constantFrom('ACK' as const, 'AYA' as const, 'TA' as const, 'CAN' as const), ...number }),
  fc.record({
    kind: fc.constant('IAA' as const),
    ...number,
    phase: fc.constantFrom('waiting' as const, 'running' as const),
  }),
  fc.record({
    kind: fc.constant('AU' as const),
    ...number,
    what: fc.constantFrom('port' as const, 'incarnation' as const, 'call' as const),
  }),
  fc.record({ kind: fc.constant('ITM' as const), ...number, index: u32, body }),
  fc.record({ kind: fc.constant('CRE' as const), ...number, received: u32, limit: u32, resend: fc.boolean() }),
) as fc.Arbitrary<Message>

function onTheWire(of: Message): { readonly kind: number; readonly bytes: Uint8Array } {
  const { kind, header, headerBytes, body: rest } = encodeMessage(of)
  return { kind, bytes: Uint8Array.from([...header.subarray(0, headerBytes), ...(rest ?? [])]) }
}

test('every message arrives as it was sent, wherever it lies in a chunk', () => {
  fc.assert(
    fc.property(message, fc.nat(9), (sent, before) => {
      const { kind, bytes } = onTheWire(sent)
      const chunk = new Uint8Array(before + bytes.length + 5).fill(0xee)
      chunk.set(bytes, before)
      assert.deepEqual(plain(decodeMessage(kind, chunk, before, before + bytes.length)), plain(sent))
    }),
  )
})

test('a truncated message is refused, or is a shorter body, but never throws', () => {
  fc.assert(
    fc.property(message, fc.nat(400), (sent, cut) => {
      const { kind, bytes } = onTheWire(sent)
      const end = Math.min(cut, bytes.length)
      const read = decodeMessage(kind, bytes, 0, end)
      if (read !== undefined && end < bytes.length) assert.ok('body' in read, `${sent.kind} cut to ${end} was accepted`)
    }),
  )
})

test('random bytes never throw', () => {
  fc.assert(
    fc.property(fc.nat(40), fc.uint8Array({ maxLength: 80 }), (kind, bytes) => {
      decodeMessage(firstKind + kind - 5, bytes, 0, bytes.length)
    }),
  )
})

test('a deadline of a fraction of a millisecond is not cut to nothing', () => {
  const { kind, bytes } = onTheWire({
    kind: 'REQ',
    slot: 0,
    sequence: 1,
    incarnation: 1,
    port: port('0'.repeat(32)),
    priority: 1,
    remainingMs: 0.25,
    window: 0,
    selector: new Uint8Array(0),
    body: new Uint8Array(0),
  })
  const read = decodeMessage(kind, bytes, 0, bytes.length)
  assert.equal(read?.kind === 'REQ' ? read.remainingMs : undefined, 1)
})

/** Byte arrays of any kind compare by their content. */
function plain(of: Message | undefined): unknown {
  if (of === undefined) return undefined
  return Object.fromEntries(
    Object.entries(of).map(([name, value]) => [name, value instanceof Uint8Array ? [...value] : value]),
  )
}
