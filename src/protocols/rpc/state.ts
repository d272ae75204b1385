/**
 * What a member remembers of the calls that it makes and serves. Plain data: it can be cloned, printed and searched.
 *
 * Memory is bounded by `limits`: peers, slots a peer, calls waiting for a slot, calls and bytes waiting in a mailbox,
 * bytes of replies kept for one caller. Whatever would pass a bound is refused, never queued in hope; and a number
 * that a peer invents is held against them before anything is done with it (`well-formed.ts`).
 */
import type { Address, Instant, Port } from '../../lib/identifiers.ts'
import type { Rep, Semantics } from './messages.ts'

/** The first four are part of the protocol: the same at every member. */
export interface Limits {
  /** Calls in flight from one caller to one callee; a further one waits at the caller. */
  readonly slotsMax: number
  /** Items of one stream that may be on their way or wait at the caller. */
  readonly windowMax: number
  /** Of a priority; 0 comes first. */
  readonly priorityMax: number
  /** No sequence is higher: what 48 bits hold. */
  readonly sequenceMax: number
  /** Callers that a callee remembers; the requests of a further one are not heard. */
  readonly callersMax: number
  /** Peers remembered as dead, so that what they sent before does not run after all. */
  readonly partedMax: number
  /** Calls that wait at the caller for a slot of one callee; a further one is refused. */
  readonly waitingMax: number
  /** Bytes that wait in one mailbox; a further call is refused (TA). An empty mailbox takes a call of any size. */
  readonly mailboxBytesMax: number
  /** Bytes of unacknowledged replies and items kept for one caller; over it the oldest results are forgotten. */
  readonly retainedBytesMax: number
  /** A call that has heard nothing for so long asks (AYA). */
  readonly enquireAfterMs: number
  /** So many enquiries in a row without an answer: the peer is silent, and asked less and less often. */
  readonly enquiriesUntilSilent: number
  /** Between two enquiries of one call at most; a silent peer is asked less and less often. */
  readonly enquireMsMax: number
  readonly backOffMinMs: number
  readonly backOffMaxMs: number
  /** How long a cancelled call waits to hear whether it had begun. */
  readonly cancelGraceMs: number
  /** A reply is acknowledged by the slot's next call, or after so long by an ACK. */
  readonly acknowledgeAfterMs: number
  /** Calls are attended together at multiples of this, so deadlines are kept to within it. */
  readonly wakeGrainMs: number
  /** What has more bytes than this is not sent again while it may still be on its way. */
  readonly largeBytes: number
  /** The slowest link that large bodies are sent over; slower ones carry some of them twice. */
  readonly slowestBytesPerMs: number
}

export const defaultLimits: Limits = {
  slotsMax: 1_024,
  windowMax: 1_024,
  priorityMax: 3,
  sequenceMax: 2 ** 48 - 1,
  callersMax: 16_384,
  partedMax: 4_096,
  waitingMax: 100_000,
  mailboxBytesMax: 256 * 1_048_576,
  retainedBytesMax: 256 * 1_048_576,
  enquireAfterMs: 1_000,
  enquiriesUntilSilent: 3,
  enquireMsMax: 8_000,
  backOffMinMs: 5,
  backOffMaxMs: 500,
  cancelGraceMs: 100,
  acknowledgeAfterMs: 100,
  wakeGrainMs: 5,
  largeBytes: 65_536,
  slowestBytesPerMs: 4_000,
}

/**
 * Which of the classical forms calls take: how sure each message is made, and what becomes of a request that finds no
 * free handler. Part of the protocol: the same at every member.
 */
export interface Form {
  /**
   * `request-reply-ack`: a call asks when it hears nothing, and its reply is kept until the slot's next call or a late
   * ACK. `request-ack-reply-ack`: moreover each request is acknowledged at once (IAA), and each reply (ACK).
   * `none`: a request is sent once, nothing is asked, no reply is kept; such a call needs a deadline.
   */
  readonly reliability: 'request-reply-ack' | 'request-ack-reply-ack' | 'none'
  /** `mailbox`: it waits; a full mailbox says TA. `hold`: it waits for `holdMs` at most. `discard`: it is dropped. */
  readonly buffering: 'mailbox' | 'hold' | 'discard'
  /** Of `hold`; what waited for longer, or found no room to wait, is dropped and nobody is told. */
  readonly holdMs: number
}

export const usualForm: Form = { reliability: 'request-reply-ack', buffering: 'mailbox', holdMs: 0 }

export interface State {
  readonly self: Address
  readonly incarnation: number
  readonly limits: Limits
  readonly form: Form
  /** As a caller: one entry for each callee that was called in this life. */
  readonly callees: Map<Address, Callee>
  /** As a callee. */
  readonly callers: Map<Address, Caller>
  readonly mailboxes: Map<Port, Mailbox>
  /** Peers of which the driver said that they are dead, the latest last. */
  readonly parted: Set<Address>
  /** Peers that a link has reached, so that what was sent to them may have arrived. */
  readonly linked: Set<Address>
  /** Peers that answer no enquiry. */
  readonly silent: Set<Address>
  /** When the `due` timer is set to fire; Infinity: it is not set. */
  dueAt: number
  acknowledgeSet: boolean
  /** New slots begin above it: no sequence is used twice, even for a peer that was forgotten. */
  sequenceFloor: number
  /** Messages refused because no peer that keeps to the protocol could have sent them. */
  malformed: number
}

