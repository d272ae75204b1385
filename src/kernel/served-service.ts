/**
 * A service while a member serves it: its port, the check fields of its objects, its operations and their handlers.
 *
 * The check field of an object is made from the object's number and a secret of this life, so nothing is stored for an
 * object, and whoever was given no capability can guess none. Selectors found genuine are remembered, a bounded few,
 * since verifying and decoding one costs more than comparing it. It runs nothing; `dispatch.ts` does.
 */
import type { Crypto } from '../edges/crypto.ts'
import { concatBytes, equalBytes, toHex } from '../lib/bytes.ts'
import { CardumenError } from '../lib/cardumen-error.ts'
import type { Port } from '../lib/identifiers.ts'
import { port as asPort } from '../lib/identifiers.ts'
import { Capability, checkBytes, objectMax, portBytes } from './capability.ts'
import type { Refusal } from './schema-check.ts'
import { decodeSelector } from './selector.ts'
import type { CallContext, Handlers, OperationDefinition, Operations, Service } from './service.ts'

const checksRememberedMax = 10_000
const verifiedMax = 8

export type Handler = (input: unknown, context: CallContext) => unknown

export interface ServedOperation {
  readonly definition: OperationDefinition
  readonly handler: Handler
  readonly refusal: Refusal
}

/** What a request is for; its object is one that this server gave out. */
export interface Target {
  readonly selector: Uint8Array
  readonly object: number
  readonly operation: string
}

/** A service that this member serves. */
export class ServedService {
  readonly name: string
  readonly port: Port
  readonly #operations: ReadonlyMap<string, ServedOperation>
  /** Its handlers' own errors are the operation's, `code` and `executed` included. */
  readonly speaksForItself: boolean
  readonly #secret: Uint8Array
  readonly #crypto: Crypto
  readonly #checks = new Map<number, Uint8Array>()
  /** The latest selectors that were found genuine: most calls are for the same few. */
  readonly #verified: Target[] = []

  constructor(service: Service, handlers: Handlers<Operations>, crypto: Crypto, speaksForItself: boolean) {
    this.name = service.name
    this.speaksForItself = speaksForItself
    this.port = asPort(toHex(crypto.randomBytes(portBytes)))
    this.#secret = crypto.randomBytes(32)
    this.#crypto = crypto
    this.#operations = new Map(
      Object.entries(service.operations).map(([name, definition]) => [
        name,
        { definition, handler: handlerOf(service, handlers, name), refusal: refusalOf(`${service.name}.${name}`) },
      ]),
    )
  }

  /** @throws CardumenError `option-invalid` */
  capabilityFor(object: number): Capability {
    if (!Number.isInteger(object) || object < 0 || object > objectMax) {
      throw new CardumenError('option-invalid', `${object} is no number of an object: they are whole and start from 0.`)
    }
    return new Capability({ port: this.port, object, check: this.#checkOf(object) })
  }

  /** Undefined where the bytes name no object that this server gave out. */
  resolve(selector: Uint8Array): Target | undefined {
    for (const known of this.#verified) if (equalBytes(known.selector, selector)) return known
    const decoded = decodeSelector(selector)
    if (decoded === undefined || !equalBytes(decoded.check, this.#checkOf(decoded.object))) return undefined
    const { object, operation } = decoded
    const target: Target = { selector: selector.slice(), object, operation }
    if (this.#verified.length >= verifiedMax) this.#verified.shift()
    this.#verified.push(target)
    return target
  }

  /** @throws CardumenError `operation-unknown` */
  operationOf({ operation }: Target): ServedOperation {
    const served = this.#operations.get(operation)
    if (served !== undefined) return served
    const known = [...this.#operations.keys()].join(', ')
    throw new CardumenError('operation-unknown', `${this.name} has no operation "${operation}"; it has ${known}.`)
  }

  #checkOf(object: number): Uint8Array {
    const known = this.#checks.get(object)
    if (known !== undefined) return known
    const number = new Uint8Array(8)
    new DataView(number.buffer).setFloat64(0, object)
    const check = this.#crypto.sha256(concatBytes([this.#secret, number])).slice(0, checkBytes)
    if (this.#checks.size >= checksRememberedMax) this.#checks.clear()
    this.#checks.set(object, check)
    return check
  }
}

function refusalOf(subject: string): Refusal {
  return { code: 'input-refused', executed: 'no', subject }
}

function handlerOf(service: Service, handlers: Handlers<Operations>, name: string): Handler {
  const handler: unknown = Object.hasOwn(handlers, name) ? handlers[name] : undefined
  if (typeof handler === 'function') return (input, context) => Reflect.apply(handler, handlers, [input, context])
  throw new CardumenError('option-invalid', `The handlers of ${service.name} lack "${name}".`)
}
