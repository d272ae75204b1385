/** Frames as bytes, and the room for extensions. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { concatBytes, fromHex, toHex } from '../lib/bytes.ts'
import { afterExtensions, readU48, writeU48 } from './frame.ts'
import { FrameWriter } from './frame-writer.ts'

test('a frame is its length, kind, flags, time and payload', () => {
  const writer = new FrameWriter()
  writer.append(0x21, 0x0102_0304_0506, Uint8Array.of(0xaa, 0xbb), 1, Uint8Array.of(0xcc))
  assert.equal(toHex(concatBytes(writer.take())), '0000000a' + '21' + '00' + '010203040506' + 'aa' + 'cc')
})

test('a cell is a frame with the id, kind and size of its message before its part', () => {
  const writer = new FrameWriter()
  writer.appendCell(1, 5, 0x21, 300, Uint8Array.of(0xaa), Uint8Array.of(0xcc))
  assert.equal(
    toHex(concatBytes(writer.take())),
    '00000014' + '04' + '00' + '000000000001' + '00000005' + '21' + '00' + '0000012c' + 'aa' + 'cc',
  )
})

for (const time of [0, 1, 0xffff_ffff, 0x1_0000_0000, 0xffff_ffff_ffff]) {
  test(`the time ${time} fits into 48 bits`, () => {
    const bytes = new Uint8Array(6)
    writeU48(bytes, 0, time)
    assert.equal(readU48(bytes, 0), time)
  })
}

const extensions: readonly (readonly [string, string, number])[] = [
  ['none', '0000' + 'ff', 2],
  ['one that is unknown, which is skipped', '0005' + '010002abcd' + 'ff', 7],
  ['two, both skipped', '0007' + '010001ab' + '020000' + 'ff', 9],
  ['one that must be understood', '0005' + '810002abcd' + 'ff', -1],
  ['one longer than the extensions together', '0004' + '010002abcd' + 'ff', -1],
  ['one whose head is cut off', '0002' + '0100' + 'ff', -1],
  ['more than the frame holds', 'ffff' + '010002abcd', -1],
  ['half a size', '00', -1],
]

for (const [what, text, payloadStart] of extensions) {
  test(`extensions: ${what}`, () => {
    const bytes = fromHex(text) ?? assert.fail()
    assert.equal(afterExtensions(bytes, 0, bytes.length), payloadStart)
  })
}
