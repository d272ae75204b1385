/**
 * What names and opens an object: the port of its server, its number there, and a check field nobody can guess.
 *
 * Opaque: it is got from `serve`, from a name, or as an argument or result of a call, and given to `open`. It travels
 * like any other value. It prints redacted, because whoever holds its bytes holds the object. Rights, narrowing and
 * revocation are not here yet; they will live behind this same type.
 */
import { toHex } from '../lib/bytes.ts'
import type { Port } from '../lib/identifiers.ts'
import { port } from '../lib/identifiers.ts'
import { registerTravelling } from '../wire/codec.ts'

export const portBytes = 16
export const checkBytes = 16
export const objectMax = Number.MAX_SAFE_INTEGER
const sizeBytes = portBytes + 8 + checkBytes
const travellingTag = 1

export class Capability {
  readonly #port: Port
  readonly #object: number
  readonly #check: Uint8Array

  constructor(parts: { readonly port: Port; readonly object: number; readonly check: Uint8Array }) {
    this.#port = parts.port
    this.#object = parts.object
    this.#check = parts.check
  }

  /** Bytes to keep or send by other means. They are the object's key: treat them as a secret. */
  static toBytes(capability: Capability): Uint8Array {
    const bytes = new Uint8Array(sizeBytes)
    writePort(bytes, 0, capability.#port)
    new DataView(bytes.buffer).setFloat64(portBytes, capability.#object)
    bytes.set(capability.#check, portBytes + 8)
    return bytes
  }

  /** Undefined where the bytes are no capability. That the object exists is only known by calling it. */
  static fromBytes(bytes: Uint8Array): Capability | undefined {
    if (bytes.length !== sizeBytes) return undefined
    const object = new DataView(bytes.buffer, bytes.byteOffset).getFloat64(portBytes)
    if (!Number.isSafeInteger(object) || object < 0) return undefined
    return new Capability({
      port: port(toHex(bytes.subarray(0, portBytes))),
      object,
      check: bytes.slice(portBytes + 8),
    })
  }

  /** For the kernel. */
  static partsOf(capability: Capability): { readonly port: Port; readonly object: number; readonly check: Uint8Array } {
    return { port: capability.#port, object: capability.#object, check: capability.#check }
  }

  equals(other: Capability): boolean {
    return toHex(Capability.toBytes(this)) === toHex(Capability.toBytes(other))
  }

  toString(): string {
    return `Capability(${this.#port.slice(0, 6)}…, object ${this.#object})`
  }

  toJSON(): string {
    return this.toString()
  }
}

export function writePort(target: Uint8Array, offset: number, of: Port): void {
  for (let index = 0; index < portBytes; index++) {
    target[offset + index] = (digitOf(of.charCodeAt(index * 2)) << 4) | digitOf(of.charCodeAt(index * 2 + 1))
  }
}

function digitOf(code: number): number {
  return code < 58 ? code - 48 : code - 87
}

registerTravelling({
  tag: travellingTag,
  isInstance: (value) => value instanceof Capability,
  toBytes: (value) => Capability.toBytes(value as Capability),
  fromBytes: (bytes) => {
    const capability = Capability.fromBytes(bytes)
    if (capability === undefined) throw new RangeError('no capability')
    return capability
  },
})
