/** Messages in cells are built again however they are interleaved, within bounds that hold against any sender. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Assembly, messageBytesMax, type PartialMessage, partialMessagesMax } from './cells.ts'
import { cellHeadBytes, writeU32 } from './frame.ts'

function head(id: number, sizeBytes: number, kind = 20): Uint8Array {
  const bytes = new Uint8Array(cellHeadBytes)
  writeU32(bytes, 0, id)
  bytes[4] = kind
  writeU32(bytes, 6, sizeBytes)
  return bytes
}

/** One cell in two pieces: the message, or why it was refused. */
function give(
  assembly: Assembly,
  id: number,
  sizeBytes: number,
  part: Uint8Array,
  kind = 20,
): PartialMessage | string | undefined {
  const refusal = assembly.begin(1, head(id, sizeBytes, kind), 0, part.length)
  if (refusal !== undefined) return refusal
  const half = Math.floor(part.length / 2)
  return assembly.add(part, 0, half) ?? assembly.add(part, half, part.length)
}

test('interleaved messages are built each from its own cells', () => {
  const assembly = new Assembly()
  assert.equal(give(assembly, 1, 6_000, new Uint8Array(5_000).fill(1)), undefined)
  assert.equal(give(assembly, 2, 5_500, new Uint8Array(5_000).fill(2)), undefined)
  assert.equal(assembly.partialMessages, 2)
  const first = give(assembly, 1, 6_000, new Uint8Array(1_000).fill(3))
  assert.ok(typeof first === 'object')
  assert.equal(first.bytes.length, 6_000)
  assert.deepEqual([first.bytes[4_999], first.bytes[5_000]], [1, 3])
  const second = give(assembly, 2, 5_500, new Uint8Array(500).fill(4))
  assert.ok(typeof second === 'object')
  assert.deepEqual([second.bytes[0], second.bytes[5_499]], [2, 4])
  assert.equal(assembly.partialMessages, 0)
})

test('a message of several megabytes is built whole', () => {
  const assembly = new Assembly()
  const part = new Uint8Array(65_536)
  let message: PartialMessage | string | undefined
  for (let cell = 0; cell < 48; cell++) message = give(assembly, 9, 48 * part.length, part.fill(cell))
  assert.ok(typeof message === 'object')
  for (let cell = 0; cell < 48; cell++) assert.equal(message.bytes[cell * part.length + 7], cell)
})

test('a great size that is declared costs no more than a first part before bytes back it', () => {
  const assembly = new Assembly()
  const before = process.memoryUsage().arrayBuffers
  give(assembly, 1, messageBytesMax, new Uint8Array(5_000))
  assert.ok(process.memoryUsage().arrayBuffers - before < 4_000_000)
})

const refused: readonly (readonly [string, (assembly: Assembly) => unknown, string])[] = [
  [
    'a message over the limit',
    (assembly) => give(assembly, 1, messageBytesMax + 1, new Uint8Array(5_000)),
    'a message over the limit',
  ],
  [
    'a cell longer than its message',
    (assembly) => give(assembly, 1, 10, new Uint8Array(11)),
    'a cell beyond the end of its message',
  ],
  [
    'a first cell of one byte of a long message',
    (assembly) => give(assembly, 1, 5_000, new Uint8Array(1)),
    'a cell that is too small',
  ],
  [
    'another size than before',
    (assembly) => (give(assembly, 1, 9_000, new Uint8Array(5_000)), give(assembly, 1, 9_001, new Uint8Array(4_000))),
    'a cell that differs from those before it',
  ],
  [
    'another kind than before',
    (assembly) => (
      give(assembly, 1, 9_000, new Uint8Array(5_000)), give(assembly, 1, 9_000, new Uint8Array(4_000), 21)
    ),
    'a cell that differs from those before it',
  ],
]

for (const [what, run, refusal] of refused) {
  test(`refused: ${what}`, () => assert.equal(run(new Assembly()), refusal))
}

test('more messages at a time than a sender may begin are refused', () => {
  const assembly = new Assembly()
  for (let id = 1; id <= partialMessagesMax; id++)
    assert.equal(give(assembly, id, 9_000, new Uint8Array(5_000)), undefined)
  assert.equal(give(assembly, 99, 9_000, new Uint8Array(5_000)), 'too many messages in cells at a time')
})

test('messages whose sizes are too large together are refused', () => {
  const assembly = new Assembly()
  for (let id = 1; id <= 4; id++) assert.equal(give(assembly, id, messageBytesMax, new Uint8Array(5_000)), undefined)
  assert.equal(
    give(assembly, 5, messageBytesMax, new Uint8Array(5_000)),
    'messages in cells that are too large together',
  )
})
