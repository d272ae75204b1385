/** What a crash leaves of a file, against a list of all that it may leave. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { seededRandom } from '../../lib/random.ts'
import { StoredFile, unsyncedBytesMax } from './stored-file.ts'

const change = fc.oneof(
  fc.record({ offset: fc.nat(20), bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }) }),
  fc.nat(25),
)

/** The slow definition: a file is what all its changes make of nothing. */
function after(changes: readonly (number | { offset: number; bytes: Uint8Array })[]): number[] {
  let bytes: number[] = []
  for (const each of changes) {
    const sizeBytes = typeof each === 'number' ? each : Math.max(bytes.length, each.offset + each.bytes.length)
    bytes = Array.from({ length: sizeBytes }, (_, place) => bytes[place] ?? 0)
    if (typeof each !== 'number') bytes.splice(each.offset, each.bytes.length, ...each.bytes)
  }
  return bytes
}

const contents = (file: StoredFile): number[] => [...file.read(0, 1_000)]

describe('a stored file', () => {
  it('keeps what was synced over a crash, and of the rest a beginning and at most a part of the next write', () => {
    fc.assert(
      fc.property(
        fc.array(change, { size: 'max', maxLength: 12 }),
        fc.nat(12),
        fc.nat(),
        fc.boolean(),
        (changes, syncs, seed, tears) => {
          const file = new StoredFile()
          const synced = Math.min(syncs, changes.length)
          for (const each of changes) file.change(each)
          assert.deepEqual(contents(file), after(changes))
          file.sync(synced)
          file.crash(seededRandom(seed), tears ? 1 : 0)
          const left = contents(file).join()
          const possible = changes.flatMap((each, index) => {
            if (index + 1 < synced) return []
            const whole = after(changes.slice(0, index + 1)).join()
            const next = changes[index + 1]
            if (!tears || next === undefined || typeof next === 'number') return [whole]
            const cuts = Array.from({ length: next.bytes.length }, (_, length) => ({
              ...next,
              bytes: next.bytes.slice(0, length),
            }))
            return [whole, ...cuts.map((cut) => after([...changes.slice(0, index + 1), cut]).join())]
          })
          const first = changes[0]
          if (synced === 0) possible.push('')
          if (synced === 0 && tears && first !== undefined && typeof first !== 'number')
            for (let length = 0; length < first.bytes.length; length++)
              possible.push(after([{ ...first, bytes: first.bytes.slice(0, length) }]).join())
          assert.ok(possible.includes(left), `${left} is none of ${possible.join(' | ')}`)
        },
      ),
    )
  })

  it('shows only what was synced after the rest was dropped', () => {
    fc.assert(
      fc.property(fc.array(change, { size: 'max', maxLength: 12 }), fc.nat(12), (changes, syncs) => {
        const file = new StoredFile()
        for (const each of changes) file.change(each)
        file.sync(Math.min(syncs, changes.length))
        file.dropUnsynced()
        assert.deepEqual(contents(file), after(changes.slice(0, syncs)))
      }),
    )
  })

  it('turns one bit round within the range, for good', () => {
    const file = new StoredFile()
    file.change({ offset: 0, bytes: new Uint8Array(10) })
    file.flipBit(2, 3, seededRandom(1))
    const flipped = contents(file).flatMap((byte, place) =>
      byte === 0 ? [] : [[place, byte.toString(2).replaceAll('0', '')]],
    )
    assert.equal(flipped.length, 1)
    assert.ok(Number(flipped[0]?.[0]) >= 2 && Number(flipped[0]?.[0]) < 5)
    assert.equal(flipped[0]?.[1], '1')
  })

  it('counts as synced only what was there when the sync began, though another one ended meanwhile', () => {
    const file = new StoredFile()
    file.change({ offset: 0, bytes: Uint8Array.of(1) })
    const begun = file.lastChange
    file.sync(file.lastChange)
    file.change({ offset: 1, bytes: Uint8Array.of(2) })
    file.sync(begun)
    file.dropUnsynced()
    assert.deepEqual(contents(file), [1])
  })

  it('remembers only so much that nobody syncs: the oldest of it is written back', () => {
    const file = new StoredFile()
    const bytes = new Uint8Array(1_048_576)
    // The first write replaces nothing, each later one as much as it brings.
    const count = Math.floor(unsyncedBytesMax / (2 * bytes.length)) + 2
    for (let index = 1; index <= count; index++) file.change({ offset: 0, bytes: bytes.slice().fill(index) })
    file.dropUnsynced()
    const left = file.read(0, 1)[0] ?? 0
    assert.ok(left >= 1 && left <= 4, `write ${left} of ${count} is left`)
  })
})
