/**
 * Election by bullying, explored: some member suspects the leader, and the disks may refuse the winner's epoch.
 *
 * Timers may fire at any time, as in a network that is slower than every timeout: what holds here holds although the
 * algorithm's own assumption does not. How often they fire is bounded, since elections can follow each other for ever.
 */
import type { Address, MemberId } from '../../../lib/identifiers.ts'
import { election } from '../../../protocols/election/election.ts'
import { brokenInvariants, brokenTogether } from '../../../protocols/election/invariants.ts'
import type { Call, Message, Outcome, Persisted, Timer } from '../../../protocols/election/messages.ts'
import { initialState, type State } from '../../../protocols/election/state.ts'
import type { Bounds, ExplorationModel, PlannedCall } from '../exploration.ts'
import { joinedCalls, partedCalls } from './lives.ts'
import { membersNamed } from './members-named.ts'

/** Who was told that it leads, in which epoch, in the order of epochs. */
type Elected = { readonly epoch: number; readonly leader: Address }[]

/** The first `starters` members, those of the lowest ranks, suspect the leader. */
export function bullyModel(
  members: number,
  starters: number,
  bounds: Bounds,
): ExplorationModel<State, Message, Timer, Call, Outcome, Persisted, Elected> {
  const names = membersNamed(members)
  return {
    name: 'bully',
    about: 'Election by bullying: at most one leader in each epoch, whatever is late, lost or dead.',
    machine: election,
    members: names,
    bounds,
    initialState: (self, live) => initialState(self, names, live),
    calls: names.slice(0, starters).map(startOnce),
    history: [],
    onOutcome: (elected, leader, outcome) => {
      if (outcome.kind !== 'elected') return []
      elected.push({ epoch: outcome.epoch, leader })
      elected.sort((left, right) => left.epoch - right.epoch)
      return []
    },
    onCrash: (_elected, member) => partedCalls(names, member),
    onRestart: (_elected, member) => joinedCalls(names, member),
    invariant: ({ members: all, history }) => {
      const states = all.flatMap(({ state }) => (state === undefined ? [] : [state]))
      return [...states.flatMap(brokenInvariants), ...brokenTogether(states), ...electedTwice(history.value)][0]
    },
  }
}

function startOnce(member: MemberId): PlannedCall<Call> {
  return { member, call: { kind: 'start' } }
}

function electedTwice(elected: Elected): string[] {
  const twice = elected.filter(({ epoch }, index) => elected[index + 1]?.epoch === epoch)
  return twice.map(({ epoch, leader }) => `${leader} and another life were both elected in epoch ${epoch}`)
}
