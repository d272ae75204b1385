/** A ring within one thread: order, room, roles, and what is refused. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { pack } from '../travel/shareable.ts'
import { Ring, unpackRing } from './ring.ts'

const code = (name: string) => ({ name: 'CardumenError', code: name })

describe('a ring', () => {
  it('gives what a plain queue gives, for messages of every length', () => {
    const message = fc.uint8Array({ maxLength: 60 })
    fc.assert(
      fc.property(fc.array(fc.option(message), { maxLength: 200 }), (actions) => {
        const ring = new Ring({ capacityBytes: 256 })
        const into = new Uint8Array(60)
        const model: Uint8Array[] = []
        for (const bytes of actions) {
          if (bytes !== null) {
            if (ring.tryWrite(bytes)) model.push(bytes)
            else assert.ok(model.length > 0)
          } else {
            const length = ring.tryRead(into)
            assert.deepEqual(length === undefined ? undefined : into.slice(0, length), model.shift())
          }
        }
      }),
    )
  })

  it('takes the longest message whenever it is empty, wherever its positions are', () => {
    const ring = new Ring({ capacityBytes: 256 })
    const into = new Uint8Array(ring.messageBytesMax)
    for (let length = 0; length < 60; length++) {
      assert.equal(ring.tryWrite(new Uint8Array(length)), true)
      assert.equal(ring.tryRead(into), length)
      assert.equal(ring.tryWrite(into), true)
      assert.equal(ring.tryRead(into), into.length)
    }
  })

  it('refuses a message that is too long', () => {
    const ring = new Ring({ capacityBytes: 256 })
    assert.throws(() => ring.tryWrite(new Uint8Array(ring.messageBytesMax + 1)), code('too-large'))
  })

  it('leaves a message where it is that does not fit where it is to go', () => {
    const ring = new Ring()
    ring.tryWrite(Uint8Array.of(1, 2, 3))
    assert.throws(() => ring.tryRead(new Uint8Array(2)), code('out-of-bounds'))
    const into = new Uint8Array(3)
    assert.equal(ring.tryRead(into), 3)
    assert.deepEqual(into, Uint8Array.of(1, 2, 3))
  })

  it('refuses a second writer until it takes the role over, and goes on where the first was', () => {
    const ring = new Ring()
    const other = unpackRing(structuredClone(ring[pack]().state) as never)
    ring.tryWrite(Uint8Array.of(1))
    assert.throws(() => other.tryWrite(Uint8Array.of(2)), code('not-owner'))
    other.takeOver('writer')
    other.tryWrite(Uint8Array.of(2))
    const into = new Uint8Array(1)
    assert.deepEqual([ring.tryRead(into), into[0], ring.tryRead(into), into[0]], [1, 1, 1, 2])
    assert.throws(() => other.tryRead(into), code('not-owner'))
  })

  it('is read to its end after it was closed, and then refuses both sides', () => {
    const ring = new Ring()
    const into = new Uint8Array(1)
    ring.tryWrite(Uint8Array.of(1))
    ring.close()
    assert.throws(() => ring.tryWrite(Uint8Array.of(2)), code('closed'))
    assert.equal(ring.tryRead(into), 1)
    assert.throws(() => ring.tryRead(into), code('closed'))
  })

  for (const start of [2 ** 31 - 128, 2 ** 32 - 128]) {
    it(`goes on when its positions pass ${start + 128}`, () => {
      const memory = new SharedArrayBuffer(Ring.bytesNeeded(256))
      const ring = new Ring({ capacityBytes: 256, memory })
      // Both positions, as after so many bytes.
      for (const word of [16, 32]) new Int32Array(memory)[word] = start
      const into = new Uint8Array(60)
      for (let number = 0; number < 100; number++) {
        let written = 0
        while (ring.tryWrite(new Uint8Array(number % 61).fill(number))) written++
        assert.ok(written >= 3)
        for (let read = 0; read < written; read++) {
          assert.equal(ring.tryRead(into), number % 61)
          assert.ok(into.subarray(0, number % 61).every((byte) => byte === number))
        }
        assert.equal(ring.tryRead(into), undefined)
      }
    })
  }

  it('refuses what is no message, and then still takes one', () => {
    const ring = new Ring()
    for (const wrong of [5, 'abc', [1, 2], new Float64Array(4), { length: 1 }]) {
      assert.throws(() => ring.tryWrite(wrong as never), code('option-invalid'))
    }
    assert.equal(ring.tryWrite(Uint8Array.of(7)), true)
    assert.throws(() => ring.tryRead([] as never), { name: 'CardumenError' })
    assert.throws(() => ring.tryRead([1] as never), code('option-invalid'))
    assert.equal(ring.tryRead(new Uint8Array(1)), 1)
  })

  it('carries all of a message whose buffer has grown since the last one', () => {
    const ring = new Ring()
    const bytes = new Uint8Array(new ArrayBuffer(4, { maxByteLength: 16 }))
    const into = new Uint8Array(new ArrayBuffer(4, { maxByteLength: 16 }))
    for (let time = 0; time < 3; time++) {
      ring.tryWrite(bytes.fill(time))
      ring.tryRead(into)
    }
    for (const buffer of [bytes.buffer, into.buffer] as ArrayBuffer[]) buffer.resize(16)
    ring.tryWrite(bytes.fill(9))
    assert.equal(ring.tryRead(into), 16)
    assert.deepEqual(into, new Uint8Array(16).fill(9))
  })

  it('stays within its memory whatever a foreign write has put there', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 256, maxLength: 256 }), fc.nat(), (garbage, head) => {
        const memory = new SharedArrayBuffer(Ring.bytesNeeded(256))
        const ring = new Ring({ capacityBytes: 256, memory })
        new Uint8Array(memory).set(garbage, memory.byteLength - 256)
        new Int32Array(memory)[16] = head & ~3
        const into = new Uint8Array(300)
        for (let time = 0; time < 20; time++) {
          try {
            const length = ring.tryRead(into)
            assert.ok(length === undefined || length <= into.length)
          } catch (error) {
            assert.equal((error as { code?: string }).code, 'out-of-bounds')
          }
        }
      }),
    )
  })

  it('refuses memory that is too small, or that another ring lies in', () => {
    const memory = new SharedArrayBuffer(Ring.bytesNeeded(1_024))
    assert.throws(() => new Ring({ capacityBytes: 2_048, memory }), code('memory-too-small'))
    new Ring({ capacityBytes: 512, memory })
    assert.throws(() => new Ring({ capacityBytes: 1_024, memory }), code('memory-too-small'))
    assert.throws(() => new Ring({ capacityBytes: 0 }), code('option-invalid'))
  })

  it('does not block the main thread, and says what to call there', () => {
    const ring = new Ring()
    assert.throws(() => ring.read(new Uint8Array(1)), { code: 'would-block', hint: /readAsync/ })
    assert.throws(() => ring.write(new Uint8Array(1)), { code: 'would-block', hint: /writeAsync/ })
  })
})
