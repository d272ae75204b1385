/**
 * A register by name: clients on all members read, write and compare-and-set through calls, and what they saw must be
 * linearizable, whatever happened to the servers, the links and the engine between.
 *
 * Two members serve it; reads may be repeated, changes are made at most once. A change whose handler failed may have
 * been committed all the same, so it counts as unknown, like one whose server died.
 */
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import type { System } from '../../servers/system.ts'
import type { Completion, HistoryRecorder } from '../checkers/history-recorder.ts'
import { checkLinearizable } from '../checkers/linearizable.ts'
import { pairEvents } from '../checkers/history.ts'
import { kv } from '../checkers/models/kv.ts'
import type { World } from '../members/world.ts'
import type { Scenario } from '../scenario.ts'
import { expectSuccess, persistently, pick, runClients } from './clients.ts'
import { Register, registerHandlers, type RegisterVariant } from './register-service.ts'
import { scenarioWithMemory } from './scenario-with-memory.ts'

const serviceName = 'register'
const servers = 2
const keys = ['a', 'b', 'c'] as const
const timeoutMs = 4_000
const readWithinMs = 30_000

/** Completed operations by kind, over many runs. */
export type RegisterCounts = Map<string, number>

export function registerScenario(variant: RegisterVariant = 'right', counts: RegisterCounts = new Map()): Scenario {
  return scenarioWithMemory(
    {
      name: 'register',
      about: 'reads, writes and compare-and-sets of a service that two members serve are linearizable',
      members: 4,
      durationMs: 10_000,
    },
    () => ({
      program: async (system) => {
        if (!serves(system.name)) return
        const handlers = registerHandlers(system, variant)
        await persistently(system, () => system.serve(Register, handlers, { name: serviceName }))
      },
      director: (world) => new RegisterRun(world, counts).run(),
    }),
  )
}

export const register = registerScenario()

function serves(member: string): boolean {
  return Number(member.slice(1)) <= servers
}

class RegisterRun {
  readonly #world: World
  readonly #counts: RegisterCounts
  readonly #history: HistoryRecorder
  /** What clients saw last: a compare-and-set that expects it has a chance. */
  readonly #lastSeen = new Map<string, string | undefined>()
  #values = 0

  constructor(world: World, counts: RegisterCounts) {
    this.#world = world
    this.#counts = counts
    this.#history = world.history()
  }

  async run(): Promise<void> {
    const world = this.#world
    const working = runClients(world, { perMember: 2, gapMsMax: 300 }, (client) =>
      this.#operate(client.name, client.member).catch(refuseStrange),
    )
    await world.calm()
    await working
    for (const name of world.names)
      for (const key of keys)
        await expectSuccess(world, `a read of ${key} from ${name}`, readWithinMs, () =>
          this.#read(`${name}, last`, name, key),
        )
    world.check(checkLinearizable(pairEvents(this.#history.events, kv), kv))
  }

  async #operate(client: string, member: string): Promise<void> {
    const key = pick(this.#world, keys)
    switch (pick(this.#world, ['read', 'read', 'write', 'cas'] as const)) {
      case 'read':
        await this.#read(client, member, key)
        return
      case 'write':
        return this.#write(client, member, key)
      case 'cas':
        return this.#compareAndSet(client, member, key)
    }
  }

  async #read(client: string, member: string, key: string): Promise<void> {
    const run = async (system: System): Promise<string | null> =>
      (await system.open(Register, serviceName).read({ key }, { timeoutMs })) ?? null
    const found = await this.#history.record(client, { f: 'get', key }, () => this.#world.on(member, run), meaningOf)
    this.#lastSeen.set(key, found ?? undefined)
    this.#count('read')
  }

  async #write(client: string, member: string, key: string): Promise<void> {
    const value = `v${++this.#values}`
    await this.#history.record(
      client,
      { f: 'put', key, value },
      () => this.#world.on(member, (system) => system.open(Register, serviceName).write({ key, value }, { timeoutMs })),
      meaningOf,
    )
    this.#lastSeen.set(key, value)
    this.#count('write')
  }

  async #compareAndSet(client: string, member: string, key: string): Promise<void> {
    const expected = this.#lastSeen.get(key)
    const next = `v${++this.#values}`
    const run = async (system: System): Promise<void> => {
      const isDone = await system.open(Register, serviceName).cas({ key, expected, next }, { timeoutMs })
      if (!isDone) throw new CardumenError('option-invalid', 'It did not match.')
    }
    await this.#history.record(
      client,
      { f: 'cas', key, value: [expected ?? null, next] },
      () => this.#world.on(member, run),
      meaningOf,
    )
    this.#lastSeen.set(key, next)
    this.#count('cas')
  }

  #count(kind: string): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1)
  }
}

/** Only what surely did not happen is `fail`; a handler that failed had perhaps committed. */
function meaningOf(error: unknown): Completion {
  return isCardumenError(error) && error.executed === 'no' ? 'fail' : 'info'
}

function refuseStrange(error: unknown): void {
  if (!isCardumenError(error)) throw error
}
