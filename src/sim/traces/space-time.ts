/**
 * A trace read as a picture of space and time: who takes part, and what became of each message.
 *
 * A trace has each message twice, where it is sent and where it arrives; here the two are put together by the
 * message's identifier. All drawings and exports start from this, so that they agree. It decides nothing about how
 * anything looks.
 */
import type { TraceEffect, TraceEvent } from '../../edges/trace.ts'
import { type Address, isMemberId, memberOf } from '../../lib/identifiers.ts'
import { causalOrder } from './causal-order.ts'
import { compareNames } from './plain-text.ts'

/** The machine that faults and other events of the world belong to, and who they happen to where it is everybody. */
export const worldName = 'world'
/** From here on a time is one since 1970, of a host, and no virtual one. */
const hostTimeMsMin = 1e11

/**
 * `lost`: it never arrived while the trace went on. `unseen`: nothing of its addressee is in the trace, so nobody
 * knows; the same goes for the sender where `sentAt` is undefined.
 */
export type Fate = 'received' | 'lost' | 'unseen'

export interface TracedMessage {
  /** From 1, in the order of the picture: short enough to stand at an arrow. */
  readonly number: number
  readonly type: string
  readonly from: Address
  readonly to: Address
  /** Place of the event that sent it. */
  readonly sentAt: number | undefined
  /** Places of the events that received it; more than one: it was duplicated. */
  readonly arrivals: readonly number[]
  readonly fate: Fate
}

export interface SpaceTime {
  /** In an order in which causes come first. Places are indices in it. */
  readonly events: readonly TraceEvent[]
  /** What time is counted from: 0 in simulation, the first event on hosts. */
  readonly originMs: number
  /** Names, in order; also of those that were only written to or heard from. */
  readonly members: readonly string[]
  /** In the order of their sending. */
  readonly messages: readonly TracedMessage[]
  /** By place of the event and position in its effects. */
  sentBy(place: number, effect: number): TracedMessage | undefined
  /** What the event at this place received. */
  receivedAt(place: number): TracedMessage | undefined
}

type Writable = { -readonly [Key in keyof TracedMessage]: TracedMessage[Key] } & { readonly arrivals: number[] }
type Send = Extract<TraceEffect, { kind: 'send' }>

export function spaceTimeOf(trace: readonly TraceEvent[]): SpaceTime {
  const events = inCausalOrder(trace)
  const seen = new Set(events.filter((event) => event.machine !== worldName).map((event) => memberOf(event.member)))
  const sends = new SentById<Writable>()
  const sent = new Map<TraceEffect, Writable>()
  const received = new Map<number, Writable>()
  const messages: Writable[] = []
  const enter = (send: Omit<Send, 'kind' | 'detail'>, from: Address, sentAt: number | undefined): Writable => {
    const { to, type } = send
    const fate = seen.has(memberOf(to)) ? 'lost' : 'unseen'
    const message: Writable = { number: messages.length + 1, type, from, to, sentAt, arrivals: [], fate }
    messages.push(message)
    sends.add(send.id, to, message)
    return message
  }
  events.forEach(({ member, input, effects }, place) => {
    if (input.kind === 'message') {
      const message = sends.find(input.id, member) ?? enter({ ...input, to: member }, input.from, undefined)
      message.arrivals.push(place)
      message.fate = 'received'
      received.set(place, message)
    }
    for (const effect of effects) if (effect.kind === 'send') sent.set(effect, enter(effect, member, place))
  })
  return {
    events,
    originMs: originMsOf(events),
    members: namesIn(events),
    messages,
    sentBy: (place, position) => {
      const effect = events[place]?.effects[position]
      return effect === undefined ? undefined : sent.get(effect)
    },
    receivedAt: (place) => received.get(place),
  }
}

/** Of the world's events, those that end a fault. */
export function isLifted({ input }: TraceEvent): boolean {
  return (input.detail as { readonly isOn?: unknown }).isOn === false
}

/** The name of the member that an event belongs to or befalls; the world's where that is nobody in particular. */
export function nameOf({ machine, member, input }: TraceEvent): string {
  const name = memberOf(member)
  if (machine !== worldName || name !== worldName) return name
  const befallen = (input.detail as { readonly member?: unknown }).member
  return typeof befallen === 'string' && isMemberId(befallen) ? befallen : name
}

function inCausalOrder(trace: readonly TraceEvent[]): readonly TraceEvent[] {
  const places = new SentById<number>()
  trace.forEach(({ effects }, place) => {
    for (const effect of effects) if (effect.kind === 'send') places.add(effect.id, effect.to, place)
  })
  const sentAt = (place: number): number | undefined => {
    const event = trace[place]
    return event?.input.kind === 'message' ? places.find(event.input.id, event.member) : undefined
  }
  return causalOrder(trace, sentAt).flatMap((place) => trace[place] ?? [])
}

/**
 * What was sent under an identifier. A broadcast may have one for all its addressees, so those come first; a message
 * that strayed was meant for somebody else, and is found by its identifier alone.
 */
class SentById<Sent> {
  readonly #byAddressee = new Map<string, Sent>()
  readonly #byId = new Map<string, Sent>()

  add(id: string, to: Address, sent: Sent): void {
    const key = `${id} ${to}`
    if (!this.#byAddressee.has(key)) this.#byAddressee.set(key, sent)
    if (!this.#byId.has(id)) this.#byId.set(id, sent)
  }

  find(id: string, receiver: Address): Sent | undefined {
    return this.#byAddressee.get(`${id} ${receiver}`) ?? this.#byId.get(id)
  }
}

function originMsOf(events: readonly TraceEvent[]): number {
  const first = events.reduce((least, { atMs }) => Math.min(least, atMs), Number.POSITIVE_INFINITY)
  return first >= hostTimeMsMin && first !== Number.POSITIVE_INFINITY ? first : 0
}

function namesIn(events: readonly TraceEvent[]): readonly string[] {
  const names = new Set<string>()
  for (const event of events) {
    const { input, effects } = event
    names.add(nameOf(event))
    if (input.kind === 'message') names.add(memberOf(input.from))
    for (const effect of effects) if (effect.kind === 'send') names.add(memberOf(effect.to))
  }
  names.delete(worldName)
  return [...names].sort(compareNames)
}
