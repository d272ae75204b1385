/**
 * The handlers of the simulated programs: they reply at once or late, fail, stream, and stop when nobody waits.
 *
 * What a handler does is drawn for its call alone, so it does the same whatever else happens in the run.
 */
import { type Address, port } from '../../lib/identifiers.ts'
import type { Random } from '../../lib/random.ts'
import type { Call, Served } from '../../protocols/rpc/messages.ts'
import type { CallLedger, Made } from './call-machine-ledger.ts'

export const servedPort = port('0123456789abcdef0123456789abcdef')

/** What the handlers need of the simulation. */
export interface HandlerGround {
  readonly ledger: CallLedger
  readonly randomOf: (token: number) => Random
  readonly submit: (member: Address, call: Call) => void
  readonly after: (delayMs: number, run: () => void) => void
}

interface Handler {
  readonly served: Served
  readonly made: Made
  readonly random: Random
  credit: number
  itemsLeft: number
  isEnding: boolean
}

export class SimulatedHandlers {
  readonly #ground: HandlerGround
  readonly #running = new Map<string, Handler>()

  constructor(ground: HandlerGround) {
    this.#ground = ground
  }

  onDeliver(member: Address, deliver: Served, made: Made): void {
    const { ledger, randomOf } = this.#ground
    ledger.onRun(made, member)
    const { caller, slot, sequence } = deliver
    const random = randomOf(made.token)
    const itemsLeft = made.window === 0 ? 0 : random.below(20)
    const handler = {
      served: { caller, slot, sequence },
      made,
      random,
      credit: 0,
      itemsLeft,
      isEnding: itemsLeft === 0,
    }
    this.#running.set(keyOf(member, deliver), handler)
    if (handler.isEnding) this.#replyWithin([0, 20, 400][random.below(3)] ?? 0, member, handler)
  }

  onPull(member: Address, pull: Served & { readonly count: number }): void {
    const handler = this.#running.get(keyOf(member, pull))
    if (handler === undefined) return
    handler.credit += pull.count
    this.#produce(member, handler)
  }

  onAbort(member: Address, served: Served): void {
    const handler = this.#running.get(keyOf(member, served))
    if (handler === undefined || handler.isEnding) return
    handler.isEnding = true
    handler.itemsLeft = 0
    this.#replyWithin(100, member, handler)
  }

  #produce(member: Address, handler: Handler): void {
    while (handler.credit > 0 && handler.itemsLeft > 0) {
      handler.credit--
      handler.itemsLeft--
      const body = bodyOf(handler.made.token, 5 + handler.random.below(100))
      body[4] = handler.made.produced++
      this.#ground.submit(member, { kind: 'item', ...handler.served, body })
    }
    if (handler.itemsLeft > 0 || handler.isEnding) return
    handler.isEnding = true
    this.#replyWithin(50, member, handler)
  }

  #replyWithin(withinMs: number, member: Address, handler: Handler): void {
    this.#ground.after(handler.random.next() * withinMs, () => this.#reply(member, handler))
  }

  #reply(member: Address, { served, made, random }: Handler): void {
    this.#running.delete(keyOf(member, served))
    const status = random.next() < 0.2 ? 'failed' : 'ok'
    made.replied = status
    const body = bodyOf(made.token, 4 + random.below(300))
    this.#ground.submit(member, { kind: 'reply', ...served, port: servedPort, status, body })
  }
}

/** A body that begins with the token of its call. */
export function bodyOf(token: number, sizeBytes: number): Uint8Array {
  const body = new Uint8Array(sizeBytes)
  new DataView(body.buffer).setUint32(0, token)
  return body
}

/** 0, which no call has: it is too short. */
export function tokenOf(body: Uint8Array): number {
  return body.length < 4 ? 0 : new DataView(body.buffer, body.byteOffset).getUint32(0)
}

function keyOf(member: Address, { caller, slot, sequence }: Served): string {
  return `${member} ${caller} ${slot} ${sequence}`
}
