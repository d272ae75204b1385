/** Rows of servers as text: what was written is read, and whatever else stands there is no row. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Address } from '../../lib/identifiers.ts'
import { toUtf8 } from '../../lib/text.ts'
import { Capability } from '../capabilities/capability.ts'
import { namedServer } from '../fixtures/named-server.ts'
import { portProofBytes } from './port-proof.ts'
import { decodeNameRow, decodePortRow, encodePortRow } from './server-rows.ts'

const rows = fc.record(
  {
    address: fc.integer({ min: 0, max: 2 ** 48 }).map((life) => `a.member-9#${life}` as Address),
    proof: fc.uint8Array({ minLength: portProofBytes, maxLength: portProofBytes }),
    isKept: fc.boolean(),
    serial: fc.integer({ min: 0, max: 2 ** 40 }),
  },
  { noNullPrototype: true },
)

describe('the row of a server', () => {
  it('is read as it was written', () => {
    fc.assert(fc.property(rows, (row) => assert.deepEqual(decodePortRow(encodePortRow(row)), row)))
    const { nameValue, capability, proof } = namedServer('probe', 'm1#1', { isKept: true })
    const read = decodeNameRow(nameValue)
    assert.ok(read !== undefined && read.capability.equals(capability))
    assert.deepEqual(
      { ...read, capability: undefined },
      { address: 'm1#1', proof, isKept: true, serial: 1, capability: undefined },
    )
  })

  it('is none where anything else stands there', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.string().map(toUtf8)), (bytes) => {
        assert.equal(decodePortRow(bytes), undefined)
        assert.equal(decodeNameRow(bytes), undefined)
      }),
    )
  })

  it('is none with a part missing, added or changed in kind', () => {
    const text = Buffer.from(
      encodePortRow({ address: 'm1#1' as Address, proof: new Uint8Array(96), isKept: true, serial: 3 }),
    ).toString()
    const parts = text.split(' ')
    const damaged = [
      ...parts.map((_, index) => parts.toSpliced(index, 1)),
      ...parts.map((part, index) => parts.toSpliced(index, 1, `${part}x`)),
      [...parts, 'more'],
    ]
    for (const each of damaged) assert.equal(decodePortRow(toUtf8(each.join(' '))), undefined, each.join(' '))
  })

  it('holds no capability that is none', () => {
    const { portValue, capability } = namedServer('probe', 'm1#1')
    const hex = Buffer.from(Capability.toBytes(capability)).toString('hex').slice(2)
    assert.equal(decodeNameRow(toUtf8(`${hex} ${Buffer.from(portValue).toString()}`)), undefined)
  })
})
