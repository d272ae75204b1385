/**
 * Mutual exclusion by a token ring, explored: each member wants to enter once, and leaves when it is inside. The
 * first one wants to again, from when it has entered: while it is inside, or later.
 *
 * The first member makes the first token. Hops grow with each passing, so how often timers fire is bounded. A token that
 * dies with its holder is made again by whoever misses it, with a generation that nobody else is given.
 */
import type { Address, MemberId } from '../../../lib/identifiers.ts'
import { memberOf } from '../../../lib/identifiers.ts'
import { brokenInvariants, brokenTogether } from '../../../protocols/mutex/invariants.ts'
import type { Call, Message, Outcome, Timer } from '../../../protocols/mutex/messages.ts'
import { mutex } from '../../../protocols/mutex/mutex.ts'
import { initialState, type State } from '../../../protocols/mutex/state.ts'
import type { Bounds, ExplorationModel, PlannedCall } from '../exploration.ts'
import { joinedCalls, partedCalls } from './lives.ts'
import { membersNamed } from './members-named.ts'

/** Every entry, in the order of their beginnings, and what was given out. */
interface Entries {
  readonly entered: Entry[]
  /** The greatest generation that somebody was told to make. */
  generation: number
}

interface Entry {
  readonly member: Address
  readonly request: number
  readonly generation: number
  readonly entry: number
  isInside: boolean
}

export function tokenRingModel(
  members: number,
  bounds: Bounds,
): ExplorationModel<State, Message, Timer, Call, Outcome, never, Entries> {
  const names = membersNamed(members)
  return {
    name: 'token-ring',
    about: 'Mutual exclusion by a token ring: the entries of one token never overlap, and their numbers grow.',
    machine: mutex,
    members: names,
    bounds,
    initialState: (self, live) => initialState(self, names, live),
    calls: [
      ...names.map((member) => enterAt(member, 1)),
      ...names.slice(0, 1).map((member) => regenerateAt(member, 1)),
    ],
    history: { entered: [], generation: 1 },
    onOutcome: (entries, member, outcome) => onOutcome(entries, member, outcome, names[0]),
    onCrash: (entries, member) => {
      for (const entry of entries.entered) if (entry.member === member) entry.isInside = false
      return partedCalls(names, member)
    },
    onRestart: (_entries, member) => joinedCalls(names, member),
    invariant: ({ members: all, history }) => {
      const states = all.flatMap(({ state }) => (state === undefined ? [] : [state]))
      return [...states.flatMap(brokenInvariants), ...brokenTogether(states), ...brokenEntries(history.value)][0]
    },
  }
}

function enterAt(member: MemberId, request: number): PlannedCall<Call> {
  return { member, call: { kind: 'enter', request } }
}

function regenerateAt(member: MemberId, generation: number): PlannedCall<Call> {
  return { member, call: { kind: 'regenerate', generation } }
}

function onOutcome(
  entries: Entries,
  member: Address,
  outcome: Outcome,
  first: MemberId | undefined,
): PlannedCall<Call>[] {
  switch (outcome.kind) {
    case 'entered': {
      const { request, fencingToken } = outcome
      const [generation, entry] = fencingToken
      entries.entered.push({ member, request, generation, entry, isInside: true })
      const leave: PlannedCall<Call> = {
        member: memberOf(member),
        call: { kind: 'leave', request },
        endsWithLife: true,
      }
      return memberOf(member) === first && request === 1 ? [leave, enterAt(first, 2)] : [leave]
    }
    case 'left':
      for (const entry of entries.entered) {
        if (entry.member === member && entry.request === outcome.request) entry.isInside = false
      }
      return []
    case 'lost':
      entries.generation++
      return [regenerateAt(memberOf(member), entries.generation)]
    default:
      return []
  }
}

function brokenEntries({ entered }: Entries): string[] {
  const broken: string[] = []
  entered.forEach((later, index) => {
    for (const earlier of entered.slice(0, index)) {
      if (earlier.generation !== later.generation) continue
      if (earlier.isInside && later.isInside)
        broken.push(`${earlier.member} and ${later.member} are inside with the same token`)
      if (earlier.entry >= later.entry) broken.push(`${later.member} entered with a number that was used before`)
    }
  })
  return broken
}
