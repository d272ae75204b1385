/** A shared map within one thread: it is a Map with a capacity. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { pack } from '../travel/shareable.ts'
import { SharedMap, unpackSharedMap } from './shared-map.ts'

const code = (name: string) => ({ name: 'CardumenError', code: name })

describe('a shared map', () => {
  it('gives what a Map gives, for texts and bytes of every length', () => {
    const key = fc.oneof(fc.constantFrom('a', 'b', 'c', '', 'ab'), fc.string({ maxLength: 4 }))
    const action = fc.record({ key, value: fc.option(fc.uint8Array({ maxLength: 9 })) })
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const map = new SharedMap({ capacity: 60, keys: { textBytesMax: 16 }, values: { bytesMax: 9 } })
        const model = new Map<string, Uint8Array>()
        for (const { key: each, value } of actions) {
          if (value === null) assert.equal(map.delete(each), model.delete(each))
          else {
            map.set(each, value)
            model.set(each, value)
          }
          assert.deepEqual(map.get(each), model.get(each))
          assert.equal(map.has(each), model.has(each))
        }
        assert.deepEqual(new Map(map), model)
        assert.equal(map.size, model.size)
      }),
    )
  })

  it('knows all numbers as keys, with one zero and one NaN', () => {
    const map = new SharedMap({ capacity: 8, keys: 'numbers', values: 'numbers' })
    for (const [at, key] of [0, Number.NaN, 0.5, -1, Number.POSITIVE_INFINITY].entries()) map.set(key, at)
    assert.deepEqual(
      [-0, Number.NaN, 0.5, -1, Number.POSITIVE_INFINITY].map((key) => map.get(key)),
      [0, 1, 2, 3, 4],
    )
  })

  it('gives back every number as it was put, also minus zero', () => {
    const map = new SharedMap({ capacity: 1, keys: 'numbers', values: 'numbers' })
    fc.assert(fc.property(fc.double(), (value) => assert.ok(Object.is(map.set(1, value).get(1), value))))
    assert.ok(Object.is(map.set(1, -0).get(1), -0))
  })

  it('refuses keys that hold half a character, which would be one key', () => {
    const map = new SharedMap({ capacity: 4, keys: { textBytesMax: 8 }, values: 'numbers' })
    for (const key of ['\ud83d', '\ude00x']) assert.throws(() => map.set(key, 1), code('option-invalid'))
    assert.equal(map.set('\ud83d\ude00', 2).get('😀'), 2)
  })

  it('refuses a new key when it is full, and takes it when one was removed', () => {
    const map = new SharedMap({ capacity: 200, keys: 'numbers', values: 'numbers' })
    for (let key = 0; key < 200; key++) map.set(key, key)
    assert.throws(() => map.set(200, 1), code('capacity-reached'))
    map.set(7, 70)
    map.delete(9)
    map.set(200, 1)
    assert.deepEqual([map.get(7), map.get(9), map.get(200), map.size], [70, undefined, 1, 200])
  })

  it('uses what was removed again, however many keys come and go', () => {
    const map = new SharedMap({ capacity: 4, keys: 'numbers', values: 'numbers' })
    for (let key = 0; key < 5_000; key++) {
      map.set(key, key)
      if (key >= 3) assert.equal(map.delete(key - 3), true)
    }
    assert.deepEqual(new Map(map), new Map([4_997, 4_998, 4_999].map((key) => [key, key])))
  })

  it('computes from what is there, and leaves it where the change gives undefined', () => {
    const map = new SharedMap({ capacity: 4, keys: { textBytesMax: 8 }, values: 'numbers' })
    assert.equal(
      map.update('a', (value = 10) => value + 1),
      11,
    )
    assert.equal(
      map.update('a', () => undefined),
      undefined,
    )
    assert.equal(map.get('a'), 11)
    map.set('b', 5)
    map.update('a', (value = 0) => value + (map.get('b') ?? 0))
    assert.deepEqual([map.get('a'), map.get('b')], [16, 5])
  })

  it('refuses an update whose change changes the map, and goes on', () => {
    const map = new SharedMap({ capacity: 4, keys: 'numbers', values: 'numbers' }).set(1, 1)
    for (const change of [() => map.set(2, 2), () => map.delete(1), () => map.update(1, () => 5)]) {
      assert.throws(() => map.update(1, () => (change(), 3)), code('option-invalid'))
    }
    assert.deepEqual(
      new Map(map.set(2, 3)),
      new Map([
        [1, 1],
        [2, 3],
      ]),
    )
  })

  it('fails with the reason where a part of it was left half written', () => {
    const options = { capacity: 4, keys: 'numbers', values: 'numbers' } as const
    const memory = new SharedArrayBuffer(SharedMap.bytesNeeded(options))
    const map = new SharedMap({ ...options, memory }).set(1, 1)
    // The sequence of its one segment, after the header.
    new Int32Array(memory)[16] = 3
    assert.throws(() => map.get(1), code('holder-died'))
    new Int32Array(memory)[16] = 4
    assert.equal(map.get(1), 1)
  })

  it('refuses keys and values that do not fit', () => {
    const map = new SharedMap({ capacity: 4, keys: { textBytesMax: 4 }, values: { bytesMax: 2 } })
    assert.throws(() => map.set('abcde', new Uint8Array(1)), code('too-large'))
    assert.throws(() => map.get('ñññ'), code('too-large'))
    assert.throws(() => map.set('a', new Uint8Array(3)), code('too-large'))
    assert.throws(() => map.set(1 as never, new Uint8Array(1)), code('option-invalid'))
    assert.throws(() => new SharedMap({ capacity: 0, keys: 'numbers', values: 'numbers' }), code('option-invalid'))
    assert.equal(map.size, 0)
  })

  it('is the same map where it is unpacked, and refuses memory that holds another', () => {
    const options = { capacity: 4, keys: 'numbers', values: 'numbers' } as const
    const memory = new SharedArrayBuffer(SharedMap.bytesNeeded(options))
    const map = new SharedMap({ ...options, memory }).set(1, 2)
    assert.equal(unpackSharedMap(structuredClone(map[pack]().state) as never).get(1 as never), 2)
    assert.throws(() => new SharedMap({ ...options, capacity: 3, memory }), code('memory-too-small'))
    assert.throws(() => new SharedMap({ ...options, capacity: 8_000, memory }), code('memory-too-small'))
  })
})
