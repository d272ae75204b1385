/**
 * The identifiers that every room shares, branded so that one cannot stand in for another.
 *
 * A member keeps its name over restarts; an incarnation is one life of it, numbered by the engine's revision, so that
 * a later life always has a greater number. An address names exactly one incarnation.
 */
declare const brand: unique symbol
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name }

/** A member's name, unique among the live members of a system: 1 to 64 of `a-z 0-9 . _ -`. */
export type MemberId = Branded<string, 'MemberId'>
/** One life of a member; grows with every restart. */
export type Incarnation = Branded<number, 'Incarnation'>
/** `member#incarnation`. Messages to an address never reach a later life of the same member. */
export type Address = Branded<string, 'Address'>
/** Where requests are sent to: 128 unguessable bits as 32 hexadecimal digits. */
export type Port = Branded<string, 'Port'>
/** The engine's counter of committed transactions; only grows, and serves as fencing token. */
export type Revision = Branded<number, 'Revision'>
/** Milliseconds of a monotonic clock, with fractions; its origin means nothing. */
export type Instant = Branded<number, 'Instant'>

export function memberId(text: string): MemberId {
  return text as MemberId
}

export function isMemberId(text: string): text is MemberId {
  return /^[a-z0-9][a-z0-9._-]{0,63}$/.test(text)
}

export function incarnation(value: number): Incarnation {
  return value as Incarnation
}

export function revision(value: number): Revision {
  return value as Revision
}

export function instant(valueMs: number): Instant {
  return valueMs as Instant
}

export function port(hex: string): Port {
  return hex as Port
}

export function address(member: MemberId, life: Incarnation): Address {
  return `${member}#${life}` as Address
}

export function memberOf(of: Address): MemberId {
  return of.slice(0, of.lastIndexOf('#')) as MemberId
}

export function incarnationOf(of: Address): Incarnation {
  return Number(of.slice(of.lastIndexOf('#') + 1)) as Incarnation
}
