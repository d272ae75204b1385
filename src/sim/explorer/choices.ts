/**
 * What can happen next in a global state, always in the same order: work first, then faults that are still allowed.
 *
 * The order makes a choice's place a name for it, and of several shortest counterexamples the one with the fewest
 * faults tends to be found. Of things that are equal, only the first is offered: it leads to the same states.
 */
import type { AnyModel, Choice } from './exploration.ts'
import type { AnyFlight, AnyGlobal, AnyMember } from './global-state.ts'
import { kindOf } from './kind-of.ts'

export function choicesOf(model: AnyModel, global: AnyGlobal): Choice[] {
  const choices: Choice[] = []
  const flights = distinctFlights(model, global)
  for (const member of global.members) addCalls(choices, member)
  for (const { flight, index } of flights) choices.push(flightChoice(model, 'deliver', flight, index))
  for (const { name, outbox } of global.members)
    if (outbox.length > 0) choices.push({ kind: 'persisted', member: name })
  addTimers(choices, model, global)
  addFaults(choices, model, global, flights)
  return choices
}

/** In words, for people. */
export function choiceText(choice: Choice): string {
  const { drawn = [] } = choice
  return drawn.length === 0 ? happeningText(choice) : `${happeningText(choice)}, which draws ${drawn.join(', ')}`
}

function happeningText(choice: Choice): string {
  switch (choice.kind) {
    case 'call':
      return `${choice.member} is called: ${choice.what}`
    case 'deliver':
      return `${choice.what} from ${choice.from} reaches ${choice.to}`
    case 'duplicate':
      return `${choice.what} from ${choice.from} reaches ${choice.to}, and will come again`
    case 'lose':
      return `${choice.what} from ${choice.from} to ${choice.to} is lost`
    case 'timer':
      return `timer ${choice.what} of ${choice.member} fires`
    case 'persisted':
      return `a record of ${choice.member} is on its disk`
    case 'persist-failed':
      return `the disk of ${choice.member} refuses a record`
    case 'restart':
      return `${choice.member} starts again`
    case 'crash':
      return `${choice.member} crashes`
  }
}

interface Placed {
  readonly flight: AnyFlight
  /** Among those on the same link. */
  readonly index: number
}

function addCalls(choices: Choice[], { name, state, calls }: AnyMember): void {
  if (state === undefined) return
  calls.forEach(({ call, key }, index) => {
    if (calls.findIndex((other) => other.key === key) < index) return
    choices.push({ kind: 'call', member: name, index, what: kindOf(call) })
  })
}

/** On an ordered link only the first; on others all that are not the same as an earlier one. */
function distinctFlights(model: AnyModel, { inFlight }: AnyGlobal): Placed[] {
  const placed: Placed[] = []
  const counts = new Map<string, number>()
  for (const flight of inFlight) {
    const link = `${flight.from}>${flight.to}`
    const index = counts.get(link) ?? 0
    counts.set(link, index + 1)
    const isHidden = model.links === 'ordered' ? index > 0 : placed.some((other) => isSame(other.flight, flight))
    if (!isHidden) placed.push({ flight, index })
  }
  return placed
}

/** Forms were made when the state was entered among those seen, so they tell without another look. */
function isSame(left: AnyFlight, right: AnyFlight): boolean {
  const [leftForm] = left.forms
  const [rightForm] = right.forms
  if (leftForm === undefined || rightForm === undefined) return left === right
  return leftForm.low === rightForm.low && leftForm.high === rightForm.high && leftForm.text === rightForm.text
}

function addTimers(choices: Choice[], model: AnyModel, { members, inFlight, spent }: AnyGlobal): void {
  if (spent.timerFirings >= model.bounds.timerFiringsMax) return
  const isBusy = inFlight.length > 0 || members.some(({ state, calls }) => state !== undefined && calls.length > 0)
  if (model.timersFire === 'at-rest' && isBusy) return
  for (const { name, timers } of members) {
    timers.forEach(({ timer }, index) => choices.push({ kind: 'timer', member: name, index, what: kindOf(timer) }))
  }
}

function addFaults(
  choices: Choice[],
  model: AnyModel,
  { members, spent }: AnyGlobal,
  flights: readonly Placed[],
): void {
  const { bounds, restarts = true } = model
  for (const { name, state } of members) {
    if (state === undefined && restarts) choices.push({ kind: 'restart', member: name })
  }
  const onLinks = flights.filter(({ flight }) => flight.from !== flight.to)
  if (spent.losses < bounds.lossesMax) {
    for (const { flight, index } of onLinks) choices.push(flightChoice(model, 'lose', flight, index))
  }
  if (spent.duplicates < bounds.duplicatesMax) {
    for (const { flight, index } of onLinks) choices.push(flightChoice(model, 'duplicate', flight, index))
  }
  if (spent.persistFailures < bounds.persistFailuresMax) {
    for (const { name, outbox } of members)
      if (outbox.length > 0) choices.push({ kind: 'persist-failed', member: name })
  }
  if (spent.crashes >= bounds.crashesMax) return
  for (const member of members) if (model.mortal?.includes(member.name) !== false) addCrashes(choices, member)
}

/** Of the records that were being written, none, some or all may have reached the disk: always the first ones. */
function addCrashes(choices: Choice[], { name, state, outbox }: AnyMember): void {
  if (state === undefined) return
  const writing = outbox.filter((output) => output.kind === 'persist').length
  for (let kept = 0; kept <= writing; kept++) choices.push({ kind: 'crash', member: name, kept })
}

function flightChoice(
  model: AnyModel,
  kind: 'deliver' | 'duplicate' | 'lose',
  { from, to, message }: AnyFlight,
  index: number,
): Choice {
  return { kind, from, to, index, what: model.describe?.(message) ?? kindOf(message) }
}

/** What the members do by themselves: no fault. */
export function isWork({ kind }: Choice): boolean {
  return kind === 'call' || kind === 'deliver' || kind === 'timer' || kind === 'persisted'
}
