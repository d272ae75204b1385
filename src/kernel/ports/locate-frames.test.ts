/** The messages of the locate machine as bytes: what was written is read, and nothing else is. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { port } from '../../lib/identifiers.ts'
import type { Message } from '../../protocols/locate/messages.ts'
import { decodeLocate, encodeLocate, firstLocateKind } from './locate-frames.ts'
import { portProofBytes } from './port-proof.ts'

const ports = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => port(Buffer.from(bytes).toString('hex')))
const searches = fc.integer({ min: 0, max: 2 ** 48 - 1 })
const plain = { noNullPrototype: true } as const
const messages: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ kind: fc.constantFrom('LOCATE', 'HEREIS'), port: ports, search: searches }, plain),
  fc.record({ kind: fc.constant('NOTHERE' as const), port: ports }, plain),
)
const notes = fc.record(
  {
    isKept: fc.boolean(),
    proof: fc.uint8Array({ minLength: portProofBytes, maxLength: portProofBytes }),
  },
  plain,
)

describe('a message of the locate machine', () => {
  it('is read as it was written, wherever it stands in what was read', () => {
    fc.assert(
      fc.property(messages, notes, fc.nat(9), (message, noted, before) => {
        const { kind, payload } = encodeLocate(message, message.kind === 'HEREIS' ? noted : undefined)
        const bytes = new Uint8Array(before + payload.length + 3)
        bytes.set(payload, before)
        assert.deepEqual(decodeLocate(kind, bytes, before, before + payload.length), {
          message,
          notes: message.kind === 'HEREIS' ? noted : undefined,
        })
      }),
    )
  })

  it('is refused at every other length, and of every other kind', () => {
    fc.assert(
      fc.property(messages, notes, fc.nat(200), fc.nat(255), (message, noted, length, other) => {
        const { kind, payload } = encodeLocate(message, message.kind === 'HEREIS' ? noted : undefined)
        const bytes = new Uint8Array(200)
        bytes.set(payload)
        if (length !== payload.length) assert.equal(decodeLocate(kind, bytes, 0, length), undefined)
        if (other < firstLocateKind || other > firstLocateKind + 2)
          assert.equal(decodeLocate(other, bytes, 0, payload.length), undefined)
      }),
    )
  })
})
