/** One link over a connection that the test holds in its hands: credit, back-pressure, order of what waits. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from '../../edges/network.ts'
import { instant, type Address } from '../../lib/identifiers.ts'
import { concatBytes } from '../../lib/bytes.ts'
import { LamportClock } from '../../lib/lamport-clock.ts'
import { linkKind, writeU32 } from '../../wire/frame.ts'
import { FrameReader } from '../../wire/frame-reader.ts'
import { FrameWriter } from '../../wire/frame-writer.ts'
import { Link, windowBytes } from './link.ts'
import { emptyQueue, type Priority } from './link-queue.ts'

const peer = 'bruno#2' as Address
const noBytes = new Uint8Array(0)

interface Bench {
  readonly link: Link
  readonly reader: FrameReader
  /** Kinds of the frames that were written, cells as `cell:<bytes>`. */
  readonly written: string[]
  readonly received: Uint8Array[]
  takesMore: boolean
  isSender: boolean
  /** Ends the turn. */
  readonly turn: () => void
}

function bench(): Bench {
  const due: (() => void)[] = []
  const written: string[] = []
  const received: Uint8Array[] = []
  const sent = new FrameReader({
    onFrame: (kind, _flags, _lamport, bytes, start) =>
      void written.push(kind < 16 ? `link:${kind}` : `${bytes[start]}`),
    onCell: (_lamport, _bytes, _at, cellBytes) => void written.push(`cell:${cellBytes}`),
    onCellPart: () => undefined,
  })
  const connection: Connection = {
    handle: () => {},
    write: (chunks) => {
      assert.equal(sent.push(concatBytes(chunks)), undefined)
      return made.takesMore
    },
    bufferedBytes: 0,
    pause: () => {},
    resume: () => {},
    end: () => {},
    destroy: () => {},
  }
  const clock = {
    now: () => instant(0),
    wallMs: () => 0,
    after: () => () => {},
    soon: (run: () => void) => void due.push(run),
  }
  const link = new Link(
    peer,
    connection,
    emptyQueue(peer),
    { clock, lamport: new LamportClock() },
    {
      isSender: () => made.isSender,
      onMessage: (_from, _kind, _lamport, bytes, start, end) => void received.push(bytes.slice(start, end)),
      onLeaving: () => {},
      onClosed: () => {},
    },
  )
  const turn = (): void => {
    for (const run of due.splice(0)) run()
  }
  const made: Bench = { link, reader: new FrameReader(link), written, received, takesMore: true, isSender: true, turn }
  return made
}

function send(link: Link, mark: number, priority: Priority, sizeBytes = 1): boolean {
  return link.send(16, priority, noBytes, 0, new Uint8Array(sizeBytes).fill(mark))
}

test('what a turn sends leaves in one write at its end', () => {
  const { link, written, turn } = bench()
  for (const mark of [1, 2, 3]) send(link, mark, 1)
  assert.deepEqual(written, [])
  turn()
  assert.deepEqual(written, ['1', '2', '3'])
})

test('a full socket stops what is written, and what waited leaves by priority once it drains', () => {
  const made = bench()
  made.takesMore = false
  send(made.link, 1, 1)
  made.turn()
  for (const [mark, priority] of [
    [2, 3],
    [3, 1],
    [4, 0],
    [5, 1],
  ] as const)
    send(made.link, mark, priority)
  made.turn()
  assert.deepEqual(made.written, ['1'])
  made.takesMore = true
  made.link.onDrain()
  assert.deepEqual(made.written, ['1', '4', '3', '5', '2'])
})

test('cells stop where the credit ends, and go on as it is granted', () => {
  const { link, reader, written, turn } = bench()
  send(link, 1, 1, 1_000_000)
  turn()
  const before = written.length
  assert.equal(before * 65_536, windowBytes)
  const credit = new FrameWriter()
  const payload = new Uint8Array(4)
  writeU32(payload, 0, 131_072)
  credit.append(linkKind.credit, 1, payload, 4, undefined)
  assert.equal(reader.push(concatBytes(credit.take())), undefined)
  assert.equal(written.length, before + 2)
})

test('a link that is not the one to send on leaves what waits to the other, whatever comes over it', () => {
  const made = bench()
  made.isSender = false
  send(made.link, 1, 1, 1_000_000)
  made.turn()
  made.link.flush()
  assert.deepEqual(made.written, [])
  made.isSender = true
  made.link.flush()
  assert.equal(made.written.length * 65_536, windowBytes)
})

test('less of a large message is under way while small messages pass', () => {
  const { link, written, turn } = bench()
  send(link, 7, 1)
  turn()
  send(link, 1, 1, 1_000_000)
  turn()
  assert.ok((written.length - 1) * 16_384 <= windowBytes / 16)
})

test('a small message leaves before the cells that wait for credit, whatever its priority', () => {
  const { link, written, turn } = bench()
  send(link, 1, 0, 1_000_000)
  turn()
  send(link, 9, 3)
  turn()
  assert.equal(written.at(-1), '9')
})

test('credit is granted for what has arrived, and cells beyond it are refused', () => {
  const { link, reader, written, turn } = bench()
  const cells = new FrameWriter()
  const part = new Uint8Array(16_384)
  const give = (count: number): string | undefined => {
    for (let cell = 0; cell < count; cell++) cells.appendCell(1, 1, 16, 100_000_000, noBytes, part)
    return reader.push(concatBytes(cells.take()))
  }
  assert.equal(give(windowBytes / part.length), undefined)
  assert.deepEqual(written, [])
  turn()
  assert.deepEqual(written, [`link:${linkKind.credit}`])
  assert.equal(give(windowBytes / part.length), undefined)
  assert.equal(give(1), 'a cell beyond the credit')
  assert.equal(link.isOpen, true)
})