/** The caller's side of one callee. */
export interface Callee {
  readonly address: Address
  readonly incarnation: number
  readonly slots: CallerSlot[]
  /** Indices of slots that rest; the one used last comes first, so that its next call acknowledges soon. */
  readonly free: number[]
  /** The slot of each call that has one, by its token: items and cancels name calls so. Bounded like the slots. */
  readonly slotOfToken: Map<number, number>
  /** Calls without a slot by their tokens, oldest first. */
  readonly waiting: Map<number, OutgoingCall>
  /** No call that waits has an earlier deadline. */
  waitingDueAt: number
}

export interface CallerSlot {
  /** Of the last call that this slot sent; only grows. */
  sequence: number
  call: OutgoingCall | undefined
  /** False: the callee may still keep the reply to `sequence`, or still run it. */
  acknowledged: boolean
  restsSince: Instant
}

export interface OutgoingCall {
  readonly token: number
  readonly port: Port
  readonly semantics: Semantics
  readonly priority: number
  readonly deadline: number
  readonly window: number
  readonly selector: Uint8Array
  readonly body: Uint8Array
  /** -1: waits for a slot. */
  slot: number
  /** `sent`: on its way, running or answered. `backing-off`: refused by TA. `cancelling`: a CAN was sent. */
  phase: 'waiting' | 'sent' | 'backing-off' | 'cancelling'
  /** When it next wants attention: enquiry, another try, end of grace, or its deadline. */
  dueAt: number
  /** When the present sequence was last sent; -Infinity: a link broke since, so it may be lost. */
  sentAt: number
  refusals: number
  enquiries: number
  /** Items of a stream received in order, and taken by the program. */
  received: number
  consumed: number
  /** Items that came before an earlier one; at most what `credited` allows. */
  readonly early: Map<number, Uint8Array>
  /** The limit last told to the callee. */
  credited: number
  /** A stream's REP that came before the last of its items. */
  ended: Rep | undefined
}

/** The callee's side of one caller. */
export interface Caller {
  readonly address: Address
  readonly slots: (CalleeSlot | undefined)[]
  /** Of its replies and items that are kept. */
  retainedBytes: number
}

export interface CalleeSlot {
  readonly caller: Address
  readonly slot: number
  /** Only grows. A REQ with a lower one is old, with the same one a duplicate. */
  sequence: number
  /**
   * `waiting` in the mailbox, `running` at the handler, `replied` and kept, `done` (acknowledged or not needed),
   * `refused` (TA or AU: never runs, whatever copies still come).
   */
  phase: 'waiting' | 'running' | 'replied' | 'done' | 'refused'
  port: Port
  priority: number
  deadline: number
  selector: Uint8Array
  body: Uint8Array
  reply: Rep | undefined
  /** When the reply was last sent; -Infinity: a link broke since, so it may be lost. */
  repliedAt: number
  refusal: 'TA' | 'AU' | undefined
  stream: OutgoingStream | undefined
  /** When a request that is only held is dropped; Infinity: it is not. Nothing happens then until somebody looks. */
  heldUntil: number
  /** Of a call that waits: in which round of its callers. */
  turn: number
}

export interface OutgoingStream {
  /** Items from `received` on, kept until the caller has them. */
  readonly kept: Uint8Array[]
  keptBytes: number
  /** When one was last sent; -Infinity: a link broke since. */
  sentAt: number
  /** received <= sent <= granted <= limit. */
  received: number
  sent: number
  /** Items that the handler was asked for. */
  granted: number
  /** Items that the caller has room for. */
  limit: number
}

export interface Mailbox {
  concurrency: number
  mailboxMax: number
  running: number
  waitingBytes: number
  /** By priority, then by turn of the callers, then by arrival. */
  readonly waiting: CalleeSlot[]
  /** Of the callers that have something running or waiting here. */
  readonly shares: Map<Address, MailboxShare>
  listening: boolean
}

/** What one caller has of a mailbox; its handlers count until they end, though nobody may wait for them. */
export interface MailboxShare {
  running: number
  waiting: number
  waitingBytes: number
}

export function initialState(
  self: Address,
  incarnation: number,
  limits: Limits = defaultLimits,
  form: Form = usualForm,
): State {
  return {
    self,
    incarnation,
    limits,
    form,
    callees: new Map(),
    callers: new Map(),
    mailboxes: new Map(),
    parted: new Set(),
    linked: new Set(),
    silent: new Set(),
    dueAt: Number.POSITIVE_INFINITY,
    acknowledgeSet: false,
    sequenceFloor: 0,
    malformed: 0,
  }
}

/** Whether something of that size, sent at that time, may still be on its way: then it is not sent again. */
export function isUnderWay(limits: Limits, sizeBytes: number, sentAt: number, now: number): boolean {
  if (sizeBytes <= limits.largeBytes) return false
  return now - sentAt < limits.enquireAfterMs + sizeBytes / limits.slowestBytesPerMs
}
