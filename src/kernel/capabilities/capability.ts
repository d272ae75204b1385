/**
 * What names an object and opens it: unforgeable, and it outlives connection, process and machine.
 *
 *     | version u8 | port 16 | object 16 | generation u32 | rights u32 | key u32 | caveats u8 | caveat … | tail 32 |
 *
 * The fixed part is the header. Whoever holds a capability can narrow it without a message, since the tail of the
 * narrower one follows from the tail of the wider one (`chain.ts`); nobody can go back. It is got from `serve`, from a
 * name, or as an argument or result of a call, and given to `open`; it travels like any other value. It prints
 * redacted, because whoever holds its bytes holds the object. Whether it is genuine only its server can tell.
 */
import { fromBase64Url, toBase64Url } from '../../lib/base64url.ts'
import { concatBytes, equalBytes, packBytes, toHex, unpackBytes } from '../../lib/bytes.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { crc32 } from '../../lib/crc32.ts'
import type { Port } from '../../lib/identifiers.ts'
import { port } from '../../lib/identifiers.ts'
import { registerTravelling } from '../../wire/codec.ts'
import { type Caveat, caveatEnd, decodeCaveat, encodeCaveat, expiryMsMax, holderBytes } from './caveats.ts'
import { branchOf, nextTail, tailBytes } from './chain.ts'
import { allRights, type Rights, rightsOf, rightsText } from './rights.ts'

export const portBytes = 16
export const objectMax = Number.MAX_SAFE_INTEGER
export const caveatsMax = 16
export const capabilityBytesMax = 1_024
const capabilityVersion = 1
/** What comes before it is the same in all capabilities of a server. */
export const objectStart = 1 + portBytes
const generationStart = objectStart + 16
/** Version, port, object, generation, rights and key: what the first step of the chain covers. */
export const headerBytes = generationStart + 12
const travellingTag = 1
const textStart = 'cap:'
/** Of a checksum at the end of the text form, so that a mistyped one is told from a refused one. */
const checksumBytes = 4
const restrictionKeys: readonly string[] = [
  'rights',
  'operations',
  'expiresAt',
  'holder',
] satisfies (keyof Restriction)[]
/** Of what was given wrongly, in the message about it. */
const shownCharactersMax = 80
/** The bytes were checked. */
const wellFormed = Symbol('well-formed')

/** What is left of a capability after a restriction; what is not given stays as it is. */
export interface Restriction {
  readonly rights?: Rights
  /** Only these operations, by name; standard ones as `std.info`. */
  readonly operations?: readonly string[]
  /** Refused from then on, by the server's clock: milliseconds of Unix time, or a Date. */
  readonly expiresAt?: number | { getTime(): number }
  /** Only for the member with this Ed25519 public key; `MemberEntry.publicKey`. It is of that one life of the member. */
  readonly holder?: Uint8Array
}

/** What a capability says of itself. Only its server knows whether it is true. */
export interface CapabilityParts {
  readonly port: Port
  readonly object: number
  readonly generation: number
  readonly keyId: number
  /** Of the header: what the chain began with. */
  readonly headerRights: number
  readonly caveats: readonly Caveat[]
}

export class Capability {
  /** One character a byte: as arrays, thousands of capabilities would take several times the memory. */
  readonly #packed: string
  #port: Port | undefined

  /**
   * From bytes that were kept or came by other means; public so that schemas can ask for an instance of it.
   * @throws CardumenError `capability-invalid`
   */
  constructor(bytes: Uint8Array, checked?: typeof wellFormed) {
    if (checked !== wellFormed && !isCapability(bytes)) {
      throw new CardumenError('capability-invalid', 'These bytes are no capability.')
    }
    this.#packed = packBytes(bytes)
  }

  /** For the kernel: a server's first link of a chain. `tail` belongs to `header`. */
  static fromHeader(header: Uint8Array, tail: Uint8Array): Capability {
    return new Capability(concatBytes([header, Uint8Array.of(0), tail]), wellFormed)
  }

