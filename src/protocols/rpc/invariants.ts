/**
 * What must hold in every state of the rpc machine between two steps. A sentence for each thing that does not.
 */
import { handlersPerCaller, mayRun } from './mailbox.ts'
import type { Callee, CalleeSlot, Caller, Mailbox, MailboxShare, State } from './state.ts'

export function brokenInvariants(state: State): string[] {
  const { limits } = state
  const broken: string[] = []
  const expect = (holds: boolean, text: string): void => {
    if (!holds) broken.push(`${state.self}: ${text}`)
  }
  expect(state.callers.size <= limits.callersMax, 'it remembers more callers than its bound')
  expect(state.parted.size <= limits.partedMax, 'it remembers more dead peers than its bound')
  for (const callee of state.callees.values()) checkCallee(state, callee, expect)
  for (const caller of state.callers.values()) checkCaller(state, caller, expect)
  for (const mailbox of state.mailboxes.values()) checkMailbox(state, mailbox, expect)
  return broken
}

type Expect = (holds: boolean, text: string) => void

function checkCallee(state: State, callee: Callee, expect: Expect): void {
  const { limits } = state
  const busy = callee.slots.filter((slot) => slot.call !== undefined)
  expect(callee.slots.length <= limits.slotsMax, 'it calls over more slots than their bound')
  expect(callee.waiting.size <= limits.waitingMax, 'more calls wait for a slot than their bound')
  expect(busy.length + callee.free.length === callee.slots.length, 'a slot is neither free nor in use, or both')
  expect(callee.waiting.size === 0 || callee.free.length === 0, 'a call waits although a slot is free')
  for (const { call } of busy) {
    // Equal only by rounding: a call due a hair after one grain is woken for at the next.
    const isAttended = call !== undefined && state.dueAt <= call.dueAt + limits.wakeGrainMs
    expect(isAttended || call?.dueAt === Number.POSITIVE_INFINITY, 'no timer attends to a call in flight')
    expect((call?.dueAt ?? 0) <= (call?.deadline ?? 0), 'a call is attended only after its deadline')
    expect((call?.received ?? 0) <= (call?.credited ?? 0), 'more items came than were credited')
  }
  for (const call of callee.waiting.values()) {
    const isAttended = state.dueAt <= call.deadline + limits.wakeGrainMs
    expect(isAttended || call.deadline === Number.POSITIVE_INFINITY, 'no timer attends to a call that waits')
  }
  const rests = callee.slots.some((slot) => slot.call === undefined && !slot.acknowledged)
  expect(!rests || state.acknowledgeSet, 'no timer acknowledges a slot that rests')
}

function checkCaller(state: State, caller: Caller, expect: Expect): void {
  expect(caller.slots.length <= state.limits.slotsMax, 'it serves over more slots than their bound')
  let retainedBytes = 0
  for (const slot of caller.slots) {
    if (slot === undefined) continue
    retainedBytes += (slot.reply?.body.length ?? 0) + (slot.stream?.keptBytes ?? 0)
    const keptBytes = slot.stream?.kept.reduce((sum, body) => sum + body.length, 0) ?? 0
    expect(keptBytes === (slot.stream?.keptBytes ?? 0), 'the bytes of kept items are miscounted')
    expect((slot.stream?.kept.length ?? 0) <= state.limits.windowMax, 'more items are kept than a window')
    if (slot.phase !== 'waiting') expect(slot.body.length === 0, 'a request is kept that is not needed any more')
    if (slot.phase !== 'replied') expect(slot.reply === undefined, 'a reply is kept that is not needed any more')
    if (slot.phase === 'waiting') {
      expect(state.mailboxes.get(slot.port)?.waiting.includes(slot) === true, 'a call waits in no mailbox')
    }
  }
  expect(retainedBytes === caller.retainedBytes, 'the bytes that are kept for a caller are miscounted')
}

function checkMailbox(state: State, mailbox: Mailbox, expect: Expect): void {
  const { waiting, waitingBytes, running, concurrency, mailboxMax } = mailbox
  const sizes = waiting.map((slot) => slot.body.length)
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  expect(waiting.length <= mailboxMax, 'more calls wait in a mailbox than its bound')
  expect(bytes === waitingBytes, 'the bytes that wait in a mailbox are miscounted')
  expect(waiting.length <= 1 || bytes <= state.limits.mailboxBytesMax, 'more bytes wait in a mailbox than its bound')
  expect(running <= concurrency, 'more handlers run than may')
  const isIdle = (slot: CalleeSlot): boolean => mayRun(mailbox, slot.caller)
  expect(running === concurrency || !waiting.some(isIdle), 'a call waits although a handler could run')
  const shares = [...mailbox.shares]
  const sum = (of: (share: MailboxShare) => number): number => shares.reduce((total, [, share]) => total + of(share), 0)
  const isCounted =
    sum((share) => share.running) === running &&
    sum((share) => share.waitingBytes) === waitingBytes &&
    shares.every(([caller, share]) => share.waiting === waiting.filter((slot) => slot.caller === caller).length)
  expect(isCounted, 'what the callers have of a mailbox is miscounted')
  const most = Math.max(0, ...shares.map(([, share]) => share.running))
  expect(most <= handlersPerCaller(concurrency), 'one caller has more handlers than its share')
}
