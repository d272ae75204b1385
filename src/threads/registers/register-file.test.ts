/** Registers in a file in memory. */
import assert from 'node:assert/strict'
import { existsSync, openSync, statSync, truncateSync, writeSync, closeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { kinds } from '../travel/kinds.ts'
import { pack } from '../travel/shareable.ts'
import { RegisterFile } from './register-file.ts'

test('a register is 0 at first, and then gives what was written last', () => {
  using file = new RegisterFile({ registers: 4 })
  assert.equal(file.read(3), 0)
  const values = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.maxSafeNat()))
  fc.assert(
    fc.property(values, (writes) => {
      for (const [register, value] of writes) {
        file.write(register, value)
        assert.equal(file.read(register), value)
      }
    }),
  )
})

test('the same registers come out where the file was carried to', async () => {
  using file = new RegisterFile({ registers: 2 })
  file.write(1, 7)
  const { kind, state } = file[pack]()
  const unpack = await kinds[kind]?.()
  using other = unpack?.(structuredClone(state) as never) as unknown as RegisterFile
  assert.deepEqual([other.count, other.read(1)], [2, 7])
  other.write(0, 8)
  assert.equal(file.read(0), 8)
})

test('only who made the file removes it', () => {
  const file = new RegisterFile({ registers: 1 })
  new RegisterFile({ path: file.path }).close()
  assert.equal(existsSync(file.path), true)
  file.close()
  file.close()
  assert.equal(existsSync(file.path), false)
  assert.throws(() => file.read(0), { code: 'closed' })
})

test('a register that is not there, and a file of no registers, are refused', () => {
  using file = new RegisterFile({ registers: 2 })
  for (const register of [2, -1, 0.5, Number.NaN]) {
    assert.throws(() => file.read(register), { code: 'out-of-bounds' })
    assert.throws(() => file.write(register, 1), { code: 'out-of-bounds' })
  }
  for (const registers of [0, -1, 1.5, 2 ** 20 + 1]) {
    assert.throws(() => new RegisterFile({ registers }), { code: 'option-invalid' })
  }
})

test('all of a file is there from the beginning, so that no write of a lock finds the memory full', () => {
  using file = new RegisterFile({ registers: 4_096 })
  const { size, blocks } = statSync(file.path)
  assert.equal(size, 4_096 * 8)
  assert.ok(blocks * 512 >= size, `${blocks} blocks`)
})

test('a file that is not there, and a folder that is none, are refused with a code', () => {
  const absent = join(tmpdir(), 'no-such-folder')
  assert.throws(() => new RegisterFile({ path: join(absent, 'file') }), { code: 'state-unwritable' })
  assert.throws(() => new RegisterFile({ registers: 1, folder: absent }), { code: 'state-unwritable' })
})

test('a register holds whole numbers from 0 on, and what is none of them in the file counts as 0', () => {
  using file = new RegisterFile({ registers: 2 })
  for (const value of [-1, 0.5, Number.NaN, Infinity, 2 ** 53]) {
    assert.throws(() => file.write(0, value), { code: 'option-invalid' })
  }
  const handle = openSync(file.path, 'r+')
  for (const value of [-1, 0.5, Number.NaN, Infinity]) {
    writeSync(handle, new Uint8Array(Float64Array.of(value).buffer), 0, 8, 8)
    assert.equal(file.read(1), 0)
  }
  closeSync(handle)
})

test('a register that was cut off the file is told as that', () => {
  using file = new RegisterFile({ registers: 2 })
  truncateSync(file.path, 8)
  assert.equal(file.read(0), 0)
  assert.throws(() => file.read(1), { code: 'memory-too-small' })
})
