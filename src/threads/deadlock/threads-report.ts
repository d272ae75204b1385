/**
 * What all threads of a process do at this moment, as plain data: who holds what, who waits for what and since when, where it
 * stands, and which of them are deadlocked.
 *
 * It is read from shared memory, so threads that sleep are in it as they are. Threads of other processes that use what lives
 * here are in it too. What a thread of ours waits for in another process only the service thread knows, which gives it.
 */
import { readFileSync } from 'node:fs'
import process from 'node:process'
import type { Resource } from '../../protocols/deadlock/wait-graph.ts'
import { arena, header } from '../memory/arena.ts'
import { parties, party, partyKind, partyName, partyState, partyStateOf, partyWord, self } from '../memory/parties.ts'
import { wait, waitRow } from '../waiting/waits.ts'
import { lookTwice } from './find-deadlocks.ts'
import { type FoundDeadlock, toldDeadlock } from './found-deadlock.ts'
import { type ArenaGraph, graphOfArena } from './graph-of-arena.ts'

export interface ThreadsReport {
  readonly pid: number
  /** How the process was started; empty where the system does not tell. */
  readonly command: string
  /** In the order in which they came. */
  readonly threads: readonly ThreadReport[]
  readonly deadlocks: readonly FoundDeadlock[]
  /** Names of those that are stopped for ever without being in a cycle. */
  readonly stopped: readonly string[]
}

export interface ThreadReport {
  readonly name: string
  /** `process`: a thread of another process, which uses what lives here. */
  readonly kind: 'main' | 'thread' | 'process'
  /** The process that it is a thread of. */
  readonly pid: number
  /** `runs`: it waits for nothing that is known here. */
  readonly state: 'starting' | 'runs' | 'blocked' | 'awaits'
  readonly holds: readonly HoldReport[]
  readonly waits: readonly WaitReport[]
}

export interface HoldReport {
  readonly kind: string
  readonly name: string
  readonly units: number
}

export interface WaitReport {
  /** Kind and name of what is waited for. */
  readonly waitsFor: string
  /** Names of those who hold it. */
  readonly heldBy: readonly string[]
  readonly isAwaited: boolean
  readonly hasDeadline: boolean
  /** How long it has lasted. */
  readonly lastsMs: number
  readonly stack: string
}

/** What a thread waits for in another process. */
export interface WaitElsewhere {
  readonly party: number
  readonly waitsFor: string
  readonly isAwaited: boolean
  readonly hasDeadline: boolean
  readonly lastsMs: number
}

const commandLettersMax = 512
const sinceMask = 0x7fffffff
const holdersToldMax = 8

export async function reportOfThreads(elsewhere: readonly WaitElsewhere[] = []): Promise<ThreadsReport> {
  const { graph = graphOfArena(), deadlocks, stopped } = await lookTwice()
  const names = new Map(graph.parties.map(({ id, name }) => [id, name]))
  return {
    pid: process.pid,
    command: commandOf(process.pid),
    threads: threadsOf(graph, elsewhere),
    deadlocks: deadlocks.map(toldDeadlock),
    stopped: [...new Set(stopped.map(({ party: id }) => names.get(id) ?? ''))],
  }
}

function threadsOf(graph: ArenaGraph, elsewhere: readonly WaitElsewhere[]): readonly ThreadReport[] {
  const holds = holdsByParty(graph)
  const waits = waitsByParty(graph)
  for (const { party: id, ...told } of elsewhere) addWaitElsewhere(waits, id, told)
  const found: ThreadReport[] = []
  for (const id of parties()) {
    const kind = partyWord(id, party.kind)
    if (kind === partyKind.service || partyStateOf(id) === partyState.ended) continue
    const own = waits.get(id) ?? []
    found.push({
      name: partyName(id),
      kind: kindOf(kind),
      pid: partyWord(id, party.pid),
      state: stateOf(id, own),
      holds: holds.get(id) ?? [],
      waits: own,
    })
  }
  return found
}

function kindOf(kind: number): ThreadReport['kind'] {
  if (kind === partyKind.main) return 'main'
  return kind === partyKind.remote ? 'process' : 'thread'
}

function stateOf(id: number, waits: readonly WaitReport[]): ThreadReport['state'] {
  if (waits.some(({ isAwaited }) => !isAwaited)) return 'blocked'
  if (waits.length > 0) return 'awaits'
  return partyStateOf(id) === partyState.starting ? 'starting' : 'runs'
}

function holdsByParty({ resources }: ArenaGraph): Map<number, HoldReport[]> {
  const holds = new Map<number, HoldReport[]>()
  for (const { kind, name, holders } of resources) {
    // Not to have ended, or not to have come, is no possession.
    if (kind === 'join' || kind === 'barrier' || kind === 'other') continue
    for (const { party: id, count } of holders) add(holds, id, { kind: kindName(kind), name, units: count })
  }
  return holds
}

function waitsByParty(graph: ArenaGraph): Map<number, WaitReport[]> {
  const resources = new Map(graph.resources.map((resource) => [resource.id, resource]))
  const names = new Map(graph.parties.map(({ id, name }) => [id, name]))
  const waits = new Map<number, WaitReport[]>()
  for (const { id, party: of, resource: on, isAsync, hasDeadline, stack } of graph.waits) {
    const resource = resources.get(on)
    const row = graph.found.get(id)?.row ?? 0
    const holders = resource?.kind === 'join' ? [] : (resource?.holders ?? [])
    add(waits, of, {
      waitsFor: resource === undefined ? 'something that is gone' : textOf(resource),
      heldBy: holders.slice(0, holdersToldMax).flatMap((holder) => names.get(holder.party) ?? []),
      isAwaited: isAsync,
      hasDeadline,
      lastsMs: (Date.now() - (arena().words[waitRow(row) + wait.sinceMs] ?? 0)) & sinceMask,
      stack: stack ?? '',
    })
  }
  return waits
}

/** A thread that blocks waits here for the service's answer: then what the service waits for is told instead. */
function addWaitElsewhere(waits: Map<number, WaitReport[]>, id: number, told: Omit<WaitElsewhere, 'party'>): void {
  const own = waits.get(id) ?? []
  const at = told.isAwaited ? -1 : own.findIndex(({ isAwaited }) => !isAwaited)
  const stack = own[at]?.stack ?? ''
  waits.set(id, [...own.filter((_, index) => index !== at), { ...told, heldBy: [], stack }])
}

function textOf({ kind, name }: Resource): string {
  if (kind === 'join') return `the end of ${name}`
  return kind === 'other' ? name : `${kindName(kind)} "${name}"`
}

function kindName(kind: Resource['kind']): string {
  return kind === 'reader-writer-lock' ? 'read-write lock' : kind
}

function add<Item>(lists: Map<number, Item[]>, key: number, item: Item): void {
  const known = lists.get(key)
  if (known === undefined) lists.set(key, [item])
  else known.push(item)
}

/** Only Linux says it of a running process without asking another program. */
function commandOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    return text.slice(0, commandLettersMax)
  } catch {
    return ''
  }
}

/** Whether this process has a service thread that lives, and so may know more than its tables say. */
export function hasService(): boolean {
  self()
  return Atomics.load(arena().words, header.service) > 0
}
