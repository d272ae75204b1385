/**
 * What the call machine does needlessly or too soon, which no program would see: a large body sent again while it may
 * still be on its way, and a reply given up as it is sent although there is room for it.
 *
 * Both only cost, or make a call fail that need not; so they are looked for in what is sent and kept.
 */
import type { Address } from '../../lib/identifiers.ts'
import type { CallOf, Message } from '../../protocols/rpc/messages.ts'
import type { Limits, State } from '../../protocols/rpc/state.ts'

export class CallMachineWatch {
  readonly #limits: Limits
  /** By sender and receiver, then by message: when its body was last sent, by the sender's clock. */
  readonly #sent = new Map<string, Map<string, number>>()
  #replied: { readonly member: Address; readonly call: CallOf<'reply'> } | undefined

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** What is wrong with it, if anything. */
  onSent(from: Address, to: Address, message: Message, clockMs: number): string | undefined {
    if (message.kind !== 'REQ' && message.kind !== 'REP') return undefined
    const sent = this.#sentOn(from, to)
    const key = `${message.kind} ${message.slot} ${message.sequence}`
    const before = sent.get(key)
    sent.set(key, clockMs)
    const { enquireAfterMs, slowestBytesPerMs, largeBytes } = this.#limits
    const sizeBytes = message.body.length
    if (before === undefined || sizeBytes <= largeBytes) return undefined
    if (clockMs - before >= enquireAfterMs + sizeBytes / slowestBytesPerMs) return undefined
    return `${from} sends ${key} to ${to} again ${(clockMs - before).toFixed(1)} ms later, with ${sizeBytes} bytes`
  }

  /** What was sent on an earlier link may be lost. */
  onRelinked(member: Address, peer: Address): void {
    this.#sent.delete(`${member} ${peer}`)
  }

  onReply(member: Address, call: CallOf<'reply'>): void {
    this.#replied = { member, call }
  }

  /** After each step: what has become of the reply that led to it, if one did. */
  onStepped(member: Address, state: State): string | undefined {
    const replied = this.#replied
    this.#replied = undefined
    if (replied?.member !== member) return undefined
    const { caller, slot: number, sequence } = replied.call
    const slot = state.callers.get(caller)?.slots[number]
    if (slot?.sequence !== sequence || slot.phase !== 'replied' || slot.reply !== undefined) return undefined
    return `${member} does not keep its reply to ${caller}, slot ${number}, sequence ${sequence}`
  }

  #sentOn(from: Address, to: Address): Map<string, number> {
    const way = `${from} ${to}`
    const known = this.#sent.get(way) ?? new Map<string, number>()
    this.#sent.set(way, known)
    return known
  }
}
