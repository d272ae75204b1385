/**
 * The calls of one port that wait or run, shared fairly between their callers.
 *
 * Callers take turns: the second call of one waits behind the first of every other (after start-time fair queueing;
 * Goyal, Vin and Cheng, 1996), and a priority decides before that. Where the mailbox is full, the caller that fills it
 * most loses its last call to one that has little in it (longest queue drop; Suter and others, 1998). And one caller
 * never has all handlers of a service that has eight or more, since those cannot be taken back. A caller that is alone
 * notices none of it but that last rule. This file keeps count and order; what is told to whom is `callee.ts`'s.
 */
import { assert } from '../../lib/assert.ts'
import type { Address } from '../../lib/identifiers.ts'
import type { CalleeSlot, Limits, Mailbox, MailboxShare } from './state.ts'

/** One handler in so many is out of the reach of the caller that has all others. */
const handlersPerSpare = 8

export function emptyMailbox(concurrency: number, mailboxMax: number): Mailbox {
  return { concurrency, mailboxMax, running: 0, waiting: [], waitingBytes: 0, shares: new Map(), listening: true }
}

/** How many handlers of a service may work for one caller. */
export function handlersPerCaller(concurrency: number): number {
  return concurrency - Math.floor(concurrency / handlersPerSpare)
}

export function mayRun(mailbox: Mailbox, caller: Address): boolean {
  if (mailbox.running >= mailbox.concurrency) return false
  return (mailbox.shares.get(caller)?.running ?? 0) < handlersPerCaller(mailbox.concurrency)
}

export function onBegun(mailbox: Mailbox, caller: Address): void {
  mailbox.running++
  shareOf(mailbox, caller).running++
}

export function onEnded(mailbox: Mailbox, caller: Address): void {
  const share = mailbox.shares.get(caller)
  assert(share !== undefined && share.running > 0, 'a handler replies once')
  mailbox.running--
  share.running--
  dropIfEmpty(mailbox, caller, share)
}

/** An empty mailbox takes a call of any size. */
export function hasRoom(mailbox: Mailbox, bodyBytes: number, { mailboxBytesMax }: Limits): boolean {
  const { waiting, waitingBytes, mailboxMax } = mailbox
  return waiting.length < mailboxMax && (waitingBytes === 0 || waitingBytes + bodyBytes <= mailboxBytesMax)
}

/** The call that must make room for one of the caller; undefined: no other caller has so much more than this one. */
export function crowdedOut(mailbox: Mailbox, caller: Address, bodyBytes: number): CalleeSlot | undefined {
  const { waiting, mailboxMax, shares } = mailbox
  const own = shares.get(caller) ?? noShare
  const isShortOfPlaces = waiting.length >= mailboxMax
  let heaviest: Address | undefined
  let most = isShortOfPlaces ? own.waiting + 1 : own.waitingBytes + bodyBytes
  for (const [address, share] of shares) {
    const load = isShortOfPlaces ? share.waiting : share.waitingBytes
    if (load <= most) continue
    most = load
    heaviest = address
  }
  return heaviest === undefined ? undefined : waiting.findLast((slot) => slot.caller === heaviest)
}

export function put(mailbox: Mailbox, slot: CalleeSlot): void {
  const { waiting } = mailbox
  slot.turn = turnOf(waiting, slot)
  let place = waiting.length
  while (place > 0 && isBefore(slot, waiting[place - 1])) place--
  waiting.splice(place, 0, slot)
  mailbox.waitingBytes += slot.body.length
  const share = shareOf(mailbox, slot.caller)
  share.waiting++
  share.waitingBytes += slot.body.length
}

/** The next one that may run; it stays where it is. */
export function nextToRun(mailbox: Mailbox): CalleeSlot | undefined {
  if (mailbox.running >= mailbox.concurrency) return undefined
  return mailbox.waiting.find((slot) => mayRun(mailbox, slot.caller))
}

/** It waits no more. Call before its body goes. */
export function take(mailbox: Mailbox, slot: CalleeSlot): void {
  const place = mailbox.waiting.indexOf(slot)
  const share = mailbox.shares.get(slot.caller)
  assert(place >= 0 && share !== undefined, 'a call that waits is in its mailbox')
  mailbox.waiting.splice(place, 1)
  mailbox.waitingBytes -= slot.body.length
  share.waiting--
  share.waitingBytes -= slot.body.length
  slot.turn = 0
  slot.heldUntil = Number.POSITIVE_INFINITY
  dropIfEmpty(mailbox, slot.caller, share)
}

/** One later than the caller's last of that priority; of a caller that has none there, the turn that is on. */
function turnOf(waiting: readonly CalleeSlot[], { caller, priority }: CalleeSlot): number {
  const own = waiting.findLast((slot) => slot.caller === caller && slot.priority === priority)
  if (own !== undefined) return own.turn + 1
  return waiting.find((slot) => slot.priority === priority)?.turn ?? 0
}

function isBefore(slot: CalleeSlot, other: CalleeSlot | undefined): boolean {
  if (other === undefined) return false
  return slot.priority === other.priority ? slot.turn < other.turn : slot.priority < other.priority
}

const noShare: MailboxShare = { running: 0, waiting: 0, waitingBytes: 0 }

function shareOf(mailbox: Mailbox, caller: Address): MailboxShare {
  const known = mailbox.shares.get(caller)
  if (known !== undefined) return known
  const share = { ...noShare }
  mailbox.shares.set(caller, share)
  return share
}

function dropIfEmpty(mailbox: Mailbox, caller: Address, share: MailboxShare): void {
  if (share.running === 0 && share.waiting === 0) mailbox.shares.delete(caller)
}
