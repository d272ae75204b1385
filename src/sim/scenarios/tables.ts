/**
 * Costs known from theory, measured: machines run in the virtual world, what they send is counted, and the count stands
 * beside the formula.
 *
 * Every message takes one virtual millisecond, so a delay in milliseconds is one in message times. For the token ring
 * the tables count TOKEN messages; ours also acknowledges each, which would double every count. For the bully they count
 * n members with the dead leader among them, and the ELECTIONs that are sent to it.
 */
import { assert } from '../../lib/assert.ts'
import { address, incarnation, memberId } from '../../lib/identifiers.ts'
import { election } from '../../protocols/election/election.ts'
import type * as electing from '../../protocols/election/messages.ts'
import * as electionState from '../../protocols/election/state.ts'
import type * as entering from '../../protocols/mutex/messages.ts'
import { mutex } from '../../protocols/mutex/mutex.ts'
import * as mutexState from '../../protocols/mutex/state.ts'
import type { NetworkOptions } from '../faults/network-options.ts'
import { MachineWorld } from '../machines/machine-world.ts'
import { memberNames } from '../scenario.ts'

export interface CostRow {
  readonly table: TableName
  readonly what: string
  readonly members: number
  readonly formula: string
  readonly expected: number
  readonly measured: number
}

export type TableName = 'token-ring' | 'bully'

export const tableNames: readonly TableName[] = ['token-ring', 'bully']

const membersMin = 2
const membersMax = 10
const network: NetworkOptions = { delay: { kind: 'constant', ms: 1 }, bytesPerMs: Number.POSITIVE_INFINITY }

/** For 2 to 10 members; each row of a table for each of these sizes. */
export function costRows(table: TableName): CostRow[] {
  const measure = table === 'bully' ? bullyRows : tokenRingRows
  return Array.from({ length: membersMax - membersMin + 1 }, (_, index) => measure(membersMin + index)).flat()
}

function tokenRingRows(members: number): CostRow[] {
  const part = { table: 'token-ring', members } as const
  const idleMs = 1_000
  return [
    { ...part, what: 'delay, the holder enters', formula: '0', expected: 0, measured: ringDelayMs(members, 0) },
    {
      ...part,
      what: 'delay, the token just left',
      formula: 'n-1',
      expected: members - 1,
      measured: ringDelayMs(members, 1),
    },
    { ...part, what: 'messages per entry, all enter', formula: '1', expected: 1, measured: messagesPerEntry(members) },
    {
      ...part,
      what: `messages, idle for ${idleMs} delays`,
      formula: 'unbounded',
      expected: idleMs,
      measured: idleMessages(members, idleMs),
    },
  ]
}

function bullyRows(members: number): CostRow[] {
  const part = { table: 'bully', members } as const
  const worst = members * members - members - 1
  return [
    {
      ...part,
      what: 'best, second highest starts',
      formula: 'n-1',
      expected: members - 1,
      measured: electionMessages(members, members - 2),
    },
    {
      ...part,
      what: 'worst, lowest starts',
      formula: 'n^2-n-1',
      expected: worst,
      measured: electionMessages(members, 0),
    },
  ]
}

class RingWorld {
  tokens = 0
  readonly entries: { readonly name: string; readonly atMs: number }[] = []
  readonly #names: readonly string[]
  readonly #world: MachineWorld<mutexState.State, entering.Message, entering.Timer, entering.Call, entering.Outcome>

  /** `onEntered`: what the program of a member does when it is inside. The first member makes the token. */
  constructor(members: number, onEntered: (ring: RingWorld, at: number) => void) {
    const names = memberNames(members)
    this.#names = names
    this.#world = new MachineWorld({
      ...{ machine: mutex, seed: 1, names, network },
      initial: (self) =>
        mutexState.initialState(self, names.map(memberId), firstLives(names), {
          ...mutexState.defaultLimits,
          restMs: 0,
        }),
      onOutcome: (member, outcome) => {
        if (outcome.kind !== 'entered') return
        const at = firstLives(names).indexOf(member)
        this.entries.push({ name: names[at] ?? '', atMs: this.#world.nowMs })
        onEntered(this, at)
      },
      onSight: (sight) => {
        if (sight.kind === 'sent' && sight.message.kind === 'TOKEN') this.tokens++
      },
    })
    for (const name of names) this.#world.start(name)
  }

