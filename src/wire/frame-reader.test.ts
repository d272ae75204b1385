/** The reader of frames finds the same frames however the stream is cut, and refuses before it allocates. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { concatBytes } from '../lib/bytes.ts'
import { cellBytesMax, frameLengthMax, readU32 } from './frame.ts'
import { FrameReader } from './frame-reader.ts'
import { FrameWriter } from './frame-writer.ts'

const noBytes = new Uint8Array(0)

interface Seen {
  readonly kind: number
  readonly lamport: number
  readonly payload: readonly number[]
}

/** Frames and cells in their order, cells with their parts put together. */
function readerInto(seen: Seen[]): FrameReader {
  return new FrameReader({
    onFrame(kind, _flags, lamport, bytes, start, end) {
      seen.push({ kind, lamport, payload: [...bytes.subarray(start, end)] })
      return undefined
    },
    onCell(lamport, bytes, at, cellBytes) {
      seen.push({ kind: -cellBytes, lamport, payload: [readU32(bytes, at)] })
      return undefined
    },
    onCellPart(bytes, start, end) {
      const last = seen.pop()
      if (last !== undefined) seen.push({ ...last, payload: [...last.payload, ...bytes.subarray(start, end)] })
      return undefined
    },
  })
}

const frame = fc.record({
  isCell: fc.boolean(),
  kind: fc.integer({ min: 16, max: 255 }),
  lamport: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  header: fc.uint8Array({ maxLength: 40 }),
  body: fc.oneof(
    fc.constant(undefined),
    fc.uint8Array({ maxLength: 200 }),
    fc.integer({ min: 4_090, max: 9_000 }).map((size) => new Uint8Array(size).fill(size)),
  ),
})

test('a stream gives the same frames however it is cut into chunks', () => {
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 30 }),
      (frames, cuts) => {
        const writer = new FrameWriter()
        const expected: Seen[] = []
        for (const { isCell, kind, lamport, header, body } of frames) {
          const payload = [...header, ...(body ?? [])]
          if (isCell && payload.length > 0) {
            writer.appendCell(lamport, kind, 16, payload.length, header, body ?? noBytes)
            expected.push({ kind: -payload.length, lamport, payload: [kind, ...payload] })
          } else {
            writer.append(kind, lamport, header, header.length, body)
            expected.push({ kind, lamport, payload })
          }
        }
        const stream = concatBytes(writer.take())
        const seen: Seen[] = []
        const reader = readerInto(seen)
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const size = cuts[turn % cuts.length] ?? 1
          assert.equal(reader.push(stream.slice(at, at + size)), undefined)
          at += size
        }
        assert.equal(reader.isInFrame, false)
        assert.deepEqual(seen, expected)
      },
    ),
  )
})

test('any bytes are frames or a refusal, and nothing is read after a refusal', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 10 }), (chunks) => {
      const seen: Seen[] = []
      const reader = readerInto(seen)
      const refusal = chunks.map((chunk) => reader.push(chunk)).at(-1)
      const count = seen.length
      if (refusal === undefined) return
      assert.equal(reader.push(Uint8Array.of(0, 0, 0, 8, 20, 0, 0, 0, 0, 0, 0, 0)), refusal)
      assert.equal(seen.length, count)
    }),
    { numRuns: 1_000 },
  )
})

for (const length of [0, 7, frameLengthMax + 1, 0xffff_ffff]) {
  test(`a frame of length ${length} is refused as soon as its length is known`, () => {
    const bytes = Uint8Array.of(length >>> 24, length >>> 16, length >>> 8, length, 20)
    assert.equal(readerInto([]).push(bytes), `a frame with length ${length}`)
    const reader = readerInto([])
    for (const byte of bytes.subarray(0, 4)) reader.push(Uint8Array.of(byte))
    assert.equal(reader.push(bytes.subarray(4)), `a frame with length ${length}`)
  })
}

test('the longest frame is taken, and a cell must not be empty', () => {
  const longest = new FrameWriter()
  longest.append(20, 1, noBytes, 0, new Uint8Array(cellBytesMax))
  const seen: Seen[] = []
  assert.equal(readerInto(seen).push(concatBytes(longest.take())), undefined)
  assert.equal(seen[0]?.payload.length, cellBytesMax)

  const empty = new FrameWriter()
  empty.appendCell(1, 1, 16, 10, noBytes, noBytes)
  assert.equal(readerInto([]).push(concatBytes(empty.take())), 'a cell that is empty or has flags')
})

test('what the writer gives out is not changed by frames that come later', () => {
  const writer = new FrameWriter()
  writer.append(20, 1, Uint8Array.of(1, 2, 3), 3, new Uint8Array(2_000).fill(9))
  const chunks = writer.take()
  const copies = chunks.map((chunk) => chunk.slice())
  for (let round = 0; round < 100; round++)
    writer.append(21, round, Uint8Array.of(4), 1, new Uint8Array(3_000).fill(round))
  assert.deepEqual(chunks, copies)
})

test('nothing of a chunk that is lent is kept', () => {
  const payloads: Uint8Array[] = []
  const reader = new FrameReader({
    onFrame(_kind, _flags, _lamport, bytes, start, end) {
      payloads.push(bytes.subarray(start, end))
      return undefined
    },
    onCell: () => undefined,
    onCellPart: () => undefined,
  })
  const writer = new FrameWriter()
  const messages = [1, 2, 3].map((value) => new Uint8Array(100).fill(value))
  for (const message of messages) writer.append(20, 1, message, message.length, undefined)
  const stream = concatBytes(writer.take())
  const buffer = new Uint8Array(150)
  for (let at = 0; at < stream.length; at += buffer.length) {
    const chunk = stream.subarray(at, at + buffer.length)
    buffer.set(chunk)
    assert.equal(reader.push(buffer.subarray(0, chunk.length), true), undefined)
    buffer.fill(255)
  }
  assert.deepEqual(payloads, messages)
})
