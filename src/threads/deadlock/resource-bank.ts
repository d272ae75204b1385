/**
 * The banks behind the `ResourceManager`s of this process: who has claimed, holds and waits for what, in one place.
 *
 * They lie in the service thread, as plain data (`src/protocols/deadlock/banker.ts`), and each order is carried out whole before
 * the next; so no lock is needed, and no thread can die in the middle of a change. A request's answer is a word that bank and
 * waiter share: whoever waits sleeps on a wait of its own, as for a lock, and looks there when it is woken.
 *
 * A thread that ends has left: what it held comes back before another thread can have its number.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import {
  type Amounts,
  type Bank,
  bankLimits,
  type Changed,
  claim,
  leave,
  openBank,
  type Refusal,
  release,
  request,
  withdraw,
} from '../../protocols/deadlock/banker.ts'
import { arena } from '../memory/arena.ts'
import { isInForce, type Place } from '../memory/primitives.ts'
import { onBurial } from '../running/dead-party.ts'
import type { OperationContext } from '../running/service-operations.ts'
import { openWaits, signal, wait, waitIn, waitRow } from '../waiting/waits.ts'

/** What a manager is made of; its bank is opened with the first order. */
export interface ResourceState {
  readonly place: Place
  readonly units: Amounts
  readonly waitingMax: number
}

/** How things stand, for people and tests. */
export interface ResourceReport {
  readonly free: Amounts
  readonly clients: readonly { readonly name: string; readonly claim: Amounts; readonly held: Amounts }[]
  readonly waiting: readonly { readonly client: string; readonly amounts: Amounts }[]
}

/** One request of one client. */
export interface RequestOrder {
  readonly client: number
  /** No other request of this client that waits has it. */
  readonly number: number
  readonly amounts: Amounts
  /** One word: what has come of it (`answers`). */
  readonly answer: Int32Array<SharedArrayBuffer>
}

export type BankOrder =
  | { readonly kind: 'claim'; readonly client: number; readonly most: Amounts; readonly name: string }
  | ({ readonly kind: 'request' } & RequestOrder)
  /** It is waited for no more; what it was granted meanwhile goes back. */
  | ({ readonly kind: 'give-up' } & RequestOrder)
  | { readonly kind: 'release'; readonly client: number; readonly amounts: Amounts }
  | { readonly kind: 'leave'; readonly client: number }
  | { readonly kind: 'report' }

/** Payload of `resources`. */
export interface BankPayload {
  readonly state: ResourceState
  readonly order: BankOrder
}

export const answers = { none: 0, granted: 1, left: 2 } as const

interface OpenBank {
  readonly place: Place
  readonly bank: Bank
  /** Party of each client. */
  readonly owners: Map<number, number>
  /** By the bank's number of the request. */
  readonly waiting: Map<number, RequestOrder>
  lastRequest: number
}

/** By row of the manager. */
const banks = new Map<number, OpenBank>()
/** Who has no claim here. */
const nobody = 0

onBurial((party) => {
  for (const open of banks.values())
    for (const [client, owner] of open.owners) if (owner === party) onLeave(open, client)
})

/** @param payload - `BankPayload` */
export function carryOutAtBank(payload: unknown, { party }: OperationContext): unknown {
  const { state, order } = payload as BankPayload
  return atBank(state, party, order)
}

/** In the service thread. @throws CardumenError `closed`, and what the banker refuses */
export function atBank(state: ResourceState, party: number, order: BankOrder): ResourceReport | number | undefined {
  const open = bankOf(state)
  switch (order.kind) {
    case 'claim':
      return onClaim(open, party, order)
    case 'request':
      return onRequest(open, { ...order, client: ownClient(open, party, order.client) })
    case 'give-up':
      return onGiveUp(open, { ...order, client: ownClient(open, party, order.client) })
    case 'release':
      return carryOut(open, release(open.bank, ownClient(open, party, order.client), order.amounts))
    case 'leave':
      return onLeave(open, ownClient(open, party, order.client))
    case 'report':
      return reportOf(open.bank)
  }
}