  tell(at: number, call: entering.Call): void {
    const to = firstLives(this.#names)[at]
    if (to !== undefined) this.#world.submit(to, call)
  }

  run(untilMs: number): void {
    this.#world.run(untilMs)
  }
}

/** From the wish of the member that stands so many places before the holder, until it is inside. */
function ringDelayMs(members: number, placesBefore: number): number {
  const ring = new RingWorld(members, () => undefined)
  const holder = 1
  const wishing = holder - placesBefore
  ring.tell(holder, { kind: 'enter', request: 1 })
  ring.tell(holder, { kind: 'regenerate', generation: 1 })
  if (placesBefore > 0) {
    ring.tell(wishing, { kind: 'enter', request: 2 })
    ring.tell(holder, { kind: 'leave', request: 1 })
  }
  ring.run(2 * members)
  const entry = ring.entries.find(({ name }) => name === `m${wishing + 1}`)
  assert(entry !== undefined, 'whoever wishes to enter does so within a round')
  return entry.atMs
}

/** Every member wants to enter again as soon as it has left. */
function messagesPerEntry(members: number): number {
  let requests = members
  const ring = new RingWorld(members, (world, at) => {
    world.tell(at, { kind: 'enter', request: ++requests })
    world.tell(at, { kind: 'leave', request: inside[at] ?? 0 })
    inside[at] = requests
  })
  const inside = Array.from({ length: members }, (_, at) => at + 1)
  for (const [at, request] of inside.entries()) ring.tell(at, { kind: 'enter', request })
  ring.tell(0, { kind: 'regenerate', generation: 1 })
  ring.run(10 * members)
  // The first token was made where it was used, and the last one is on its way.
  return ring.tokens / ring.entries.length
}

function idleMessages(members: number, idleMs: number): number {
  const ring = new RingWorld(members, () => undefined)
  ring.tell(0, { kind: 'regenerate', generation: 1 })
  ring.run(idleMs - 0.5)
  return ring.tokens
}

/** The highest leads and crashes; whoever has that rank suspects it. All messages until the next one leads. */
function electionMessages(members: number, starterRank: number): number {
  const names = memberNames(members).toSorted()
  const lives = firstLives(names)
  const limits = { ...electionState.defaultLimits, answerMs: 10, announceMs: Number.POSITIVE_INFINITY }
  let sent = 0
  const world = new MachineWorld<
    electionState.State,
    electing.Message,
    electing.Timer,
    electing.Call,
    electing.Outcome,
    electing.Persisted
  >({
    ...{ machine: election, seed: 1, names, network },
    initial: (self) => electionState.initialState(self, names.map(memberId), lives, limits),
    onOutcome: () => undefined,
    onSight: (sight) => {
      if (sight.kind === 'sent') sent++
    },
  })
  for (const name of names) world.start(name)
  const [leader, next, starter] = [lives.at(-1), lives.at(-2), lives[starterRank]]
  assert(leader !== undefined && next !== undefined && starter !== undefined, 'an election has two members at least')
  world.submit(leader, { kind: 'start' })
  world.run(100)
  world.crash(leader)
  sent = 0
  world.submit(starter, { kind: 'start' })
  world.run(10_000)
  const followers = lives.slice(0, -1).filter((life) => world.stateOf(life)?.leader === next)
  assert(followers.length === members - 1, 'all that are alive follow the highest of them')
  return sent
}

function firstLives(names: readonly string[]): ReturnType<typeof address>[] {
  return names.map((name) => address(memberId(name), incarnation(1)))
}
