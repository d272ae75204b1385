/**
 * One operation of one target, as a client holds it: what it sends to which of its servers, and the checks of what a
 * program gives for a call before anything of it leaves.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { decode, encode } from '../../wire/codec.ts'
import { messageBytesMax, prioritiesCount } from '../../wire/cells.ts'
import type { Capability } from '../capabilities/capability.ts'
import type { ServerEntry } from '../ports/names.ts'
import { headerBytesMax } from './rpc-frames.ts'
import { refused, type Refusal } from '../schema-check.ts'
import { encodeBareSelector, encodeSelector } from './selector.ts'
import type { CallOptions, OperationDefinition, Semantics, Service } from '../service.ts'

/** Of an argument, a result or an item, encoded: with its header it is a message of 128 MiB at most. */
export const bodyBytesMax = messageBytesMax - headerBytesMax
const selectorsMax = 256
const semanticsKnown: readonly unknown[] = ['maybe', 'at-least-once', 'at-most-once'] satisfies Semantics[]

export interface Binding {
  /** `service.operation`, for messages. */
  readonly subject: string
  readonly name: string | undefined
  readonly capability: Capability | undefined
  /** Where the capability's port was last found. */
  located: ServerEntry | undefined
  /** Its name on the wire. */
  readonly operation: string
  /** Shows no capability. */
  readonly isBare: boolean
  readonly definition: OperationDefinition
  /** By the capability they were made for; bounded by the servers of the name. */
  readonly selectors: Map<Capability, Uint8Array>
  readonly refusal: Refusal
}

export function bindingOf(
  service: Service,
  operation: string,
  definition: OperationDefinition,
  target: string | Capability,
): Binding {
  const subject = `${service.name}.${operation}`
  const refusal: Refusal = { code: 'output-refused', executed: 'yes', subject }
  const isName = typeof target === 'string'
  const name = isName ? target : undefined
  return {
    subject,
    name,
    capability: isName ? undefined : target,
    located: undefined,
    operation: (service.prefix ?? '') + operation,
    isBare: service.isBare === true,
    definition,
    selectors: new Map(),
    refusal,
  }
}

export function selectorOf(binding: Binding, capability: Capability): Uint8Array {
  const known = binding.selectors.get(capability)
  if (known !== undefined) return known
  const { operation, isBare } = binding
  const selector = isBare ? encodeBareSelector(operation) : encodeSelector(capability, operation)
  if (binding.selectors.size >= selectorsMax) binding.selectors.clear()
  binding.selectors.set(capability, selector)
  return selector
}

/** @throws CardumenError `cannot-travel`, `too-large`. */
export function encodeInput(binding: Binding, input: unknown): Uint8Array {
  const isRaw = binding.definition.raw === true
  if (isRaw && !(input instanceof Uint8Array))
    throw new CardumenError('cannot-travel', `${binding.subject} takes bytes.`)
  const body = isRaw ? (input as Uint8Array) : encode(input)
  if (body.length <= bodyBytesMax) return body
  throw new CardumenError(
    'too-large',
    `The argument of ${binding.subject} has ${body.length} bytes, over ${bodyBytesMax}.`,
  )
}

/** @throws CardumenError `output-refused` where the bytes are no value: only a faulty server sends such. */
export function decodeOutput({ definition, refusal }: Binding, body: Uint8Array): unknown {
  if (definition.raw === true) return body
  try {
    return decode(body)
  } catch (cause) {
    throw refused(refusal, 'it cannot be read', cause)
  }
}

/** @throws CardumenError `option-invalid`. */
export function checkOptions({ timeoutMs, semantics, priority }: CallOptions): void {
  if (timeoutMs !== undefined && !(timeoutMs >= 0)) {
    throw new CardumenError(
      'option-invalid',
      `timeoutMs is ${timeoutMs}; it is a number of milliseconds from 0, or Infinity.`,
    )
  }
  if (semantics !== undefined && !semanticsKnown.includes(semantics)) {
    throw new CardumenError(
      'option-invalid',
      `semantics is ${String(semantics)}; it is one of ${semanticsKnown.join(', ')}.`,
    )
  }
  if (priority !== undefined && !(Number.isInteger(priority) && priority >= 0 && priority < prioritiesCount)) {
    throw new CardumenError(
      'option-invalid',
      `priority is ${String(priority)}; it is a whole number from 0 to ${prioritiesCount - 1}.`,
    )
  }
}
