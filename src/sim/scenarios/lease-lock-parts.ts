/**
 * A lock as programs build it on the engine today, and a store that fences it.
 *
 * The lock is a row under a lease, entered where it is absent; the row's revision is the fencing token, and who wonders
 * whether its entry was carried out looks who stands in the row. A lease can end under a live holder (a pause, a cut),
 * so the store keeps the newest token that it has seen and refuses an older one in the very transaction that writes.
 */
import type { Clock } from '../../edges/clock.ts'
import type { Condition, Engine, Lease } from '../../edges/engine.ts'
import type { Member } from '../../kernel/member.ts'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { fromUtf8Lenient, toUtf8 } from '../../lib/text.ts'
import { sleep } from '../../servers/sleep.ts'

/** What our own code does wrong on purpose. */
export type LockVariant = 'right' | 'unfenced' | 'reads-then-writes' | 'own-token'

export interface Held {
  readonly token: number
  readonly lease: Lease
}

const lockKey = 'lock'
const fenceKey = 'fence'
export const logPrefix = 'log/'
const againMs = 50

/** Undefined: somebody else has it. The lease is given back then, and where an error ends the attempt. */
export async function acquire(
  { engine, clock }: Member,
  ttlMs: number,
  attempt: string,
  variant: LockVariant,
): Promise<Held | undefined> {
  const lease = await engine.grantLease({ ttlMs })
  try {
    const token = await enter(engine, lease, attempt)
    if (token !== undefined)
      return { token: variant === 'own-token' ? token + (attempt.length % 2) * 100_000 : token, lease }
    await giveBack(lease, clock)
    return undefined
  } catch (error) {
    await giveBack(lease, clock)
    throw error
  }
}

/**
 * A lease that could not be revoked is renewed for as long as its holder lives, so that is tried until it is gone. Its
 * `isLive` is no reason to stop: it is false while the engine is down, and may be true again afterwards.
 */
export async function giveBack(lease: Lease, clock: Clock): Promise<void> {
  for (;;) {
    try {
      return await lease.revoke()
    } catch (error) {
      if (!isCardumenError(error)) throw error
      if (error.code === 'closed') return
    }
    await sleep(clock, againMs, undefined)
  }
}

async function enter(engine: Engine, lease: Lease, attempt: string): Promise<number | undefined> {
  const put = { kind: 'put' as const, key: lockKey, value: toUtf8(attempt), lease: lease.id }
  try {
    const { succeeded, revision } = await engine.transact({
      conditions: [{ kind: 'absent', key: lockKey }],
      then: [put],
    })
    return succeeded ? revision : undefined
  } catch (error) {
    if (!isCardumenError(error) || error.executed !== 'unknown') throw error
    const entry = await engine.get(lockKey)
    return entry !== undefined && fromUtf8Lenient(entry.value) === attempt ? entry.revision : undefined
  }
}

/** False: the store has seen a newer token, and nothing was written. Tries again where another write came between. */
export async function writeFenced(
  engine: Engine,
  token: number,
  write: string,
  variant: LockVariant,
): Promise<boolean> {
  const log = { kind: 'put' as const, key: logPrefix + write, value: toUtf8(String(token)) }
  const fence = { kind: 'put' as const, key: fenceKey, value: toUtf8(String(token)) }
  for (;;) {
    const entry = await engine.get(fenceKey)
    const newest = entry === undefined ? 0 : Number(fromUtf8Lenient(entry.value))
    if (token < newest && variant !== 'unfenced') return false
    const unchanged: Condition =
      entry === undefined
        ? { kind: 'absent', key: fenceKey }
        : { kind: 'revision', key: fenceKey, equals: entry.revision }
    const conditions = variant === 'right' || variant === 'own-token' ? [unchanged] : []
    const { succeeded } = await engine.transact({ conditions, then: [fence, log] })
    if (succeeded) return true
  }
}
