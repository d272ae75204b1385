/**
 * The arena's tables as a wait-for graph: who of this process's parties holds what, and who waits for what.
 *
 * It is read while all threads go on, so one reading can show a cycle that never was: ask twice, and believe what
 * `stillStanding` (`src/protocols/deadlock/find-deadlocks.ts`) leaves of it. The number of a wait is its sequence number, which
 * no later wait has, so the same number means the same wait.
 *
 * Only waits that sleep are in the graph; one that was woken is about to look again. Of the primitives those are, which
 * somebody holds or waits for. A service thread of ours is no party: it sets no event by itself. A thread that waits for
 * something of another process waits here for an answer of the service thread; where it stands there, the graph there shows.
 */
import type { Party, Resource, Wait, WaitGraph } from '../../protocols/deadlock/wait-graph.ts'
import { arena, header, primitivesMax } from '../memory/arena.ts'
import {
  parties,
  party,
  partyKind,
  partyName,
  partyState,
  partyStateOf,
  partyText,
  partyWord,
} from '../memory/parties.ts'
import { primitiveName, primitives } from '../memory/primitives.ts'
import { type FoundWait, openWaits, stackOf, wait, waitIn, waitRow } from '../waiting/waits.ts'
import { allHoldings } from '../waiting/holdings.ts'
import { shapeOf, type Surroundings } from './resource-tellers.ts'

export interface ArenaGraph extends WaitGraph {
  /** By the identifier of a wait, where it lies, for whoever is to end it. */
  readonly found: ReadonlyMap<number, FoundWait>
}

/** A row of the table of waits, as it was read. */
interface RowOfWait {
  readonly found: FoundWait
  readonly party: number
  /** Identifier of the resource. */
  readonly resource: number
  readonly mode: number
  readonly isAsync: boolean
  readonly hasDeadline: boolean
}

const stateBits = 3
const sequenceMask = 0x1fff_ffff

/** Without stacks it is the cheaper one, for a look that mostly finds nothing. */
export function graphOfArena({ withStacks = true } = {}): ArenaGraph {
  const rows = readWaits()
  const awaited = waitersByResource(rows)
  const resources = [...primitiveResources(awaited), ...joinResources(awaited.keys())]
  const wanted = new Map(resources.map(({ resource, unitsFor }) => [resource.id, unitsFor]))
  const now = Atomics.load(arena().words, header.sequence)
  return {
    parties: readParties(),
    resources: resources.map(({ resource }) => resource),
    waits: rows.map((row) => {
      const told = waitOf(row, wanted.get(row.resource)?.(row.mode) ?? 1, now)
      const stack = withStacks ? stackOf(row.found.row) : ''
      return stack === '' ? told : { ...told, stack }
    }),
    found: new Map(rows.map(({ found }) => [idOf(found), found])),
  }
}

function readParties(): readonly Party[] {
  const all: Party[] = []
  for (const id of parties()) {
    const kind = partyWord(id, party.kind)
    if (kind === partyKind.service) continue
    const isAlive = partyStateOf(id) !== partyState.ended
    const name = kind === partyKind.remote ? partyText(id) : partyName(id)
    all.push({ id, name, kind: kindNameOf(kind), isAlive })
  }
  // A main thread that has used no primitive yet is in no table, but may well be the one to set an event.
  return all.some(({ kind }) => kind === 'main') ? all : [{ id: 0, name: 'main', kind: 'main', isAlive: true }, ...all]
}

function kindNameOf(kind: number): Party['kind'] {
  if (kind === partyKind.main) return 'main'
  return kind === partyKind.remote ? 'process' : 'thread'
}

function readWaits(): readonly RowOfWait[] {
  const { words } = arena()
  return openWaits().flatMap((row) => {
    const found = waitIn(row)
    if (found === undefined) return []
    const at = waitRow(row)
    const primitive = words[at + wait.primitive] ?? 0
    const target = words[at + wait.target] ?? 0
    const read: RowOfWait = {
      found,
      party: words[at + wait.party] ?? 0,
      resource: primitive === 0 ? joinOf(target) : primitive,
      mode: words[at + wait.mode] ?? 0,
      isAsync: words[at + wait.isAsync] === 1,
      hasDeadline: words[at + wait.hasDeadline] === 1,
    }
    // The words are those of this wait only if it is still the same one.
    return waitIn(row)?.word === found.word ? [read] : []
  })
}

function waitersByResource(rows: readonly RowOfWait[]): ReadonlyMap<number, ReadonlySet<number>> {
  const waiters = new Map<number, Set<number>>()
  for (const { resource, party: id } of rows) {
    const known = waiters.get(resource)
    if (known === undefined) waiters.set(resource, new Set([id]))
    else known.add(id)
  }
  return waiters
}

function waitOf({ found, party: id, resource, isAsync, hasDeadline }: RowOfWait, count: number, now: number): Wait {
  // Sequence numbers go round; ages do not.
  const age = (now - idOf(found)) & sequenceMask
  return { id: idOf(found), party: id, resource, count, since: -age, isAsync, hasDeadline }
}

function idOf({ word }: FoundWait): number {
  return word >>> stateBits
}

/** The end of a party is a resource too; its identifier lies beyond those of the primitives. */
function joinOf(target: number): number {
  return primitivesMax + target
}

interface Told {
  readonly resource: Resource
  /** Units that a wait of this mode wants. */
  readonly unitsFor: (mode: number) => number
}

function* primitiveResources(awaited: ReadonlyMap<number, ReadonlySet<number>>): Generator<Told> {
  const surroundings: Surroundings = {
    holdings: allHoldings(),
    waitersOf: (index) => awaited.get(index) ?? new Set(),
  }
  for (const { index, kind } of primitives()) {
    const { unitsFor, ...shape } = shapeOf(kind, index, surroundings)
    if (shape.holders.length === 0 && !awaited.has(index)) continue
    yield { resource: { id: index, name: primitiveName(index), ...shape }, unitsFor }
  }
}

/** What is no primitive: the end of a party, and an answer of the service thread. */
function* joinResources(awaited: Iterable<number>): Generator<Told> {
  for (const id of awaited) if (id >= primitivesMax) yield { resource: targetResource(id), unitsFor: () => 1 }
}

/** Only a party itself can bring its end about. One that is not there any more has ended, as the reduction sees it. */
function targetResource(id: number): Resource {
  const target = id - primitivesMax
  const holders = [{ party: target, count: 1 }]
  const shape = { id, holders, available: 0, providers: 'holders', isFair: false } as const
  return partyWord(target, party.kind) === partyKind.service
    ? { ...shape, kind: 'other', name: 'an answer of the service thread' }
    : { ...shape, kind: 'join', name: partyText(target) }
}