  /** Bytes to keep or send by other means. They are the object's key: treat them as a secret. */
  static toBytes(capability: Capability): Uint8Array {
    return unpackBytes(capability.#packed)
  }

  /** Undefined where the bytes are no capability. Whether the object exists is only known by calling it. */
  static fromBytes(bytes: Uint8Array): Capability | undefined {
    return isCapability(bytes) ? new Capability(bytes, wellFormed) : undefined
  }

  /**
   * For command lines and environments: `cap:` and letters. A secret, like the bytes.
   */
  static toText(capability: Capability): string {
    const bytes = Capability.toBytes(capability)
    return textStart + toBase64Url(concatBytes([bytes, checksumOf(bytes)]))
  }

  /** @throws CardumenError `capability-invalid`: no text of a capability, cut off or mistyped. */
  static parse(text: string): Capability {
    const trimmed = text.trim()
    const all = trimmed.startsWith(textStart) ? fromBase64Url(trimmed.slice(textStart.length)) : undefined
    const bytes = all?.subarray(0, -checksumBytes)
    const isWhole = bytes !== undefined && equalBytes(all?.subarray(-checksumBytes) ?? bytes, checksumOf(bytes))
    const capability = isWhole ? Capability.fromBytes(bytes) : undefined
    if (capability !== undefined) return capability
    throw new CardumenError(
      'capability-invalid',
      'This text is no capability: one begins with "cap:", and was not cut off or changed.',
    )
  }

  static portOf(capability: Capability): Port {
    capability.#port ??= portIn(Capability.toBytes(capability))
    return capability.#port
  }

  /** What it says of itself, for people and servers; no secret is in it. */
  static partsOf(capability: Capability): CapabilityParts {
    const bytes = Capability.toBytes(capability)
    const { object, generation, rights: headerRights, keyId } = decodeHeader(bytes)
    const caveats = [...caveatsIn(bytes)].map(decodeCaveat).filter((caveat) => caveat !== undefined)
    return { port: (capability.#port ??= portIn(bytes)), object, generation, headerRights, keyId, caveats }
  }

  /** Names this capability and all that were narrowed from it, and opens nothing: for revoking, logs and audits. */
  get branch(): string {
    return branchOf(Capability.toBytes(this).subarray(-tailBytes))
  }

  /** The rights that are left after all caveats. */
  get rights(): number {
    const { caveats, headerRights } = Capability.partsOf(this)
    return caveats.reduce(
      (left, caveat) => (caveat.kind === 'rights' ? (left & caveat.mask) >>> 0 : left),
      headerRights,
    )
  }

  /** When it expires, in milliseconds of Unix time; undefined: never. */
  get expiresAtMs(): number | undefined {
    const ends = Capability.partsOf(this).caveats.flatMap((caveat) => (caveat.kind === 'expiry' ? [caveat.atMs] : []))
    return ends.length === 0 ? undefined : Math.min(...ends)
  }

  /**
   * A capability of the same object that allows less. No message is sent, and this one stays as it is.
   * @throws CardumenError `option-invalid` for what is no restriction; `too-large` over 16 caveats or 1,024 bytes.
   */
  restrict(restriction: Restriction): Capability {
    const caveats = caveatsOf(restriction)
    if (caveats.length === 0) return this
    return new Capability(caveats.reduce(withCaveat, Capability.toBytes(this)), wellFormed)
  }

  /** The same bytes; in constant time. */
  equals(other: Capability): boolean {
    return equalBytes(Capability.toBytes(this), Capability.toBytes(other))
  }

  /** Redacted: what it names and allows, and its branch, but nothing that opens it. */
  toString(): string {
    const { port: ofServer, object, caveats } = Capability.partsOf(this)
    const operations = caveats.flatMap((caveat) => (caveat.kind === 'operations' ? [caveat.names.join(' ')] : []))
    const end = this.expiresAtMs
    const details = [
      `object ${object}`,
      `rights ${rightsText(this.rights)}`,
      ...operations.map((names) => `only ${names}`),
      ...(end === undefined ? [] : [`until ${end}`]),
      ...(caveats.some((caveat) => caveat.kind === 'holder') ? ['bound to a holder'] : []),
      `branch ${this.branch.slice(0, 12)}`,
    ]
    return `Capability(${ofServer.slice(0, 6)}…, ${details.join(', ')})`
  }

  toJSON(): string {
    return this.toString()
  }

  /** What Node prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}

export interface CapabilityHeader {
  readonly port: Port
  readonly object: number
  readonly generation: number
  readonly rights: number
  readonly keyId: number
}

/** For servers: the header of a capability of their own. */
export function encodeHeader(header: CapabilityHeader): Uint8Array {
  const bytes = new Uint8Array(headerBytes)
  const view = new DataView(bytes.buffer)
  bytes[0] = capabilityVersion
  writePort(bytes, 1, header.port)
  view.setUint32(objectStart + 8, Math.floor(header.object / 2 ** 32))
  view.setUint32(objectStart + 12, header.object % 2 ** 32)
  view.setUint32(generationStart, header.generation)
  view.setUint32(generationStart + 4, header.rights)
  view.setUint32(generationStart + 8, header.keyId)
  return bytes
}

/** Of the bytes of a capability, but for the port, which takes as long as all the rest. */
export function decodeHeader(bytes: Uint8Array): Omit<CapabilityHeader, 'port'> {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  return {
    object: objectOf(view),
    generation: view.getUint32(generationStart),
    rights: view.getUint32(generationStart + 4),
    keyId: view.getUint32(generationStart + 8),
  }
}

/** Each caveat's own bytes, in order. */
export function* caveatsIn(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = headerBytes + 1; at < bytes.length - tailBytes; ) {
    const end = caveatEnd(bytes, at, bytes.length - tailBytes) ?? bytes.length
    yield bytes.subarray(at, end)
    at = end
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

function portIn(bytes: Uint8Array): Port {
  return port(toHex(bytes.subarray(1, objectStart)))
}

/** Numbers of objects have 128 bits on the wire, of which no more than 53 are given out. */
function objectOf(view: DataView): number {
  return view.getUint32(objectStart + 8) * 2 ** 32 + view.getUint32(objectStart + 12)
}

function isCapability(bytes: Uint8Array): boolean {
  if (bytes.length < headerBytes + 1 + tailBytes || bytes.length > capabilityBytesMax) return false
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const isInRange = view.getUint32(objectStart) === 0 && view.getUint32(objectStart + 4) === 0
  if (bytes[0] !== capabilityVersion || !isInRange || objectOf(view) > objectMax) return false
  let count = 0
  for (let at = headerBytes + 1; at < bytes.length - tailBytes; count++) {
    const end = caveatEnd(bytes, at, bytes.length - tailBytes)
    if (end === undefined || decodeCaveat(bytes.subarray(at, end)) === undefined) return false
    at = end
  }
  return count === bytes[headerBytes] && count <= caveatsMax
}

/** A restriction that is not understood must not be passed over: what came of it would allow more than was meant. */
function caveatsOf(restriction: Restriction): readonly Caveat[] {
  checkIsRestriction(restriction)
  const { rights, operations, expiresAt, holder } = restriction
  const caveats: Caveat[] = []
  if (rights !== undefined && rightsOf(rights) !== allRights) caveats.push({ kind: 'rights', mask: rightsOf(rights) })
  if (operations !== undefined) caveats.push({ kind: 'operations', names: checkedNames(operations) })
  if (expiresAt !== undefined) caveats.push({ kind: 'expiry', atMs: checkedExpiry(expiresAt) })
  if (holder !== undefined) caveats.push({ kind: 'holder', publicKey: checkedHolder(holder) })
  return caveats
}

/** Within the bound of `caveat`, of which `undefined` says that it is over. */
function withCaveat(bytes: Uint8Array, caveat: Caveat): Uint8Array {
  const added = encodeCaveat(caveat)
  const count = (bytes[headerBytes] ?? 0) + 1
  if (added === undefined || count > caveatsMax || bytes.length + added.length > capabilityBytesMax) {
    throw new CardumenError(
      'too-large',
      `A capability has at most ${caveatsMax} caveats and ${capabilityBytesMax} bytes; this restriction is one too many.`,
    )
  }
  const narrower = concatBytes([bytes.subarray(0, -tailBytes), added, nextTail(bytes.subarray(-tailBytes), added)])
  narrower[headerBytes] = count
  return narrower
}

function checkIsRestriction(given: unknown): void {
  const isObject = typeof given === 'object' && given !== null
  const unknown = isObject ? Object.keys(given).find((key) => !restrictionKeys.includes(key)) : undefined
  if (isObject && unknown === undefined) return
  const what = unknown === undefined ? 'is no object' : `has ${JSON.stringify(unknown.slice(0, shownCharactersMax))}`
  throw new CardumenError('option-invalid', `A restriction has any of ${restrictionKeys.join(', ')}; this one ${what}.`)
}

function checkedNames(names: unknown): readonly string[] {
  const wrong = Array.isArray(names) ? names.find((name) => !isOperationName(name)) : undefined
  if (Array.isArray(names) && names.length > 0 && wrong === undefined) return [...new Set<string>(names)].sort()
  const what = typeof wrong === 'string' ? `; ${JSON.stringify(wrong.slice(0, shownCharactersMax))} is none` : ''
  throw new CardumenError('option-invalid', `operations is a list of at least one name of an operation${what}.`)
}

function isOperationName(name: unknown): boolean {
  return typeof name === 'string' && /^(std\.)?[A-Za-z][A-Za-z0-9_]{0,63}$/.test(name)
}

function checkedExpiry(given: unknown): number {
  const atMs = given instanceof Object && 'getTime' in given ? (given as { getTime(): unknown }).getTime() : given
  if (typeof atMs === 'number' && atMs >= 0 && atMs <= expiryMsMax) return Math.floor(atMs)
  const what = typeof atMs === 'number' ? String(atMs) : `a ${typeof atMs}`
  throw new CardumenError('option-invalid', `expiresAt is ${what}; it is a Date, or milliseconds of Unix time.`)
}

function checkedHolder(publicKey: unknown): Uint8Array {
  if (publicKey instanceof Uint8Array && publicKey.length === holderBytes) return Uint8Array.from(publicKey)
  throw new CardumenError('option-invalid', `A holder is an Ed25519 public key of ${holderBytes} bytes.`)
}

function checksumOf(bytes: Uint8Array): Uint8Array {
  const checksum = new Uint8Array(checksumBytes)
  new DataView(checksum.buffer).setUint32(0, crc32(bytes))
  return checksum
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
