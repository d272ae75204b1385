/**
 * The locks over shared memory that `cardumen explore` knows: those that hold, and three that show why the bakery is as
 * it is.
 *
 * Two customers go in twice each, more of them once. A member is a customer; the memory is one more that is not counted.
 */
import { bakery, bakeryWithoutChoosing } from '../../../protocols/shared-memory/bakery.ts'
import { dekker } from '../../../protocols/shared-memory/dekker.ts'
import { peterson } from '../../../protocols/shared-memory/peterson.ts'
import type { RegisterProgram } from '../../../protocols/shared-memory/program.ts'
import { testAndSet } from '../../../protocols/shared-memory/test-and-set.ts'
import { ticket } from '../../../protocols/shared-memory/ticket.ts'
import type { Bounds } from '../exploration.ts'
import type { BuiltInModel } from './built-in-models.ts'
import { type SharedMemoryOptions, sharedMemoryModel } from './shared-memory.ts'

interface Entry {
  readonly name: string
  readonly program: RegisterProgram
  readonly registers: SharedMemoryOptions['registers']
  readonly about: string
  readonly members: BuiltInModel['members']
  readonly crashesMax?: number
}

const three = { min: 2, usual: 3, max: 4 }
const two = { min: 2, usual: 2, max: 2 }
/** Above every number that is drawn when nothing overlaps, so that such a read may also send a customer to the end. */
const anythingMax = 3

const entries: readonly Entry[] = [
  {
    name: 'bakery',
    program: bakery,
    registers: 'atomic',
    about: 'The bakery (Lamport, 1974): one inside, first come first served, and all that live come out again.',
    members: three,
    crashesMax: 1,
  },
  {
    name: 'bakery-overlapping',
    program: bakery,
    registers: 'safe',
    about: 'The bakery where a read that overlaps a write gives anything.',
    members: three,
  },
  {
    name: 'bakery-without-choosing',
    program: bakeryWithoutChoosing,
    registers: 'atomic',
    about: 'The bakery as popular accounts tell it: shows a counterexample.',
    members: three,
  },
  {
    name: 'peterson',
    program: peterson,
    registers: 'atomic',
    about: 'Two customers, two flags and a word that says who came last (Peterson, 1981).',
    members: two,
    crashesMax: 1,
  },
  {
    name: 'peterson-overlapping',
    program: peterson,
    registers: 'safe',
    about: 'The same where a read that overlaps a write gives anything: shows a counterexample.',
    members: two,
  },
  {
    name: 'dekker',
    program: dekker,
    registers: 'atomic',
    about: 'Two customers, two flags and a word that says who insists (Dekker, by Dijkstra, 1965).',
    members: two,
    crashesMax: 1,
  },
  {
    name: 'dekker-overlapping',
    program: dekker,
    registers: 'safe',
    about: 'The same where a read that overlaps a write gives anything: shows who waits for ever.',
    members: two,
  },
  {
    name: 'ticket-lock',
    program: ticket,
    registers: 'atomic',
    about: 'Numbers from a counter that all share, drawn by an indivisible instruction.',
    members: three,
  },
  {
    name: 'test-and-set',
    program: testAndSet,
    registers: 'atomic',
    about: 'One word and an indivisible instruction that sets it: one inside, in no order.',
    members: three,
  },
]

/** `usual` are the bounds of any model: nothing is lost, late or on a disk in a memory. */
export function sharedMemoryModels(usual: Bounds): BuiltInModel[] {
  return entries.map(({ name, about, program, registers, members, crashesMax = 0 }) => ({
    name,
    members,
    bounds: { ...usual, timerFiringsMax: 0, crashesMax },
    make: (customers, bounds) => {
      const times = customers === 2 ? 2 : 1
      return sharedMemoryModel({ name, about, program, registers, anythingMax, customers, entries: times }, bounds)
    },
  }))
}
