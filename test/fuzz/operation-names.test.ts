/** Operations with names that every JavaScript object has: unknown, over a link, to a holder of a genuine capability. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { framesOf, handled, request, served } from '../../scripts/fuzz/fuzzed-service.ts'
import { MemberUnderFuzz } from '../../scripts/fuzz/member-under-fuzz.ts'
import { decodeError } from '../../src/kernel/calls/errors-on-the-wire.ts'
import { decodeMessage } from '../../src/kernel/calls/rpc-frames.ts'
import { encode } from '../../src/wire/codec.ts'
import { FrameReader } from '../../src/wire/frame-reader.ts'

const names = [
  'constructor',
  'then',
  'toString',
  '__proto__',
  'hasOwnProperty',
  'valueOf',
  'prototype',
  'std.constructor',
  '',
]

/** What the member said to a call of the operation. */
async function replyTo(operation: string): Promise<{ readonly status: string; readonly body: Uint8Array }> {
  handled.length = 0
  const member = new MemberUnderFuzz(served, () => undefined)
  const earlier = member.connection.written.length
  await member.receive(framesOf(request(operation, encode('hello'))))
  const replies: { readonly status: string; readonly body: Uint8Array }[] = []
  const reader = new FrameReader({
    onFrame(kind, _flags, _lamport, bytes, start, end) {
      const message = decodeMessage(kind, bytes, start, end)
      if (message?.kind === 'REP') replies.push(message)
      return undefined
    },
    onCell: () => undefined,
    onCellPart: () => undefined,
  })
  for (const chunk of member.connection.written.slice(earlier)) reader.push(chunk)
  assert.equal(replies.length, 1)
  return replies[0] ?? assert.fail()
}

for (const name of names) {
  it(`an operation named "${name}" is unknown, and nothing runs`, async () => {
    const { status, body } = await replyTo(name)
    const { code, executed } = decodeError(body)
    assert.deepEqual([status, code, executed], ['failed', 'operation-unknown', 'no'])
    assert.deepEqual(handled, [])
  })
}

it('an operation that the service has is called', async () => {
  assert.equal((await replyTo('echo')).status, 'ok')
  assert.deepEqual(handled, ['hello'])
})
