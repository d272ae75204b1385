/**
 * A service with an operation of every kind, and how a peer that holds a capability of it asks for them.
 *
 * Its handlers hand back what they were given, so that whatever the decoder lets through goes the whole way round. They
 * note each argument, for the fuzzer to look at.
 */
import { Capability } from '../../src/kernel/capabilities/capability.ts'
import { drawnIdentity } from '../../src/kernel/capabilities/identity.ts'
import { encodeMessage } from '../../src/kernel/calls/rpc-frames.ts'
import { encodeSelector } from '../../src/kernel/calls/selector.ts'
import { type Handler, ServedService } from '../../src/kernel/calls/served-service.ts'
import { defineService, type Handlers, type Operations } from '../../src/kernel/service.ts'
import { objectOf, text, wholeNumber } from '../../src/kernel/schemas.ts'
import type { Message, Req } from '../../src/protocols/rpc/messages.ts'
import { FrameWriter } from '../../src/wire/frame-writer.ts'
import { plainCrypto } from './plain-crypto.ts'

const systemId = 'fuzzed'
const nothing = new Uint8Array(0)
const itemsMax = 4

const Fuzzed = defineService('fuzzed', {
  echo: {},
  later: { right: 'read' },
  checked: { input: objectOf({ name: text(40), count: wholeNumber() }) },
  raw: { raw: true },
  items: { stream: true },
  throwing: {},
})

/** What handlers were called with, most recent last; emptied by whoever looks. */
export const handled: unknown[] = []

function noting(handler: (input: unknown) => unknown): Handler {
  return (input) => {
    handled.push(input)
    return handler(input)
  }
}

const handlers = {
  echo: noting((input) => input),
  later: noting((input) => Promise.resolve(input)),
  checked: noting((input) => input),
  raw: noting((input) => input),
  items: noting(async function* (input) {
    for (let count = 0; count < itemsMax; count++) yield input
  }),
  throwing: noting((input) => {
    throw new Error('on purpose', { cause: input })
  }),
}

export const served = new ServedService(Fuzzed, handlers as unknown as Handlers<Operations>, {
  identity: drawnIdentity(plainCrypto()),
  systemId,
  wallMs: () => 1_000,
})

/** A call of an operation by its name on the wire, whether there is one or not. */
export function request(
  operation: string,
  body: Uint8Array,
  changes: Partial<Req> = {},
  capability = served.capabilityFor(1),
): Req {
  return {
    kind: 'REQ',
    slot: 0,
    sequence: 1,
    incarnation: 1,
    port: Capability.portOf(capability),
    priority: 1,
    remainingMs: 5_000,
    window: 0,
    selector: encodeSelector(capability, operation),
    body,
    ...changes,
  }
}

/** The frames of messages, one after the other, as a link sends them. */
export function framesOf(...messages: readonly Message[]): Uint8Array {
  const writer = new FrameWriter()
  messages.forEach((message, index) => {
    const { kind, header, headerBytes, body } = encodeMessage(message)
    writer.append(kind, index + 1, header, headerBytes, body ?? nothing)
  })
  return new Uint8Array(Buffer.concat(writer.take()))
}

/** A message in cells of 4 KiB, as large ones travel. */
export function cellsOf(message: Message): Uint8Array {
  const { kind, header, headerBytes, body = nothing } = encodeMessage(message)
  const whole = new Uint8Array([...header.subarray(0, headerBytes), ...body])
  const writer = new FrameWriter()
  for (let at = 0; at < whole.length; at += 4_096)
    writer.appendCell(1, 1, kind, whole.length, nothing, whole.subarray(at, at + 4_096))
  return new Uint8Array(Buffer.concat(writer.take()))
}
