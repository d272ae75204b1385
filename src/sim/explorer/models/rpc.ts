/**
 * Remote calls at most once, explored: every member but the last calls the last one, whose handlers reply some time.
 *
 * Time moves with the timers, so enquiries, deadlines and acknowledgements come in every order with what they wait for.
 * Links stand from the start; a death is told to the others at any later time. Calls go to the first life of the callee.
 */
import { type Address, address, incarnation, incarnationOf, memberOf, port } from '../../../lib/identifiers.ts'
import { instant, type MemberId } from '../../../lib/identifiers.ts'
import { seededRandom } from '../../../lib/random.ts'
import type { Call, CallOf, Message, Outcome, Sink, Timer } from '../../../protocols/rpc/messages.ts'
import { rpc } from '../../../protocols/rpc/rpc.ts'
import { defaultLimits, initialState, type State } from '../../../protocols/rpc/state.ts'
import type { Bounds, ExplorationModel, PlannedCall } from '../exploration.ts'
import { partedCalls } from './lives.ts'
import { membersNamed } from './members-named.ts'

/** By caller and token, as `m1#1/7`. */
type Fates = Record<string, Fate>

interface Fate {
  executions: number
  readonly endings: string[]
}

const service = port('0123456789abcdef0123456789abcdef')
const nothing = new Uint8Array(0)
const timeoutMs = 1_500
const limits = { ...defaultLimits, slotsMax: 2, callersMax: 4, partedMax: 4, waitingMax: 2 }
const silence: Sink = { send() {}, setTimer() {}, clearTimer() {}, persist() {}, outcome() {} }

export function rpcModel(
  name: string,
  members: number,
  callsEach: number,
  bounds: Bounds,
): ExplorationModel<State, Message, Timer, Call, Outcome, never, Fates> {
  const names = membersNamed(members)
  const callee = address(names.at(-1) as MemberId, incarnation(1))
  return {
    name,
    about: 'Remote calls: none runs twice, and what a caller is told of its call is true.',
    machine: rpc,
    members: names,
    bounds,
    time: 'by-timers',
    collections: 'as-inserted',
    initialState: (self, live) => linkedState(self, live),
    calls: names.slice(0, -1).flatMap((member) => callsOf(member, callee, callsEach)),
    history: {},
    onOutcome: (fates, member, outcome) => onOutcome(fates, member, outcome),
    onCrash: (_fates, member) => partedCalls(names, member),
    invariant: ({ history }) =>
      Object.entries(history.value)
        .map(([call, fate]) => untruth(call, fate))
        .find(isText),
    atRest: ({ members: all, history }) => {
      const callers = all.slice(0, -1).filter((each) => each.state !== undefined && incarnationOf(each.address) === 1)
      const expected = callers.flatMap(({ address: caller }) =>
        Array.from({ length: callsEach }, (_, index) => `${caller}/${index + 1}`),
      )
      const open = expected.find((call) => history.value[call]?.endings.length !== 1)
      return open === undefined ? undefined : `call ${open} has never ended`
    },
  }
}

/** It listens, and links to all others stand. */
function linkedState(self: Address, live: readonly Address[]): State {
  const state = initialState(self, incarnationOf(self), limits)
  const context = { now: instant(0), random: seededRandom(1) }
  const listen: Call = { kind: 'listen', port: service, concurrency: 1, mailboxMax: 1 }
  const links = live.filter((peer) => peer !== self).map((peer): Call => ({ kind: 'relinked', peer }))
  for (const call of [listen, ...links]) rpc.step(state, { kind: 'call', call }, context, silence)
  return state
}

function callsOf(member: MemberId, to: Address, count: number): PlannedCall<Call>[] {
  return Array.from({ length: count }, (_, index) => {
    const token = index + 1
    const call: CallOf<'call'> = {
      ...{ kind: 'call', token, to, port: service, semantics: 'at-most-once', priority: 1, timeoutMs, window: 0 },
      selector: nothing,
      body: Uint8Array.of(token),
    }
    return { member, call, endsWithLife: true }
  })
}

function onOutcome(fates: Fates, member: Address, outcome: Outcome): PlannedCall<Call>[] {
  switch (outcome.kind) {
    case 'deliver': {
      const { caller, slot, sequence, body } = outcome
      fateOf(fates, caller, body[0] ?? 0).executions++
      const reply: Call = { kind: 'reply', caller, slot, sequence, port: service, status: 'ok', body }
      return [{ member: memberOf(member), call: reply, endsWithLife: true }]
    }
    case 'completed':
      fateOf(fates, member, outcome.token).endings.push('completed')
      return []
    case 'failed':
      fateOf(fates, member, outcome.token).endings.push(outcome.executed)
      return []
    default:
      return []
  }
}

function fateOf(fates: Fates, caller: Address, token: number): Fate {
  const call = `${caller}/${token}`
  fates[call] ??= { executions: 0, endings: [] }
  return fates[call]
}

function untruth(call: string, { executions, endings }: Fate): string | undefined {
  if (executions > 1) return `call ${call} ran ${executions} times`
  if (endings.length > 1) return `call ${call} ended ${endings.length} times`
  const [ending] = endings
  if ((ending === 'completed' || ending === 'yes') && executions === 0)
    return `the caller was told that ${call} ran, and it never did`
  if (ending === 'no' && executions > 0) return `the caller was told that ${call} did not run, and it did`
  return undefined
}

function isText(text: string | undefined): text is string {
  return text !== undefined
}
