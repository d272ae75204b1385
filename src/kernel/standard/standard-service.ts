/**
 * The operations that every object answers, whatever service it is of.
 *
 * They are Amoeba's standard operations, with the rights that it asked for, and two more for revoking. They go by names
 * with `std.` in front, so that none clashes with a service's own. This is the contract, and with it the client
 * (`open(Standard, capability)`); `standard-operations.ts` carries them out, once for all services.
 */
import type { Capability } from '../capabilities/capability.ts'
import { allRights } from '../capabilities/rights.ts'
import {
  type Schema,
  anyCapability,
  checked,
  finiteNumber,
  listOf,
  objectOf,
  oneOf,
  optional,
  recordOf,
  text,
  truth,
  wholeNumber,
} from '../schemas.ts'
import { defineService } from '../service.ts'
import type { ParameterValue } from './standard-objects.ts'

export const infoCharactersMax = 1_024
/** Objects that one message touches: each may have to be verified, and all of them in one turn. */
export const touchObjectsMax = 128
export const parametersMax = 256
export const passCharactersMax = 64
const valueCharactersMax = 65_536

const capability = anyCapability()
const branch: Schema<string> = checked(
  'the branch of a capability: 32 hexadecimal digits',
  (value): value is string => typeof value === 'string' && /^[0-9a-f]{32}$/.test(value),
)
const pass = text(passCharactersMax)
const parameterValue: Schema<ParameterValue> = checked(
  'a text, a number or a truth',
  (value): value is ParameterValue => [text(valueCharactersMax), finiteNumber(), truth()].some((of) => fits(of, value)),
)

function fits(of: Schema<ParameterValue> | Schema<string> | Schema<number> | Schema<boolean>, value: unknown): boolean {
  const result = of['~standard'].validate(value)
  return !(result instanceof Promise) && result.issues === undefined
}

interface TouchInput {
  readonly objects?: readonly Capability[] | undefined
  readonly pass?: string | undefined
  readonly isLast?: boolean | undefined
}

const touchInput: Schema<TouchInput> = objectOf({
  objects: optional(listOf(capability, touchObjectsMax)),
  pass: optional(pass),
  isLast: optional(truth()),
})

const ageInput: Schema<{ readonly abandon?: readonly string[] | undefined }> = objectOf({
  abandon: optional(listOf(pass, touchObjectsMax)),
})

interface RevokeInput {
  readonly capability?: Capability | undefined
  readonly branch?: string | undefined
}

const revokeInput: Schema<RevokeInput> = objectOf({ capability: optional(capability), branch: optional(branch) })

const parameter = objectOf({
  type: oneOf('text', 'number', 'truth'),
  description: text(infoCharactersMax),
  value: parameterValue,
  isReadOnly: truth(),
})

export const Standard = {
  ...defineService('standard', {
    /** A short line for people. */
    info: { right: 'read', output: text(infoCharactersMax), idempotent: true },
    /** A capability with these rights and no others, made by the server. Its holder can do the same alone. */
    restrict: { input: objectOf({ rights: wholeNumber(allRights) }), output: capability, idempotent: true },
    /** Statistics of the server, and of the object where it has any. */
    status: { right: 'read', output: recordOf(parameterValue, parametersMax), idempotent: true },
    /**
     * Keeps the object, and others of the same server, from being collected. `pass` names the round of touches that it
     * belongs to, which is over with the one that says `isLast`.
     */
    touch: {
      input: touchInput,
      /** `refused`: capabilities that this server does not take. */
      output: objectOf({ touched: wholeNumber(), refused: wholeNumber() }),
      idempotent: true,
    },
    /**
     * One cycle of collection: of the service itself, object 0. `abandon` names rounds of touches that will never be
     * finished, since who began them is gone.
     */
    age: {
      right: 'all',
      input: ageInput,
      output: objectOf({ objects: wholeNumber(), destroyed: wholeNumber(), failed: wholeNumber() }),
    },
    /** A new object with the contents of another one; asked of the service itself, object 0. */
    copy: { right: ['create', 'read'], input: objectOf({ original: capability }), output: capability },
    destroy: { right: 'destroy' },
    /** Which rights these two need is for the service to say. */
    getparams: { output: recordOf(parameter, parametersMax), idempotent: true },
    setparams: { input: recordOf(parameterValue, parametersMax) },
    /**
     * Nothing given: every capability of the object is refused from now on (right `admin`), but for the one returned.
     * `capability`: that one, which was narrowed from the one presented, and all narrowed from it. `branch`: the
     * same by its identifier (right `admin`).
     */
    revoke: {
      input: revokeInput,
      output: optional(capability),
    },
  }),
  prefix: 'std.',
} as const
