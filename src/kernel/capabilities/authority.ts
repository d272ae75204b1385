/**
 * The server's side of capabilities: makes them, and tells those that it made from all others.
 *
 * Nothing is stored for a capability: the chain is walked again from the key, and what it takes away is gathered on the
 * way (`chain.ts`). Whether it is genuine comes first, compared in constant time, so that a forger hears one answer
 * whatever is wrong with it; only then is it compared with what was revoked, with the clock and with the caller. It
 * remembers nothing; the service does.
 */
import { concatBytes, equalBytes } from '../../lib/bytes.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { Capability, caveatsIn, decodeHeader, encodeHeader, headerBytes, objectMax, objectStart } from './capability.ts'
import { type Caveat, decodeCaveat, holderBytes } from './caveats.ts'
import { branchOf, firstTail, nextTail, objectKeysOf, systemBytes, tailBytes } from './chain.ts'
import type { Identity } from './identity.ts'
import { forged, RefusedCapability } from './refused-capability.ts'
import type { Revocations } from './revocations.ts'

/** What a genuine capability that is not revoked allows. */
export interface Grant {
  readonly object: number
  readonly rights: number
  /** By the wall clock; Infinity: it does not expire. */
  readonly expiresAtMs: number
  /** The only public key that may use it. */
  readonly holder: Uint8Array | undefined
  /** The only operations, by their names on the wire. */
  readonly operations: readonly string[] | undefined
}

export interface AuthorityOptions {
  readonly identity: Identity
  readonly systemId: string
  readonly revocations: Revocations
}

export class Authority {
  readonly #identity: Identity
  readonly #system: Uint8Array
  readonly #objectKeyOf: (header: Uint8Array) => Uint8Array
  readonly #revocations: Revocations
  /** What all capabilities of this server begin with. */
  readonly #start: Uint8Array

  constructor({ identity, systemId, revocations }: AuthorityOptions) {
    this.#identity = identity
    this.#system = systemBytes(systemId)
    this.#objectKeyOf = objectKeysOf(identity.key)
    this.#revocations = revocations
    this.#start = this.#headerOf(0, 0).slice(0, objectStart)
  }

  /** @throws CardumenError `option-invalid` for what is no number of an object. */
  mint(object: number, rights: number): Capability {
    if (!Number.isInteger(object) || object < 0 || object > objectMax) {
      throw new CardumenError('option-invalid', `${object} is no number of an object: they are whole and start from 0.`)
    }
    const header = this.#headerOf(object, rights)
    return Capability.fromHeader(header, this.#firstTailOf(header))
  }

  /** @param shown - its bytes from behind the port, which is this server's. Undefined where they are no capability. */
  read(shown: Uint8Array): Capability | undefined {
    return Capability.fromBytes(concatBytes([this.#start, shown]))
  }

  /**
   * What it grants, its expiry apart, which `checkExpiry` looks at.
   * @throws CardumenError `capability-refused`, `capability-revoked`.
   */
  verify(capability: Capability, publicKey: () => Uint8Array | undefined): Grant {
    const bytes = Capability.toBytes(capability)
    const tails = this.#tailsOf(bytes)
    const { object, generation, keyId, rights: headerRights } = decodeHeader(bytes)
    if (tails === undefined || keyId !== this.#identity.keyId) throw forged()
    const narrowed: Narrowed = { rights: headerRights, expiresAtMs: Number.POSITIVE_INFINITY }
    for (const each of caveatsIn(bytes)) {
      const caveat = decodeCaveat(each)
      if (caveat === undefined) throw forged()
      narrow(narrowed, caveat)
    }
    const { rights, expiresAtMs, holder, operations } = narrowed
    const grant = { object, rights, expiresAtMs, holder, operations }
    checkHolder(grant, publicKey)
    if (generation !== this.#revocations.generationOf(object) || this.#hasRevoked(object, tails)) {
      throw new RefusedCapability('capability-revoked', 'revoked', 'This capability was revoked.')
    }
    return grant
  }

  /**
   * Whether the narrower one was made from the wider one, or is the same. Says nothing of whether they still hold, so
   * it is for one who has just shown the wider one.
   */
  descends(narrower: Capability, wider: Capability): boolean {
    const [inner, outer] = [Capability.toBytes(narrower), Capability.toBytes(wider)]
    if (inner.length < outer.length || this.#tailsOf(inner) === undefined) return false
    const tails = this.#tailsOf(outer)
    if (tails === undefined || !equalBytes(inner.subarray(0, headerBytes), outer.subarray(0, headerBytes))) return false
    const steps = outer.subarray(headerBytes + 1, -tailBytes)
    return equalBytes(inner.subarray(headerBytes + 1, headerBytes + 1 + steps.length), steps)
  }

  #headerOf(object: number, rights: number): Uint8Array {
    const { port, keyId } = this.#identity
    return encodeHeader({ port, object, generation: this.#revocations.generationOf(object), rights, keyId })
  }

  #firstTailOf(header: Uint8Array): Uint8Array {
    return firstTail(this.#objectKeyOf(header), this.#system, header)
  }

  /** One for each link of the chain. Undefined where the last is not the capability's own: this server did not begin it. */
  #tailsOf(bytes: Uint8Array): readonly Uint8Array[] | undefined {
    let tail = this.#firstTailOf(bytes.subarray(0, headerBytes))
    const tails = [tail]
    for (const caveat of caveatsIn(bytes)) {
      tail = nextTail(tail, caveat)
      tails.push(tail)
    }
    return equalBytes(tail, bytes.subarray(-tailBytes)) ? tails : undefined
  }

  #hasRevoked(object: number, tails: readonly Uint8Array[]): boolean {
    const branches = this.#revocations.branchesOf(object)
    return branches.size > 0 && tails.some((tail) => branches.has(branchOf(tail)))
  }
}

/**
 * That it is this caller's; in every use.
 * @param publicKey - of the caller; undefined: unknown.
 * @throws CardumenError `capability-refused`: to anybody else it looks like a forged one.
 */
export function checkHolder({ holder }: Grant, publicKey: () => Uint8Array | undefined): void {
  if (holder === undefined) return
  const key = publicKey()
  if (key?.length !== holderBytes || !equalBytes(holder, key)) throw forged('holder')
}

/**
 * That its time is not over; in every use. The clock is read only where it may be.
 * @throws CardumenError `capability-expired`.
 */
export function checkExpiry({ expiresAtMs }: Grant, wallMs: () => number): void {
  if (expiresAtMs === Number.POSITIVE_INFINITY || wallMs() < expiresAtMs) return
  throw new RefusedCapability('capability-expired', 'expired', 'The time of this capability is over.')
}

interface Narrowed {
  rights: number
  expiresAtMs: number
  holder?: Uint8Array | undefined
  operations?: readonly string[] | undefined
}

function narrow(left: Narrowed, caveat: Caveat): void {
  switch (caveat.kind) {
    case 'rights':
      left.rights = (left.rights & caveat.mask) >>> 0
      return
    case 'expiry':
      left.expiresAtMs = Math.min(left.expiresAtMs, caveat.atMs)
      return
    case 'holder':
      left.holder = bothHolders(left.holder, caveat.publicKey)
      return
    case 'operations':
      left.operations = left.operations?.filter((name) => caveat.names.includes(name)) ?? caveat.names
  }
}

/** Of two different keys nobody has both: no bytes are no key. */
function bothHolders(one: Uint8Array | undefined, other: Uint8Array): Uint8Array {
  return one === undefined || equalBytes(one, other) ? other : new Uint8Array(0)
}
