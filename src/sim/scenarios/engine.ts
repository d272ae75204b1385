/**
 * Programs that use the engine themselves: they read, write, compare-and-set and delete, list, watch, and hold leases.
 *
 * Keys must be linearizable, a transaction is seen whole or not at all, what was acknowledged survives every crash of
 * the engine, watchers that resume where they stopped see all changes once and in order, and a key under a lease goes
 * with it. This checks the virtual engine and what programs may believe of any other.
 */
import type { Engine, Lease } from '../../edges/engine.ts'
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import { fromUtf8Lenient, toUtf8 } from '../../lib/text.ts'
import type { System } from '../../servers/system.ts'
import { checkDurability, type WriteRecord } from '../checkers/durability.ts'
import { pairEvents } from '../checkers/history.ts'
import type { HistoryRecorder } from '../checkers/history-recorder.ts'
import { checkLinearizable } from '../checkers/linearizable.ts'
import { kv } from '../checkers/models/kv.ts'
import { checkOrderedDelivery } from '../checkers/ordered-delivery.ts'
import type { World } from '../members/world.ts'
import type { Scenario } from '../scenario.ts'
import { expectSuccess, pick, runClients } from './clients.ts'
import { engineOf, type EngineVariant } from './engine-faulty.ts'
import { type Seen, watchAll } from './engine-watcher.ts'
import { scenarioWithMemory } from './scenario-with-memory.ts'

const keys = ['a', 'b', 'c'] as const
const pair = ['pair/left', 'pair/right'] as const
const ttlMs = 1_000
/** After the last fault: to notice the end of a lease, to catch up with a watch. */
const settledWithinMs = 30_000

/** Completed operations by kind, over many runs. */
export type EngineCounts = Map<string, number>

export function engineScenario(variant: EngineVariant = 'right', counts: EngineCounts = new Map()): Scenario {
  return scenarioWithMemory(
    {
      name: 'engine',
      about: 'the engine is linearizable, loses nothing that it acknowledged, and tells watchers every change once',
      members: 3,
      durationMs: 10_000,
    },
    () => {
      const watchers = new Map<string, Seen>()
      return {
        program: (system, { name, number }) => {
          const seen = { watcher: `${name}, life ${number}`, changes: [], revision: 0 }
          watchers.set(seen.watcher, seen)
          const engine = engineOf(system.member.engine, variant)
          void watchAll(system, { engine, prefix: 'kv/', seen, textOf: fromUtf8Lenient })
        },
        director: (world) => new EngineRun(world, watchers, variant, counts).run(),
      }
    },
  )
}

export const engine = engineScenario()

interface LeaseUse {
  readonly key: string
  readonly lease: Lease
  isRevoked: boolean
}

class EngineRun {
  readonly #world: World
  readonly #watchers: ReadonlyMap<string, Seen>
  readonly #variant: EngineVariant
  readonly #counts: EngineCounts
  readonly #history: HistoryRecorder
  readonly #lastSeen = new Map<string, string | undefined>()
  readonly #writes: WriteRecord[] = []
  readonly #leases: LeaseUse[] = []
  /** Of each life, so that what a variant remembers goes with it. */
  readonly #engines = new Map<System, Engine>()
  #values = 0

  constructor(world: World, watchers: ReadonlyMap<string, Seen>, variant: EngineVariant, counts: EngineCounts) {
    this.#world = world
    this.#watchers = watchers
    this.#variant = variant
    this.#counts = counts
    this.#history = world.history()
  }

