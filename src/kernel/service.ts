/**
 * The contract of a service, from which the server's handlers and the client's type both follow.
 *
 * Contract first: `defineService` states each operation with its schemas and whether it may run twice. There is no
 * code generation; TypeScript derives the types, Standard Schema (zod, valibot, arktype…) checks the values: inputs
 * at the server, outputs at the client. What this file does not do: run anything.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { CardumenError } from '../lib/cardumen-error.ts'
import type { Address } from '../lib/identifiers.ts'
import type { Signal } from '../lib/signal.ts'
import type { Capability } from './capabilities/capability.ts'
import { type Rights, rightsOf } from './capabilities/rights.ts'

export const operationsPerServiceMax = 256

export interface OperationDefinition {
  /** Checked by the server before the handler runs. Left out: the operation takes no argument. */
  readonly input?: StandardSchemaV1
  /** Checked by the client. Left out: the operation has no result. */
  readonly output?: StandardSchemaV1
  /**
   * What the capability that it is called with must grant; more than one bit: all of them. Left out: nothing, so any
   * genuine capability of the object will do.
   */
  readonly right?: Rights
  /** True: it may safely run twice, so a call that a death interrupted goes to another server by itself. */
  readonly idempotent?: boolean
  /** True: the handler returns an async iterable, and each of its values fits `output`. */
  readonly stream?: boolean
  /**
   * True: argument and result (or each item of a stream) are bytes that nobody here encodes, decodes, checks or copies,
   * so an argument must not be changed until its call has ended, nor a result ever.
   */
  readonly raw?: boolean
}

export type Operations = Readonly<Record<string, OperationDefinition>>

export interface Service<Ops extends Operations = Operations> {
  readonly name: string
  readonly operations: Ops
  /** Stands before the names of operations on the wire, so that those that every object has clash with nobody's. */
  readonly prefix?: 'std.'
  /** True: its clients show no capability, which only a service served as bare allows. Only for benches. */
  readonly isBare?: true
}

/**
 * @param name - 1 to 64 of `a-z 0-9 . _ -`.
 * @throws CardumenError `name-invalid` for a service or operation name that cannot be one; `option-invalid` for rights
 * that are none.
 */
export function defineService<const Ops extends Operations>(name: string, operations: Ops): Service<Ops> {
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name)) {
    throw new CardumenError('name-invalid', `"${name}" is no name for a service: 1 to 64 of a-z 0-9 . _ -`)
  }
  const names = Object.keys(operations)
  if (names.length > operationsPerServiceMax) {
    throw new CardumenError('option-invalid', `service ${name} has over ${operationsPerServiceMax} operations`)
  }
  for (const operation of names) {
    if (!isOperationName(operation)) {
      throw new CardumenError('name-invalid', `"${operation}" is no name for an operation of ${name}`)
    }
    rightsOf(operations[operation]?.right ?? 0)
  }
  return { name, operations }
}

/** Names that a plain object or a promise already gives a meaning to are no operations. */
export function isOperationName(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_]{0,63}$/.test(text) && text !== 'then' && !(text in Object.prototype)
}

type InputOf<Op extends OperationDefinition> = Op['raw'] extends true
  ? Uint8Array
  : Op['input'] extends StandardSchemaV1
    ? StandardSchemaV1.InferInput<Op['input']>
    : void
type CheckedInputOf<Op extends OperationDefinition> = Op['raw'] extends true
  ? Uint8Array
  : Op['input'] extends StandardSchemaV1
    ? StandardSchemaV1.InferOutput<Op['input']>
    : void
type OutputOf<Op extends OperationDefinition> = Op['raw'] extends true
  ? Uint8Array
  : Op['output'] extends StandardSchemaV1
    ? StandardSchemaV1.InferOutput<Op['output']>
    : void
type ReturnedOf<Op extends OperationDefinition> = Op['raw'] extends true
  ? Uint8Array
  : Op['output'] extends StandardSchemaV1
    ? StandardSchemaV1.InferInput<Op['output']>
    : void

/** What a server gives: one function for each operation. */
export type Handlers<Ops extends Operations> = {
  readonly [Name in keyof Ops]: (
    input: CheckedInputOf<Ops[Name]>,
    context: CallContext,
  ) => Ops[Name]['stream'] extends true
    ? AsyncIterable<ReturnedOf<Ops[Name]>>
    : ReturnedOf<Ops[Name]> | Promise<ReturnedOf<Ops[Name]>>
}

/** What a caller gets. */
export type Client<Ops extends Operations> = {
  readonly [Name in keyof Ops]: (
    input: InputOf<Ops[Name]>,
    options?: CallOptions,
  ) => Ops[Name]['stream'] extends true ? AsyncIterable<OutputOf<Ops[Name]>> : Promise<OutputOf<Ops[Name]>>
}

/** 0 overtakes 1 on a link, and so on. */
export type Priority = 0 | 1 | 2 | 3

/**
 * `maybe`: sent once, never repeated. `at-least-once`: repeated, elsewhere too, until one answers: it may run twice.
 * `at-most-once`: duplicates are filtered; a lost server gives an error, never a second execution.
 */
export type Semantics = 'maybe' | 'at-least-once' | 'at-most-once'

export interface CallOptions {
  readonly signal?: Signal
  /**
   * From the call to its answer (of a stream: to its end), queues and retries included. Default 30,000; Infinity waits
   * for ever.
   */
  readonly timeoutMs?: number
  /** Default: `at-least-once` for an idempotent operation, else `at-most-once`. */
  readonly semantics?: Semantics
  /** Default 1. */
  readonly priority?: Priority
}

/** What a handler knows about the call that it serves. */
export interface CallContext {
  /** Aborts when the caller gave up, its deadline passed, or its member died. */
  readonly signal: Signal
  readonly caller: Address
  /** Milliseconds left for the caller when the call was delivered; Infinity where it waits for ever. */
  readonly remainingMs: number
  /** Number of the object called; 0 is the service itself. */
  readonly object: number
  /** What the capability that it was called with grants: the bits of `rights`. */
  readonly rights: number
  /** The one it was called with: to give on, narrowed. */
  readonly capability: Capability
}
