/** The tables of the arena: rows are taken once, come back, and are seen by every thread. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { getEnvironmentData, Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { wait } from '../waiting/waits.ts'
import {
  adoptArena,
  arena,
  header,
  nameBytesMax,
  partyNamesAt,
  readText,
  type RowTable,
  takeRow,
  wordsPerRow,
  writeText,
} from './arena.ts'
import {
  addParty,
  forgetPartiesStartedBy,
  parties,
  party,
  partyKind,
  partyState,
  partyText,
  partyWord,
  removeParty,
  self,
  setPartyWord,
} from './parties.ts'
import {
  addPrimitive,
  assertInForce,
  forgetPrimitivesReservedBy,
  isInForce,
  primitive,
  primitiveName,
  primitiveRow,
  primitives,
  publishPrimitive,
  removePrimitive,
} from './primitives.ts'

const options = { name: 'A', kind: partyKind.thread, state: partyState.running, pid: process.pid, threadId: 7 } as const

test('a thread is one party for all its life, and the main thread is called so', () => {
  assert.equal(self(), self())
  assert.equal(partyText(self()), 'the main thread')
})

test('a party that was removed is no longer among the parties', () => {
  const id = addParty(options)
  assert.ok([...parties()].includes(id))
  removeParty(id)
  assert.ok(![...parties()].includes(id))
})

test('the number of a party that ended comes up again only after a hundred others', () => {
  const first = addParty(options)
  removeParty(first)
  for (let other = 0; other < 100; other++) {
    const id = addParty(options)
    assert.notEqual(id, first)
    removeParty(id)
  }
})

test('numbers stay small however many parties there were', () => {
  for (let other = 0; other < 1_000; other++) {
    const id = addParty(options)
    assert.ok(id < 200, `number ${id}`)
    removeParty(id)
  }
})

test('a party beyond the room of the table is refused with its bound', () => {
  const taken: number[] = []
  try {
    assert.throws(
      () => {
        for (;;) taken.push(addParty(options))
      },
      (error) => isCardumenError(error, 'capacity-reached') && error.message.includes('1023 threads'),
    )
    assert.equal(new Set(taken).size, taken.length)
  } finally {
    for (const id of taken) removeParty(id)
  }
})

test('a new party in an old row inherits no interrupt', () => {
  const first = addParty(options)
  setPartyWord(first, party.interrupt, 1)
  removeParty(first)
  for (let id = 0; id !== first; removeParty(id)) {
    id = addParty(options)
    assert.equal(partyWord(id, party.interrupt), 0)
  }
})

for (const [what, words] of Object.entries({ party, primitive, wait, header }))
  test(`each word of a ${what} has a place of its own`, () => {
    const places = Object.values(words)
    assert.equal(new Set(places).size, places.length)
    if (what !== 'header') assert.ok(Math.max(...places) < wordsPerRow)
  })

test('a party that a dead thread had begun to start is taken back, and no other', () => {
  const starting = { ...options, state: partyState.starting }
  const [begun, running, ofAnother] = [addParty(starting), addParty(starting), addParty(options)]
  setPartyWord(running, party.state, partyState.running)
  forgetPartiesStartedBy(ofAnother)
  assert.ok([begun, running, ofAnother].every((id) => [...parties()].includes(id)))
  forgetPartiesStartedBy(self())
  assert.deepEqual(
    [begun, running, ofAnother].map((id) => [...parties()].includes(id)),
    [false, true, true],
  )
  for (const id of [running, ofAnother]) removeParty(id)
})

test('a primitive that a dead thread was filling is taken back, and no other', () => {
  const [filled, half] = [addPrimitive('lock', 'L1'), addPrimitive('lock', 'L2')]
  publishPrimitive(filled, 'lock')
  const isTaken = ({ index }: { index: number }): boolean => Atomics.load(arena().words, primitiveRow(index)) !== 0
  forgetPrimitivesReservedBy(self() + 1)
  assert.deepEqual([filled, half].map(isTaken), [true, true])
  forgetPrimitivesReservedBy(self())
  assert.deepEqual([filled, half].map(isTaken), [true, false])
  removePrimitive(filled)
})

test('a primitive is passed over until it is published, and named after that', () => {
  const place = addPrimitive('lock', 'L1')
  const isSeen = (): boolean => [...primitives()].some(({ index }) => index === place.index)
  assert.equal(isSeen(), false)
  publishPrimitive(place, 'lock')
  assert.equal(isSeen(), true)
  assert.equal(primitiveName(place.index), 'L1')
  removePrimitive(place)
})

test('what still names a removed primitive is refused, also when its row is in use again', () => {
  const place = addPrimitive('event', undefined)
  publishPrimitive(place, 'event')
  removePrimitive(place)
  assert.equal(isInForce(place), false)
  assert.throws(
    () => assertInForce(place),
    (error) => isCardumenError(error, 'closed'),
  )
  // Twice does no harm to whoever has the row now.
  const others = Array.from({ length: 3 }, () => addPrimitive('event', undefined))
  removePrimitive(place)
  for (const other of others) {
    assert.ok(isInForce(other))
    removePrimitive(other)
  }
})

test('a text comes back whole where it fits, and cut where it does not', () => {
  const at = partyNamesAt
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 90 }), (text) => {
      writeText(arena(), at, nameBytesMax, text)
      const read = readText(arena(), at, nameBytesMax)
      const bytes = new TextEncoder().encode(text)
      if (bytes.length <= nameBytesMax - 2) assert.equal(read, new TextDecoder().decode(bytes))
      else assert.ok(new TextEncoder().encode(read).length <= nameBytesMax + 2)
    }),
  )
  writeText(arena(), at, nameBytesMax, '')
})

test('threads that take rows at the same time never take the same one', async () => {
  const words = new Int32Array(new SharedArrayBuffer(16 * 4 * 1_024))
  const table: RowTable = { at: 16, first: 1, rows: 900, inTurn: 64, next: 0, high: 1 }
  Atomics.store(words, 0, 1)
  const module = new URL('./fixtures/take-rows.ts', import.meta.url)
  const workers = [1, 2].map((mark) => new Worker(module, { workerData: { words, table, mark } }))
  const taken = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0] as number[]))
  const all = taken.flat()
  assert.equal(new Set(all).size, 800)
  assert.equal(all.length, 800)
  assert.equal(Atomics.load(words, 1), Math.max(...all) + 1)
  assert.equal(takeRow(words, { ...table, rows: 801, high: 2 }, 1), undefined)
})

test('another memory is not taken for the arena of this process', () => {
  const ours = arena()
  assert.equal(adoptArena(ours.buffer), ours)
  assert.throws(
    () => adoptArena(new SharedArrayBuffer(ours.buffer.byteLength)),
    (error) => isCardumenError(error, 'thread-state'),
  )
  assert.equal(getEnvironmentData('cardumen.threads.arena'), ours.buffer)
})
