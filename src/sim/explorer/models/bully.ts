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

interface Elections {
  /** Who was told that it leads, in which epoch, in the order of epochs. */
  readonly elected: { readonly epoch: number; readonly leader: Address }[]
  /** By life: the greatest epoch in which it led or followed. */
  readonly newest: Record<string, number>
  readonly steppedBack: string[]
}

/** The first `starters` members, those of the lowest ranks, suspect the leader. */
export function bullyModel(
  name: string,
  members: number,
  starters: number,
  bounds: Bounds,
): ExplorationModel<State, Message, Timer, Call, Outcome, Persisted, Elections> {
  const names = membersNamed(members)
  return {
    name,
    about:
      'Election by bullying: an epoch has one leader, and nobody goes back to an older one, whatever is late or dead.',
    machine: election,
    members: names,
    bounds,
    initialState: (self, live) => initialState(self, names, live),
    calls: names.slice(0, starters).map(startOnce),
    history: { elected: [], newest: {}, steppedBack: [] },
    onOutcome: (elections, member, outcome) => {
      onOutcome(elections, member, outcome)
      return []
    },
    onCrash: (_elections, member) => partedCalls(names, member),
    onRestart: (_elections, member) => joinedCalls(names, member),
    invariant: ({ members: all, history }) => {
      const states = all.flatMap(({ state }) => (state === undefined ? [] : [state]))
      return [...states.flatMap(brokenInvariants), ...brokenTogether(states), ...brokenEpochs(history.value)][0]
    },
  }
}

function startOnce(member: MemberId): PlannedCall<Call> {
  return { member, call: { kind: 'start' } }
}

function onOutcome({ elected, newest, steppedBack }: Elections, member: Address, outcome: Outcome): void {
  if (outcome.kind !== 'elected' && outcome.kind !== 'led') return
  const { epoch } = outcome
  const before = newest[member] ?? 0
  newest[member] = Math.max(before, epoch)
  if (epoch < before) steppedBack.push(`${member} goes back from epoch ${before} to ${epoch}`)
  if (outcome.kind === 'led') return
  elected.push({ epoch, leader: member })
  elected.sort((left, right) => left.epoch - right.epoch)
}

function brokenEpochs({ elected, steppedBack }: Elections): string[] {
  const twice = elected.filter(({ epoch }, index) => elected[index + 1]?.epoch === epoch)
  const texts = twice.map(({ epoch, leader }) => `${leader} and another life were both elected in epoch ${epoch}`)
  return [...texts, ...steppedBack]
}