function bankOf({ place, units, waitingMax }: ResourceState): OpenBank {
  const known = banks.get(place.index)
  if (!isInForce(place)) {
    if (known?.place.generation === place.generation) banks.delete(place.index)
    throw new CardumenError('closed', 'These resources were closed.')
  }
  if (known?.place.generation === place.generation) return known
  const bank = openBank(units, { ...bankLimits, waitingMax })
  if ('kind' in bank) throw errorFor(bank)
  const opened: OpenBank = { place, bank, owners: new Map(), waiting: new Map(), lastRequest: 0 }
  banks.set(place.index, opened)
  return opened
}

/** Nobody acts for the client of another thread. */
function ownClient({ owners }: OpenBank, party: number, client: number): number {
  return owners.get(client) === party ? client : nobody
}

function onClaim(open: OpenBank, party: number, { client, name, most }: BankOrder & { kind: 'claim' }): undefined {
  carryOut(open, claim(open.bank, client, name, most))
  open.owners.set(client, party)
}

function onRequest(open: OpenBank, order: RequestOrder): undefined {
  const id = ++open.lastRequest
  open.waiting.set(id, order)
  const answer = request(open.bank, id, order.client, order.amounts)
  if (answer.kind !== 'waits') open.waiting.delete(id)
  if (answer.kind === 'refused') throw errorFor(answer)
  if (answer.kind === 'granted') Atomics.store(order.answer, 0, answers.granted)
}

function onGiveUp(open: OpenBank, { client, number, amounts, answer }: RequestOrder): undefined {
  if (Atomics.load(answer, 0) === answers.granted) return carryOut(open, release(open.bank, client, amounts))
  for (const [id, each] of open.waiting) {
    if (each.client !== client || each.number !== number) continue
    open.waiting.delete(id)
    carryOut(open, withdraw(open.bank, id))
  }
}

/** How much it held. */
function onLeave(open: OpenBank, client: number): number {
  for (const [id, order] of open.waiting) if (order.client === client) settle(open, id, order, answers.left)
  const held = open.bank.clients.get(client)?.held.reduce((sum, units) => sum + units, 0) ?? 0
  const changed = leave(open.bank, client)
  open.owners.delete(client)
  carryOut(open, changed)
  return held
}

function carryOut(open: OpenBank, change: Changed | Refusal): undefined {
  if (change.kind === 'refused') throw errorFor(change)
  for (const id of change.granted) {
    const order = open.waiting.get(id)
    if (order !== undefined) settle(open, id, order, answers.granted)
  }
}

function settle({ place, waiting }: OpenBank, id: number, { number, answer }: RequestOrder, how: number): void {
  waiting.delete(id)
  Atomics.store(answer, 0, how)
  const { words } = arena()
  for (const row of openWaits()) {
    const at = waitRow(row)
    // Those of other clients with that number look in vain, and wait on.
    if (words[at + wait.primitive] !== place.index || words[at + wait.mode] !== number) continue
    const found = waitIn(row)
    if (found !== undefined) signal(found)
  }
}

function reportOf({ kinds, free, clients, waiting }: Bank): ResourceReport {
  const byKind = (units: readonly number[]): Amounts =>
    Object.fromEntries(kinds.map((kind, at) => [kind, units[at] ?? 0]))
  return {
    free: byKind(free),
    clients: [...clients.values()].map(({ name, claim: most, held }) => ({
      name,
      claim: byKind(most),
      held: byKind(held),
    })),
    waiting: waiting.map(({ client, amounts }) => ({
      client: clients.get(client)?.name ?? '',
      amounts: byKind(amounts),
    })),
  }
}

export function errorFor({ code, text }: Refusal): CardumenError {
  return new CardumenError(code, text)
}
