/**
 * What each kind of primitive is as a resource of a wait-for graph: how many units, who has them, and who could bring one back.
 *
 * A lock has one unit. A semaphore's are written down with those who took them. Of a read-write lock a reader has one, a
 * writer all. A barrier's are missing with those who have come to it before and are not there now. Whoever runs a `Once` has
 * its unit until it is done. Of the others it is not known who is to set, notify or send: they say that anyone may give. Then
 * no deadlock is claimed for certain while anybody goes on, and none is missed where nobody does.
 */
import type { Holder, Resource } from '../../protocols/deadlock/wait-graph.ts'
import { arena } from '../memory/arena.ts'
import { primitive, type PrimitiveKind, primitiveRow } from '../memory/primitives.ts'
import { partiesOfBarrier } from '../waiting/barrier-phase.ts'
import { ownerOfLock } from '../waiting/lock.ts'
import { runnerOf } from '../waiting/once.ts'
import { flags, unitsOf, word as semaphoreWord } from '../waiting/semaphore-units.ts'
import { mode, preferences, sharesMax, word as sharesWord, writerOf } from '../waiting/shares.ts'

export interface Shape extends Pick<Resource, 'kind' | 'providers' | 'isFair' | 'holders' | 'available'> {
  /** Units that a wait wants, by the mode in its row. */
  readonly unitsFor: (mode: number) => number
}

export interface Surroundings {
  /** By row of the primitive: what the parties' records say. */
  readonly holdings: ReadonlyMap<number, readonly Holder[]>
  /** Parties that wait for it. */
  waitersOf(index: number): ReadonlySet<number>
}

export function shapeOf(kind: PrimitiveKind, index: number, surroundings: Surroundings): Shape {
  const recorded = surroundings.holdings.get(index) ?? []
  switch (kind) {
    case 'lock':
    case 'reentrant lock':
      return heldByOne('lock', ownerOfLock(index), false)
    case 'fair lock':
      return heldByOne('lock', ownerOfLock(index), true)
    case 'once':
      return heldByOne('once', runnerOf(index), false)
    case 'semaphore':
      return semaphore(index, recorded)
    case 'read-write lock':
      return readWriteLock(index, recorded)
    case 'resources':
      return resources(recorded)
    case 'barrier':
      return barrier(index, recorded, surroundings.waitersOf(index))
    case 'event':
    case 'condition':
    case 'channel':
      return givenByAnyone(kind)
    default:
      return givenByAnyone('other')
  }
}

function heldByOne(kind: Resource['kind'], owner: number, isFair: boolean): Shape {
  const holders = owner === 0 ? [] : [{ party: owner, count: 1 }]
  return { kind, providers: 'holders', isFair, holders, available: 1 - holders.length, unitsFor: one }
}

/** One that starts with no units is a signal: they belong to nobody. */
function semaphore(index: number, holders: readonly Holder[]): Shape {
  const options = ownWord(index, semaphoreWord.flags)
  return {
    kind: 'semaphore',
    providers: (options & flags.recovers) === 0 ? 'anyone' : 'usually-holders',
    isFair: (options & flags.fair) !== 0,
    holders,
    available: unitsOf(index),
    unitsFor: (count) => count,
  }
}

/** Where writers go first, who came after a writer waits for it; readers that came before it are served soon enough. */
function readWriteLock(index: number, readers: readonly Holder[]): Shape {
  const writer = writerOf(index)
  const holders = writer === 0 ? readers : [{ party: writer, count: sharesMax }]
  const taken = holders.reduce((sum, { count }) => sum + count, 0)
  return {
    kind: 'reader-writer-lock',
    providers: 'holders',
    isFair: preferences[ownWord(index, sharesWord.preference)] !== 'readers',
    holders,
    available: Math.max(0, sharesMax - taken),
    unitsFor: (wanted) => (wanted === mode.write ? sharesMax : 1),
  }
}

/**
 * What a banker grants next is not known here, only that nothing comes back but from those who hold some. One that was granted
 * some may not have written that down yet, so deadlocks over it are suspected at most.
 */
function resources(holders: readonly Holder[]): Shape {
  const available = holders.length === 0 ? 1 : 0
  return { kind: 'resources', providers: 'usually-holders', isFair: false, holders, available, unitsFor: one }
}

/** Only where all have come before is it known who is missing; and even then another may come in its place. */
function barrier(index: number, known: readonly Holder[], arrived: ReadonlySet<number>): Shape {
  if (known.length !== partiesOfBarrier(index)) return givenByAnyone('barrier')
  const holders = known.filter(({ party }) => !arrived.has(party))
  const missing = Math.max(1, holders.length)
  return {
    kind: 'barrier',
    providers: 'usually-holders',
    isFair: false,
    holders,
    available: 0,
    unitsFor: () => missing,
  }
}

function givenByAnyone(kind: Resource['kind']): Shape {
  return { kind, providers: 'anyone', isFair: false, holders: [], available: 0, unitsFor: one }
}

function one(): number {
  return 1
}

function ownWord(index: number, word: number): number {
  return Atomics.load(arena().words, primitiveRow(index) + primitive.own + word)
}
