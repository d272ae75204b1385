/**
 * The banker's algorithm (Dijkstra, 1965; for several kinds of units Habermann, 1969): deadlock is avoided by granting
 * only what leaves a safe state.
 *
 * Each client says at first how much it will need at most: its claim. A state is safe if the clients can all be brought
 * to their ends one after the other, each with what is free and what those before it gave back, even if each wants its
 * whole claim. A request that would leave an unsafe state waits, though what it wants may be there.
 *
 * Waiting requests are looked at oldest first, and a later one may pass where it is safe. Lest a large request be passed
 * for ever, clients that hold nothing wait once the oldest was passed `overtakesMax` times. Those that hold something go
 * on being served: what the oldest waits for may have to come from them, and the rest cannot make the state unsafe.
 *
 * Functions over plain data, and no machine with a `step`: the banker has no peers and no timers. The state can be copied,
 * stored and sent. Nothing throws: what is refused is said with the code of an error.
 */

/** Units by kind, such as `{ printer: 2, scanner: 1 }`. Whole numbers, not negative; what is not named is 0. */
export type Amounts = Readonly<Record<string, number>>

export interface Client {
  readonly name: string
  /** By position of the kind. */
  readonly claim: readonly number[]
  readonly held: number[]
}

export interface Request {
  readonly id: number
  readonly client: number
  readonly amounts: readonly number[]
  /** How often a later request was granted while this one waited. */
  overtakes: number
}

export interface Bank {
  readonly kinds: readonly string[]
  readonly total: readonly number[]
  readonly free: number[]
  readonly clients: Map<number, Client>
  /** Oldest first. */
  readonly waiting: Request[]
  readonly limits: BankLimits
}

export interface BankLimits {
  readonly clientsMax: number
  readonly waitingMax: number
  readonly overtakesMax: number
}

export const bankLimits: BankLimits = {
  clientsMax: 1_024,
  waitingMax: 4_096,
  overtakesMax: 64,
}

export interface Refusal {
  readonly kind: 'refused'
  readonly code: 'claim-exceeded' | 'capacity-reached' | 'option-invalid' | 'not-held'
  readonly text: string
}

export type Answer = { readonly kind: 'granted' } | { readonly kind: 'waits' } | Refusal

/** What a change let through: identifiers of requests that waited until now, in the order in which they were granted. */
export interface Changed {
  readonly kind: 'changed'
  readonly granted: readonly number[]
}

export function openBank(total: Amounts, limits: BankLimits = bankLimits): Bank | Refusal {
  const wrong = wrongAmounts(undefined, total)
  if (wrong !== undefined) return wrong
  const units = Object.values(total)
  return { kinds: Object.keys(total), total: units, free: [...units], clients: new Map(), waiting: [], limits }
}

/** A client comes, with the most that it will hold at any one time. */
export function claim(bank: Bank, client: number, name: string, most: Amounts): Changed | Refusal {
  const wrong = wrongAmounts(bank.kinds, most)
  if (wrong !== undefined) return wrong
  const { clientsMax } = bank.limits
  if (bank.clients.size >= clientsMax) return refused('capacity-reached', `There are ${clientsMax} clients already.`)
  if (bank.clients.has(client)) return refused('option-invalid', `${name} has made its claim already.`)
  const amounts = amountsOf(bank, most)
  const excess = excessOver(amounts, bank.total)
  if (excess >= 0)
    return refused('claim-exceeded', `${name} claims ${told(bank, amounts, bank.total, excess)} there are.`)
  bank.clients.set(client, { name, claim: amounts, held: amounts.map(() => 0) })
  return { kind: 'changed', granted: [] }
}

/** Granted at once, or it waits until a change lets it through; `withdraw` takes it back meanwhile. */
export function request(bank: Bank, id: number, clientId: number, wanted: Amounts): Answer {
  const wrong = wrongAmounts(bank.kinds, wanted)
  if (wrong !== undefined) return wrong
  const client = bank.clients.get(clientId)
  if (client === undefined) return refused('claim-exceeded', 'Who has made no claim is granted nothing.')
  const amounts = amountsOf(bank, wanted)
  const promised = bank.waiting
    .filter((each) => each.client === clientId)
    .reduce((sum, each) => plus(sum, each.amounts), plus(client.held, amounts))
  const excess = excessOver(promised, client.claim)
  if (excess >= 0)
    return refused(
      'claim-exceeded',
      `${client.name} asks for ${told(bank, promised, client.claim, excess)} it claimed.`,
    )
  const { waitingMax } = bank.limits
  if (bank.waiting.length >= waitingMax) return refused('capacity-reached', `${waitingMax} requests wait already.`)
  bank.waiting.push({ id, client: clientId, amounts, overtakes: 0 })
  return grantWaiting(bank).includes(id) ? { kind: 'granted' } : { kind: 'waits' }
}

