/**
 * Aims at a member through an open link: calls of every kind, and answers to calls of its own.
 *
 * No handler is called with what may not come out of the decoder; each call that was delivered is answered once, at the
 * latest when its caller has gone; and what is sent back has a bound that grows with what came.
 */
import { encodeError } from '../../src/kernel/calls/errors-on-the-wire.ts'
import { CardumenError } from '../../src/lib/cardumen-error.ts'
import type { Message } from '../../src/protocols/rpc/messages.ts'
import { decode, encode } from '../../src/wire/codec.ts'
import { headBytes, linkKind } from '../../src/wire/frame.ts'
import { FrameWriter } from '../../src/wire/frame-writer.ts'
import { valuesThatTravel } from './codec-target.ts'
import { flawOf } from './decoded-value.ts'
import { cellsOf, framesOf, handled, request, served } from './fuzzed-service.ts'
import { MemberUnderFuzz, peer } from './member-under-fuzz.ts'
import { plainSigner } from './plain-crypto.ts'
import type { Target, Verdict } from './target.ts'

/** For each frame: an error with its stack and causes is the longest that is said without being asked for. */
const answerBytesPerFrame = 8_192
const answerBytesPerByte = 8
const timeMs = 40_000
const nothing = new Uint8Array(0)

export const callsTarget: Target = { name: 'calls', seeds: seeds(), run }

async function run(input: Uint8Array): Promise<Verdict> {
  handled.length = 0
  const member = new MemberUnderFuzz(served, (caller) => (caller === peer ? plainSigner(101).publicKey : undefined))
  const before = member.connection.writtenBytes
  await member.receive(input.slice())
  const written = member.connection.writtenBytes - before
  await member.endPeer(timeMs)
  const bound = (1 + input.length / headBytes) * answerBytesPerFrame + input.length * answerBytesPerByte
  if (written > bound) return `${input.length} bytes are answered with ${written}`
  if (member.replied !== member.delivered) return `${member.delivered} calls are answered ${member.replied} times`
  return argumentFlaw(input.length) ?? answerFlaw(member)
}

function argumentFlaw(sizeBytes: number): Verdict {
  for (const argument of handled) {
    const flaw = flawOf(argument, sizeBytes)
    if (flaw !== undefined) return `a handler is called with what is none: ${flaw}`
  }
  return undefined
}

function answerFlaw({ answers }: MemberUnderFuzz): Verdict {
  for (const { body } of answers) {
    try {
      const flaw = flawOf(decode(body), body.length)
      if (flaw !== undefined) return `an answer: ${flaw}`
    } catch (error) {
      if (!(error instanceof CardumenError)) throw error
    }
  }
  return undefined
}

function seeds(): readonly Uint8Array[] {
  const number = { slot: 0, sequence: 1 }
  const body = encode({ name: 'a name', count: 3 })
  const operations = ['echo', 'later', 'checked', 'raw', 'throwing', 'none', 'constructor']
  const narrow = served.capabilityFor(2, 'read').restrict({ operations: ['echo', 'later'], expiresAt: 5_000 })
  const control: Message[] = [
    { kind: 'ACK', ...number },
    { kind: 'AYA', ...number },
    { kind: 'TA', ...number },
    { kind: 'CAN', ...number },
    { kind: 'IAA', ...number, phase: 'running' },
    { kind: 'AU', ...number, what: 'call' },
  ]
  return [
    ...operations.map((operation) => framesOf(request(operation, body))),
    ...valuesThatTravel()
      .map((value) => framesOf(request('echo', encode(value))))
      .filter(({ length }) => length < 2_000),
    framesOf(request('later', body), request('echo', body, { slot: 1 }), request('echo', body, { sequence: 2 })),
    framesOf(request('items', body, { window: 2 }), { kind: 'CRE', ...number, received: 1, limit: 6, resend: true }),
    framesOf(request('items', body, { window: 2 }), { kind: 'CAN', ...number }, { kind: 'AYA', ...number }),
    framesOf(request('echo', body, {}, narrow)),
    framesOf(request('echo', body, {}, narrow.restrict({ holder: plainSigner(101).publicKey }))),
    framesOf(...control),
    framesOf({ kind: 'REP', ...number, status: 'ok', count: 0, body }),
    framesOf({
      kind: 'REP',
      ...number,
      status: 'failed',
      count: 0,
      body: encodeError(new CardumenError('too-large', 'x')),
    }),
    framesOf(
      { kind: 'ITM', slot: 1, sequence: 1, index: 0, body },
      { kind: 'ITM', slot: 1, sequence: 1, index: 1, body },
      { kind: 'REP', slot: 1, sequence: 1, status: 'ok', count: 2, body: nothing },
    ),
    cellsOf(request('echo', encode('x'.repeat(6_000)))),
    linkFrames(),
  ]
}

function linkFrames(): Uint8Array {
  const writer = new FrameWriter()
  writer.append(linkKind.credit, 1, nothing, 0, Uint8Array.of(0, 0, 0, 0))
  writer.append(linkKind.leave, 2, nothing, 0, nothing)
  return new Uint8Array(Buffer.concat(writer.take()))
}