  async run(): Promise<void> {
    const world = this.#world
    const working = runClients(world, { perMember: 3, gapMsMax: 300 }, ({ name, member }) =>
      this.#operate(name, member).catch(refuseStrange),
    )
    await world.calm()
    await working
    for (const member of world.names)
      for (const key of keys)
        await expectSuccess(world, `a get of ${key} on ${member}`, settledWithinMs, () =>
          this.#get(`${member}, last`, member, key),
        )
    world.check(checkLinearizable(pairEvents(this.#history.events, kv), kv))
    await this.#checkWatchers()
    await this.#checkFinal()
  }

  async #operate(client: string, member: string): Promise<void> {
    const key = pick(this.#world, keys)
    const kind = pick(this.#world, ['get', 'get', 'put', 'cas', 'delete', 'list', 'pair', 'once', 'lease'] as const)
    switch (kind) {
      case 'get':
        await this.#get(client, member, key)
        break
      case 'put':
        await this.#put(client, member, key)
        break
      case 'cas':
        await this.#compareAndSet(client, member, key)
        break
      case 'delete':
        await this.#history.record(client, { f: 'delete', key }, () =>
          this.#on(member, async (engine) => void (await engine.delete(`kv/${key}`))),
        )
        this.#lastSeen.set(key, undefined)
        break
      case 'list':
        await this.#listPair(member)
        break
      case 'pair':
        await this.#putPair(member)
        break
      case 'once':
        await this.#putOnce(member)
        break
      case 'lease':
        await this.#holdLease(member)
        break
    }
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1)
  }

  async #get(client: string, member: string, key: string): Promise<void> {
    const found = await this.#history.record(client, { f: 'get', key }, () =>
      this.#on(member, async (engine) => {
        const entry = await engine.get(`kv/${key}`)
        return entry === undefined ? null : fromUtf8Lenient(entry.value)
      }),
    )
    this.#lastSeen.set(key, found ?? undefined)
  }

  async #put(client: string, member: string, key: string): Promise<void> {
    const value = this.#nextValue()
    await this.#history.record(client, { f: 'put', key, value }, () =>
      this.#on(member, async (engine) => void (await engine.put(`kv/${key}`, toUtf8(value)))),
    )
    this.#lastSeen.set(key, value)
  }

  async #compareAndSet(client: string, member: string, key: string): Promise<void> {
    const expected = this.#lastSeen.get(key)
    const next = this.#nextValue()
    const at = `kv/${key}`
    const condition =
      expected === undefined
        ? { kind: 'absent' as const, key: at }
        : { kind: 'value' as const, key: at, equals: toUtf8(expected) }
    const run = async (engine: Engine): Promise<void> => {
      const then = [{ kind: 'put' as const, key: at, value: toUtf8(next) }]
      const { succeeded } = await engine.transact({ conditions: [condition], then })
      if (!succeeded) throw new CardumenError('option-invalid', 'It did not match.')
    }
    await this.#history.record(client, { f: 'cas', key, value: [expected ?? null, next] }, () => this.#on(member, run))
    this.#lastSeen.set(key, next)
  }

  /** Both sides are always written together. */
  async #putPair(member: string): Promise<void> {
    const value = toUtf8(this.#nextValue())
    await this.#on(member, (engine) =>
      engine.transact({ then: pair.map((key) => ({ kind: 'put' as const, key, value })) }),
    )
  }

  async #listPair(member: string): Promise<void> {
    const { entries } = await this.#on(member, (engine) => engine.list('pair/'))
    const values = new Set(entries.map((entry) => `${entry.revision} ${fromUtf8Lenient(entry.value)}`))
    const isWhole = entries.length === 0 || (entries.length === pair.length && values.size === 1)
    this.#world.expect(isWhole, 'atomic', `a listing of what is written together shows ${[...values].join(', ')}`)
  }

  /** A key that nobody else writes: whether it is there in the end shows whether a write was lost. */
  async #putOnce(member: string): Promise<void> {
    const value = this.#nextValue()
    const key = `once/${value}`
    const startedMs = this.#world.nowMs
    try {
      await this.#on(member, (engine) => engine.put(key, toUtf8(value)))
      this.#writes.push({ key, value, startedMs, acknowledgedMs: this.#world.nowMs })
    } catch (error) {
      if (isCardumenError(error) && error.executed === 'unknown') this.#writes.push({ key, value, startedMs })
      throw error
    }
  }

  /** All in one life: a lease is of no use to the next one. */
  async #holdLease(member: string): Promise<void> {
    const key = `held/${this.#nextValue()}`
    const heldMs = this.#world.random.next() < 0.5 ? undefined : this.#world.random.next() * ttlMs
    await this.#on(member, async (engine, system) => {
      const lease = await engine.grantLease({ ttlMs })
      const use: LeaseUse = { key, lease, isRevoked: false }
      await engine.put(key, toUtf8(member), { lease: lease.id })
      this.#leases.push(use)
      if (heldMs === undefined) return
      await system.sleep(heldMs)
      await lease.revoke()
      use.isRevoked = true
    })
  }

  async #checkWatchers(): Promise<void> {
    const world = this.#world
    const [anyone = ''] = world.names
    const listing = await expectSuccess(world, `a listing on ${anyone}`, settledWithinMs, () =>
      this.#on(anyone, (engine) => engine.list('kv/')),
    )
    const last = Math.max(0, ...(listing?.entries ?? []).map((entry) => entry.revision))
    const isCaughtUp = (): boolean => this.#presentWatchers().every((seen) => seen.revision >= last)
    await world.until(isCaughtUp, { withinMs: settledWithinMs, what: `all watchers to see revision ${last}` })
    const logs = [...this.#watchers.values()].map((seen) => ({ member: seen.watcher, delivered: seen.changes }))
    world.check(checkOrderedDelivery(logs))
    const present = this.#presentWatchers()
    world.check(
      checkOrderedDelivery(
        present.map((seen) => ({ member: seen.watcher, delivered: seen.changes })),
        { isComplete: true },
      ),
    )
  }

  #presentWatchers(): readonly Seen[] {
    const last = new Map<string, Seen>()
    for (const [watcher, seen] of this.#watchers) last.set(watcher.split(',')[0] ?? '', seen)
    return [...last.values()]
  }

  async #checkFinal(): Promise<void> {
    const world = this.#world
    // Every lease that nobody renews any more has ended by then.
    await world.sleep(settledWithinMs)
    const [anyone = ''] = world.names
    const all = await expectSuccess(world, `the last listing on ${anyone}`, settledWithinMs, () =>
      this.#on(anyone, async (engine) => [
        ...(await engine.list('once/')).entries,
        ...(await engine.list('held/')).entries,
      ]),
    )
    const found = new Map((all ?? []).map((entry) => [entry.key, fromUtf8Lenient(entry.value)]))
    const once = [...found].filter(([key]) => key.startsWith('once/'))
    world.check(checkDurability(this.#writes, new Map(once)))
    for (const { key, lease, isRevoked } of this.#leases) {
      const isHeld = !isRevoked && lease.isLive()
      const text = `${key} is ${found.has(key) ? 'there' : 'gone'}, and its lease ${isHeld ? 'lives' : 'has ended'}`
      world.expect(found.has(key) === isHeld, 'lease', text)
    }
  }

  #on<Result>(member: string, run: (engine: Engine, system: System) => Promise<Result>): Promise<Result> {
    return this.#world.on(member, (system) => {
      const known = this.#engines.get(system) ?? engineOf(system.member.engine, this.#variant)
      this.#engines.set(system, known)
      return run(known, system)
    })
  }

  #nextValue(): string {
    return `v${++this.#values}`
  }
}

function refuseStrange(error: unknown): void {
  if (!isCardumenError(error)) throw error
}
