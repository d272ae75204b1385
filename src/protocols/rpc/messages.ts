/**
 * Calls between two members: the messages, and how they flow.
 *
 *   caller                       callee
 *     | REQ slot 3, sequence 7 --->|   new: into the mailbox, then to the handler
 *     |<--- REP slot 3, sequence 7 |   kept here until it is acknowledged
 *     | REQ slot 3, sequence 8 --->|   acknowledges 7: the usual case, two packets a call
 *     | ACK slot 3, sequence 8 --->|   when the slot is not used again soon
 *
 *   silence:    AYA (are you alive) --->   <--- IAA (I am, it waits or runs), or the REP again,
 *                                               or AU call (never seen: send the REQ again)
 *   no room:    REQ --->   <--- TA (try again): refused for good; a further try has a new sequence
 *   nobody:     REQ --->   <--- AU port, AU incarnation
 *   give up:    CAN --->   <--- REP dropped where it had not begun; else the handler's signal aborts
 *   streams:    REQ with window --->   <--- ITM 0, ITM 1 …   CRE received, limit --->   <--- REP count
 *
 * A slot carries one call at a time and numbers its calls upwards, so the callee remembers one sequence a slot and
 * filters every duplicate with a table that cannot grow (the sessions of NFS 4.1, RFC 5661; Amoeba's transaction
 * numbers before it; the names of the packets are Tanenbaum's).
 */
import type { Address, Instant, Port } from '../../lib/identifiers.ts'
import type { Effects } from '../../lib/machine.ts'

/** Which copy of which call: a slot of one caller, and the sequence number within it. */
export interface CallNumber {
  readonly slot: number
  readonly sequence: number
}

export type Semantics = 'maybe' | 'at-least-once' | 'at-most-once'

export interface Req extends CallNumber {
  readonly kind: 'REQ'
  /**
   * The life of the callee that this is meant for; any other refuses it. Links promise as much of every message: an
   * address names one life. A request that ran in the wrong one could run twice, so it says so itself as well.
   */
  readonly incarnation: number
  readonly port: Port
  readonly priority: number
  /** Milliseconds that the caller will still wait; Infinity where it has no deadline. */
  readonly remainingMs: number
  /** Items of a stream that may be sent before the first CRE; 0 where the result is no stream. */
  readonly window: number
  /** Which object and which operation, in the driver's terms; the machine only carries it. */
  readonly selector: Uint8Array
  readonly body: Uint8Array
}

/** `dropped`: it had not begun and never will. `lost`: it ran, but the reply is no longer kept. */
export type ReplyStatus = 'ok' | 'failed' | 'dropped' | 'lost'

export interface Rep extends CallNumber {
  readonly kind: 'REP'
  readonly status: ReplyStatus
  /** Items that came before, where the result is a stream. */
  readonly count: number
  readonly body: Uint8Array
}

export type Message =
  | Req
  | Rep
  | (CallNumber & { readonly kind: 'ACK' })
  | (CallNumber & { readonly kind: 'AYA' })
  | (CallNumber & { readonly kind: 'TA' })
  | (CallNumber & { readonly kind: 'CAN' })
  | (CallNumber & { readonly kind: 'IAA'; readonly phase: 'waiting' | 'running' })
  | (CallNumber & { readonly kind: 'AU'; readonly what: 'port' | 'incarnation' | 'call' })
  | (CallNumber & { readonly kind: 'ITM'; readonly index: number; readonly body: Uint8Array })
  | (CallNumber & {
      readonly kind: 'CRE'
      /** Items received in order so far; the callee forgets them. */
      readonly received: number
      /** The callee may send items with an index below this. */
      readonly limit: number
      /** Some may be lost: send again from `received`. */
      readonly resend: boolean
    })

/** `due`: some call wants attention. `acknowledge`: slots rest whose last reply was not acknowledged. */
export type Timer = { readonly kind: 'due' } | { readonly kind: 'acknowledge' }

/** What the driver asks for. A `token` is the driver's name for a call that it makes. */
export type Call =
  | {
      readonly kind: 'call'
      readonly token: number
      readonly to: Address
      readonly port: Port
      readonly semantics: Semantics
      readonly priority: number
      readonly timeoutMs: number
      /** 0: no stream. */
      readonly window: number
      readonly selector: Uint8Array
      readonly body: Uint8Array
    }
  | { readonly kind: 'cancel'; readonly token: number; readonly to: Address }
  /** The program took items of a stream; may open the window further. */
  | { readonly kind: 'consumed'; readonly token: number; readonly to: Address; readonly count: number }
  | { readonly kind: 'listen'; readonly port: Port; readonly concurrency: number; readonly mailboxMax: number }
  /** Refuses what waits; what runs may still reply. */
  | { readonly kind: 'deafen'; readonly port: Port }
  /** Exactly once for each `deliver`, when its handler has ended. */
  | (Served & {
      readonly kind: 'reply'
      readonly port: Port
      readonly status: 'ok' | 'failed'
      readonly body: Uint8Array
    })
  /** Only after a `pull` left room for it. */
  | (Served & { readonly kind: 'item'; readonly body: Uint8Array })
  /** The peer's process is gone, for certain. Nothing that it sent is heard any more. */
  | { readonly kind: 'parted'; readonly peer: Address }
  /**
   * A link to the peer stands, the first or a further one; messages may have been lost before it. It comes before any
   * message of that link.
   */
  | { readonly kind: 'relinked'; readonly peer: Address }
  /** No link can be made. Where none ever stood (`relinked`), nothing sent to the peer has left, or ever will. */
  | { readonly kind: 'unreachable'; readonly peer: Address }

/** A call that this member serves. */
export interface Served extends CallNumber {
  readonly caller: Address
}

export type FailureCode =
  | 'timed-out'
  | 'cancelled'
  | 'try-again'
  | 'address-unknown'
  | 'member-died'
  | 'unreachable'
  | 'reply-lost'

export type Outcome =
  | { readonly kind: 'completed'; readonly token: number; readonly status: 'ok' | 'failed'; readonly body: Uint8Array }
  | {
      readonly kind: 'failed'
      readonly token: number
      readonly code: FailureCode
      readonly executed: 'no' | 'yes' | 'unknown'
    }
  | { readonly kind: 'item'; readonly token: number; readonly body: Uint8Array }
  | (Served & {
      readonly kind: 'deliver'
      readonly port: Port
      readonly priority: number
      readonly deadline: Instant
      readonly selector: Uint8Array
      readonly body: Uint8Array
    })
  /** The caller gave up or died: the handler's signal aborts, if it has not. Its `reply` is due all the same. */
  | (Served & { readonly kind: 'abort' })
  /** The handler of a stream may produce `count` more items. */
  | (Served & { readonly kind: 'pull'; readonly count: number })
  /**
   * The peer has not answered several enquiries: unresponsive, not dead. `heard` takes it back, with its next message
   * or link; a driver that no longer calls it may wait for that in vain.
   */
  | { readonly kind: 'silent' | 'heard'; readonly peer: Address }

export type Sink = Effects<Message, Timer, Outcome>
export type CallOf<Kind extends Call['kind']> = Extract<Call, { kind: Kind }>
export type MessageOf<Kind extends Message['kind']> = Extract<Message, { kind: Kind }>
