/** What the two halves of a handshake say, and what is refused of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Address } from '../../lib/identifiers.ts'
import { toUtf8 } from '../../lib/text.ts'
import {
  decodeHello,
  decodeRefusal,
  encodeHello,
  encodeRefusal,
  handshakeBytesMax,
  type Hello,
  proofMessage,
  protocolVersion,
  refusalOf,
} from './handshake.ts'

const ana = 'ana#3' as Address
const bruno = 'bruno#4' as Address
const hello: Hello = {
  version: protocolVersion,
  systemId: 'sys',
  from: ana,
  to: bruno,
  publicKey: new Uint8Array(32).fill(1),
  nonce: new Uint8Array(32).fill(2),
}

test('a HELLO arrives as it was sent, and later versions may add to its end', () => {
  assert.deepEqual(decodeHello(encodeHello(hello)), hello)
  assert.deepEqual(decodeHello(Uint8Array.of(...encodeHello(hello), 1, 2, 3)), hello)
})

test('a HELLO that is cut off, or has another magic, is none', () => {
  const bytes = encodeHello(hello)
  for (let end = 0; end < bytes.length; end++) assert.equal(decodeHello(bytes.subarray(0, end)), undefined)
  bytes[0] = 0
  assert.equal(decodeHello(bytes), undefined)
  assert.equal(decodeHello(new Uint8Array(handshakeBytesMax + 1)), undefined)
})

test('bytes of any kind behind the magic are a HELLO or none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      decodeHello(Uint8Array.of(...toUtf8('cardumen'), 0, protocolVersion, ...bytes))
      decodeRefusal(bytes)
    }),
  )
})

const expected = { systemId: 'sys', self: bruno, peer: ana }
const cases: readonly (readonly [string, Hello, RegExp | undefined])[] = [
  ['one that fits', hello, undefined],
  ['another version', { ...hello, version: 9 }, /protocol version 9/],
  ['another system', { ...hello, systemId: 'other' }, /another system/],
  [
    'one for an earlier life of this member',
    { ...hello, to: 'bruno#2' as Address },
    /looking for "bruno#2", but this is bruno#4/,
  ],
  ['another member than was dialled', { ...hello, from: 'carla#9' as Address }, /"carla#9" where ana#3 was expected/],
]

for (const [what, said, refusal] of cases) {
  test(`a HELLO is judged: ${what}`, () => {
    const found = refusalOf(said, expected)
    if (refusal === undefined) assert.equal(found, undefined)
    else assert.match(found ?? '', refusal)
  })
}

test('of another version only the version is read', () => {
  const bytes = encodeHello(hello)
  bytes[9] = 77
  assert.equal(decodeHello(bytes.subarray(0, 12))?.version, 77)
})

test('a proof cannot serve for the other role, other nonces or another peer', () => {
  const theirs: Hello = { ...hello, from: bruno, to: ana, nonce: new Uint8Array(32).fill(3) }
  const messages = [
    proofMessage('dialler', hello, theirs),
    proofMessage('acceptor', hello, theirs),
    proofMessage('dialler', theirs, hello),
    proofMessage('dialler', { ...hello, nonce: new Uint8Array(32) }, theirs),
    proofMessage('dialler', hello, { ...theirs, from: 'carla#9' as Address }),
    proofMessage('dialler', { ...hello, systemId: 'other' }, theirs),
  ]
  assert.equal(new Set(messages.map((message) => Buffer.from(message).toString('hex'))).size, messages.length)
})

test('a refusal arrives with its code and its reason, cut to size', () => {
  assert.deepEqual(decodeRefusal(encodeRefusal('handshake-refused', 'because')), {
    code: 'handshake-refused',
    reason: 'because',
  })
  assert.equal(decodeRefusal(encodeRefusal('x', 'r'.repeat(999))).reason.length, 255)
})