/** Gives back some or all of what a client holds. */
export function release(bank: Bank, clientId: number, given: Amounts): Changed | Refusal {
  const wrong = wrongAmounts(bank.kinds, given)
  if (wrong !== undefined) return wrong
  const client = bank.clients.get(clientId)
  const amounts = amountsOf(bank, given)
  const held = client?.held ?? amounts.map(() => 0)
  const excess = excessOver(amounts, held)
  if (client === undefined || excess >= 0)
    return refused(
      'not-held',
      `${client?.name ?? 'A stranger'} gives back ${told(bank, amounts, held, Math.max(excess, 0))} it holds.`,
    )
  giveBack(bank, client, amounts)
  return { kind: 'changed', granted: grantWaiting(bank) }
}

/** Takes back a request that waits; nothing happens where it does not wait. */
export function withdraw(bank: Bank, id: number): Changed {
  const at = bank.waiting.findIndex((each) => each.id === id)
  if (at >= 0) bank.waiting.splice(at, 1)
  return { kind: 'changed', granted: at < 0 ? [] : grantWaiting(bank) }
}

/** The client goes, or has died: all that it holds comes back, and what it waits for is forgotten. */
export function leave(bank: Bank, clientId: number): Changed {
  const client = bank.clients.get(clientId)
  if (client === undefined) return { kind: 'changed', granted: [] }
  giveBack(bank, client, [...client.held])
  bank.clients.delete(clientId)
  const remaining = bank.waiting.filter((each) => each.client !== clientId)
  bank.waiting.splice(0, bank.waiting.length, ...remaining)
  return { kind: 'changed', granted: grantWaiting(bank) }
}

/**
 * Can all clients be brought to their ends one after the other? With `latest`, a client that was just granted something
 * in a safe state: the state is safe as soon as that one can be brought to its end, for then all is as before and more.
 */
export function isSafe(bank: Bank, latest?: number): boolean {
  let free: readonly number[] = bank.free
  const remaining = new Set(bank.clients.keys())
  for (let isMoving = true; isMoving && remaining.size > 0; ) {
    isMoving = false
    for (const id of remaining) {
      const client = bank.clients.get(id)
      if (client === undefined || excessOver(client.claim, plus(client.held, free)) >= 0) continue
      if (id === latest) return true
      free = plus(free, client.held)
      remaining.delete(id)
      isMoving = true
    }
  }
  return remaining.size === 0
}

/** Grants what can be granted, oldest first, until nothing more can be. */
function grantWaiting(bank: Bank): readonly number[] {
  const granted: number[] = []
  for (let at = 0; at < bank.waiting.length; ) {
    const next = bank.waiting[at]
    if (next === undefined || !isInTurn(bank, next) || !tryGrant(bank, next)) {
      at++
      continue
    }
    bank.waiting.splice(at, 1)
    granted.push(next.id)
    const oldest = bank.waiting[0]
    if (at > 0 && oldest !== undefined) oldest.overtakes++
  }
  return granted
}

function isInTurn({ waiting, clients, limits }: Bank, { client }: Request): boolean {
  const [oldest] = waiting
  if (oldest === undefined || oldest.client === client || oldest.overtakes < limits.overtakesMax) return true
  return clients.get(client)?.held.some((units) => units > 0) === true
}

function tryGrant(bank: Bank, { client: id, amounts }: Request): boolean {
  const client = bank.clients.get(id)
  if (client === undefined || excessOver(amounts, bank.free) >= 0) return false
  giveBack(
    bank,
    client,
    amounts.map((units) => -units),
  )
  if (isSafe(bank, id)) return true
  giveBack(bank, client, amounts)
  return false
}

function giveBack({ free }: Bank, { held }: Client, amounts: readonly number[]): void {
  for (const [kind, units] of amounts.entries()) {
    free[kind] = (free[kind] ?? 0) + units
    held[kind] = (held[kind] ?? 0) - units
  }
}

/** Without `kinds` all are there. Amounts may come from another process, or from JavaScript. */
function wrongAmounts(kinds: readonly string[] | undefined, amounts: Amounts): Refusal | undefined {
  if (typeof amounts !== 'object' || amounts === null)
    return refused('option-invalid', `${String(amounts)} is no amount; one is an object such as { printer: 1 }.`)
  for (const [kind, units] of Object.entries(amounts)) {
    if (kinds?.includes(kind) === false)
      return refused('option-invalid', `There is no kind "${kind}" here: ${kinds.join(', ')}.`)
    if (!Number.isSafeInteger(units) || units < 0)
      return refused('option-invalid', `${String(units)} is no number of units of "${kind}".`)
  }
  return undefined
}

function amountsOf({ kinds }: Bank, amounts: Amounts): readonly number[] {
  return kinds.map((kind) => (Object.hasOwn(amounts, kind) ? (amounts[kind] ?? 0) : 0))
}

function plus(one: readonly number[], other: readonly number[]): readonly number[] {
  return one.map((units, kind) => units + (other[kind] ?? 0))
}

/** The first kind of which there is more in `amounts` than in `bound`, or -1. */
function excessOver(amounts: readonly number[], bound: readonly number[]): number {
  return amounts.findIndex((units, kind) => units > (bound[kind] ?? 0))
}

function told({ kinds }: Bank, amounts: readonly number[], bound: readonly number[], kind: number): string {
  return `${amounts[kind] ?? 0} of "${kinds[kind] ?? ''}", more than the ${bound[kind] ?? 0} that`
}

function refused(code: Refusal['code'], text: string): Refusal {
  return { kind: 'refused', code, text }
}
