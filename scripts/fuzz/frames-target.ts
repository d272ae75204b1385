/**
 * Aims at the stream of frames: what a socket delivers, in chunks of any size, down to messages put together from cells.
 *
 * However the stream is cut into chunks, the same messages come out and the same refusal ends it; and no more bytes of
 * messages come out than went in. The first two bytes of an input decide how the second reading is cut.
 */
import { seededRandom } from '../../src/lib/random.ts'
import { Assembly } from '../../src/wire/cells.ts'
import {
  afterExtensions,
  cellHeadBytes,
  flagExtensions,
  frameLengthMin,
  linkKind,
  writeU32,
} from '../../src/wire/frame.ts'
import { FrameReader } from '../../src/wire/frame-reader.ts'
import { FrameWriter } from '../../src/wire/frame-writer.ts'
import { crc32 } from '../../src/lib/crc32.ts'
import type { Target, Verdict } from './target.ts'

const cutBytes = 2
const noBytes = new Uint8Array(0)

export const framesTarget: Target = { name: 'frames', seeds: frameStreams().map(withCut), run }
export const cellsTarget: Target = { name: 'cells', seeds: cellStreams().map(withCut), run }

function run(input: Uint8Array): Verdict {
  const stream = input.subarray(cutBytes)
  const whole = read([stream.slice()])
  const cut = read(chunksOf(stream, (input[0] ?? 0) * 0x100 + (input[1] ?? 0)))
  if (whole.messages.join() !== cut.messages.join() || whole.refusal !== cut.refusal)
    return `cut into chunks it is read as [${cut.messages.join('; ')}] ${cut.refusal}, not [${whole.messages.join('; ')}] ${whole.refusal}`
  return whole.bytes <= stream.length ? undefined : `${stream.length} bytes give messages of ${whole.bytes} bytes`
}

interface Reading {
  readonly messages: readonly string[]
  readonly bytes: number
  readonly refusal: string | undefined
}

function read(chunks: readonly Uint8Array[]): Reading {
  const messages: string[] = []
  let bytes = 0
  const assembly = new Assembly()
  const onMessage = (
    kind: number,
    flags: number,
    lamport: number,
    of: Uint8Array,
    start: number,
    end: number,
  ): void => {
    bytes += end - start
    const payload = flags === flagExtensions ? afterExtensions(of, start, end) : start
    const skipped = payload < 0 ? 'refused' : payload - start
    messages.push(`${kind} ${flags} ${lamport} ${skipped} ${end - start} ${crc32(of.subarray(start, end))}`)
  }
  const reader = new FrameReader({
    onFrame(kind, flags, lamport, of, start, end) {
      onMessage(kind, flags, lamport, of, start, end)
      return undefined
    },
    onCell: (lamport, of, at, sizeBytes) => assembly.begin(lamport, of, at, sizeBytes),
    onCellPart(of, start, end) {
      const message = assembly.add(of, start, end)
      if (message !== undefined)
        onMessage(message.kind, message.flags, message.lamport, message.bytes, 0, message.sizeBytes)
      return undefined
    },
  })
  let refusal: string | undefined
  for (const chunk of chunks) refusal = reader.push(chunk, chunks.length > 1)
  return { messages, bytes, refusal }
}

function chunksOf(stream: Uint8Array, seed: number): readonly Uint8Array[] {
  const random = seededRandom(seed)
  const chunks: Uint8Array[] = []
  for (let at = 0; at < stream.length; ) {
    const size = 1 + random.below(random.below(3) === 0 ? 16 : 5_000)
    chunks.push(stream.slice(at, at + size))
    at += size
  }
  return chunks
}

function withCut(stream: Uint8Array): Uint8Array {
  return Uint8Array.of(1, 2, ...stream)
}

function frameStreams(): readonly Uint8Array[] {
  const extended = Uint8Array.of(
    0,
    0,
    0,
    frameLengthMin + 9,
    20,
    flagExtensions,
    0,
    0,
    0,
    0,
    0,
    1,
    0,
    6,
    1,
    0,
    3,
    1,
    2,
    3,
    9,
  )
  return [
    written((writer) => writer.append(linkKind.hello, 1, noBytes, 0, new Uint8Array(90))),
    written((writer) => writer.append(linkKind.credit, 2, noBytes, 0, Uint8Array.of(0, 0, 1, 0))),
    written((writer) => {
      for (let at = 0; at < 5; at++) writer.append(16 + at, at, Uint8Array.of(at), 1, new Uint8Array(at * 9))
    }),
    written((writer) => writer.append(16, 2 ** 48 - 1, new Uint8Array(40), 40, new Uint8Array(5_000))),
    extended,
  ]
}

function cellStreams(): readonly Uint8Array[] {
  const [part, rest] = [new Uint8Array(4_096).fill(1), new Uint8Array(100).fill(2)]
  const head = Uint8Array.of(1, 2, 3)
  return [
    written((writer) => writer.appendCell(1, 1, 16, 100, noBytes, rest)),
    written((writer) => {
      writer.appendCell(1, 1, 16, 4_199, head, part)
      writer.append(17, 2, head, 3, rest)
      writer.appendCell(3, 1, 16, 4_199, noBytes, rest)
    }),
    written((writer) => {
      writer.appendCell(1, 1, 16, 4_196, noBytes, part)
      writer.appendCell(2, 2, 17, 4_196, noBytes, part)
      writer.appendCell(3, 2, 17, 4_196, noBytes, rest)
      writer.appendCell(4, 1, 16, 4_196, noBytes, rest)
    }),
    withSize(
      written((writer) => writer.appendCell(1, 1, 16, 0, noBytes, part)),
      5_000_000,
    ),
  ]
}

function withSize(cell: Uint8Array, sizeBytes: number): Uint8Array {
  const changed = cell.slice()
  writeU32(changed, 12 + cellHeadBytes - 4, sizeBytes)
  return changed
}

function written(write: (writer: FrameWriter) => void): Uint8Array {
  const writer = new FrameWriter()
  write(writer)
  return new Uint8Array(Buffer.concat(writer.take()))
}
