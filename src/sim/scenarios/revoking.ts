/**
 * Capabilities that are narrowed, given on and revoked, one branch or a whole generation at a time, while their server
 * moves, dies, stands still and starts again.
 *
 * What must hold: nothing is accepted after its revocation was acknowledged, by whichever server, nor anything narrowed
 * from it; nothing beyond what a capability was narrowed to, after its end by the server's clock, or of somebody else
 * than its holder; and nobody is refused for a reason that is not so: parents and siblings of what was revoked go on
 * working. In the end each capability is tried, before and after the server has started again.
 */
import { Capability, type Restriction } from '../../kernel/capabilities/capability.ts'
import { allRights, rights } from '../../kernel/capabilities/rights.ts'
import type { Served } from '../../kernel/serving.ts'
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import type { System } from '../../servers/system.ts'
import type { World } from '../members/world.ts'
import type { Scenario } from '../scenario.ts'
import { expectSuccess, pick, runClients } from './clients.ts'
import {
  allows,
  type Given,
  lineOf,
  Vault,
  VaultMemory,
  type VaultOperation,
  vaultOperations,
} from './revoking-service.ts'
import { scenarioWithMemory } from './scenario-with-memory.ts'

const identity = 'vault'
const objects = [1, 2, 3] as const
const timeoutMs = 3_000
const withinMs = 60_000
const serveGapMsMax = 1_200
/** Of one run; they are tried one by one in the end. */
const givenMax = 20
const depthMax = 4
/** Far away: makes each capability another branch, and none expire. */
const farMs = 2 ** 42

/** What happened, over many runs. */
export type RevokingCounts = Map<string, number>

export function revokingScenario(counts: RevokingCounts = new Map()): Scenario {
  return scenarioWithMemory(
    {
      name: 'revoking',
      about: 'capabilities are narrowed and revoked under a server that moves, and none is accepted that should not be',
      members: 3,
      durationMs: 8_000,
    },
    () => {
      const memory = new VaultMemory()
      return { director: (world) => new RevokingRun(world, memory, counts).run() }
    },
  )
}

export const revoking = revokingScenario()

class RevokingRun {
  readonly #world: World
  readonly #memory: VaultMemory
  readonly #counts: RevokingCounts
  readonly #servings = new Map<System, Served>()
  readonly #given: Given[] = []
  /** By object: generations that were asked to end, and nobody knows whether they did, or will. */
  readonly #doubted = new Map<number, number>()
  #drawn = 0

  constructor(world: World, memory: VaultMemory, counts: RevokingCounts) {
    this.#world = world
    this.#memory = memory
    this.#counts = counts
    memory.onBroken = (claim, text) => world.expect(false, claim, text)
  }

  async run(): Promise<void> {
    const world = this.#world
    for (const object of objects)
      await expectSuccess(world, `making object ${object}`, withinMs, () => this.#renew(object))
    const serving = this.#keepServing()
    const working = runClients(world, { perMember: 2, gapMsMax: 150 }, ({ member }) =>
      this.#operate(member).catch(refuseStrange),
    )
    await world.calm()
    await Promise.all([working, serving])
    await this.#tryAll()
    for (const system of this.#present()) {
      world.crash(system.name)
      await world.restart(system.name)
      this.#count('restarted')
    }
    await this.#tryAll()
    const { accepted } = this.#memory
    world.expect(accepted > 0, 'progress', 'nothing was accepted in all of the run')
  }

  /** Serves where nobody does, and moves now and then. */
  async #keepServing(): Promise<void> {
    const world = this.#world
    for (;;) {
      await world.sleep(serveGapMsMax * world.random.next())
      if (world.nowMs >= world.durationMs) return
      const [present] = this.#present()
      await this.#move(present, pickName(world)).catch(refuseStrange)
    }
  }

  async #move(from: System | undefined, target: string): Promise<void> {
    if (from?.name === target || !this.#world.isUp(target)) return
    if (from !== undefined) {
      const served = this.#servings.get(from)
      this.#servings.delete(from)
      await this.#world.on(from.name, () => served?.close())
      this.#count('moved')
    }
    await this.#serve(target)
  }

  async #serve(member: string): Promise<void> {
    await this.#world.on(member, async (system) => {
      if (this.#servings.has(system)) return
      this.#servings.set(system, await system.serve(Vault, this.#memory.handlersAt(system), { identity }))
    })
  }

  /** Lives that serve, as far as they know. */
  #present(): readonly System[] {
    return this.#world.names
      .filter((name) => this.#world.isUp(name))
      .map((name) => this.#world.system(name))
      .filter((system) => this.#servings.has(system))
  }

  /** Ends a generation at the server itself, whatever was asked for before, and begins a line in the new one. */
  async #renew(object: number): Promise<void> {
    if (this.#present().length === 0) await this.#serve(pickName(this.#world))
    const [server] = this.#present()
    const served = server && this.#servings.get(server)
    if (server === undefined || served === undefined) return
    await this.#endGeneration(object, () =>
      this.#world.on(server.name, async () => {
        await served.revokeAll(object)
        return served.capabilityFor(object)
      }),
    )
  }

  /** @param end - resolves to the first capability of the next generation. */
  async #endGeneration(object: number, end: () => Promise<Capability>): Promise<void> {
    this.#ask(this.#given.filter((given) => given.object === object))
    const doubted = this.#doubted.get(object) ?? 0
    this.#doubted.set(object, doubted + 1)
    const settled = (): void => void this.#doubted.set(object, (this.#doubted.get(object) ?? 1) - 1)
    try {
      const fresh = await end()
      settled()
      this.#beginLine(fresh, object)
    } catch (error) {
      if (isCardumenError(error) && error.executed === 'no') settled()
      throw error
    }
  }

  #beginLine(capability: Capability, object: number): void {
    const { generation } = Capability.partsOf(capability)
    const before = this.#memory.generations.get(object) ?? 0
    this.#memory.generations.set(object, Math.max(before, generation))
    this.#add({
      ...{ capability, object, generation, parent: undefined, rights: allRights, operations: vaultOperations },
      ...{ expiresAtMs: Number.POSITIVE_INFINITY, holder: undefined },
      // One that was asked for earlier may still be on its way.
      revoked: (this.#doubted.get(object) ?? 0) === 0 ? 'no' : 'asked',
    })
  }

  #add(given: Given): void {
    this.#given.push(this.#memory.add(given))
  }

  async #operate(member: string): Promise<void> {
    const kind = pick(this.#world, ['use', 'use', 'use', 'use', 'use', 'narrow', 'narrow', 'revoke', 'renew'] as const)
    switch (kind) {
      case 'use':
        return this.#use(member, this.#any(), pick(this.#world, vaultOperations)).then(() => undefined)
      case 'narrow':
        return this.#narrow(member)
      case 'revoke':
        return this.#revoke(member)
      case 'renew':
        return this.#revokeAll(member)
    }
  }

  #any(): Given {
    const given = this.#given[this.#world.random.below(this.#given.length)] ?? this.#given[0]
    if (given === undefined) throw new Error('no object was made')
    return given
  }

  /** What came of it: `accepted`, or the code of a refusal that stands for what the server found. */
  async #use(member: string, given: Given, operation: VaultOperation): Promise<string> {
    try {
      await this.#world.on(member, (system) =>
        operation === 'look'
          ? system.open(Vault, given.capability).look(undefined, { timeoutMs })
          : system.open(Vault, given.capability).put(undefined, { timeoutMs }),
      )
      this.#count('accepted')
      return 'accepted'
    } catch (error) {
      if (!isCardumenError(error)) throw error
      this.#count(error.code)
      this.#checkRefusal(member, given, operation, error)
      return error.code
    }
  }

  #checkRefusal(member: string, given: Given, operation: VaultOperation, { code }: CardumenError): void {
    const isJust: Readonly<Partial<Record<string, () => boolean>>> = {
      'capability-refused': () => given.holder !== undefined,
      'capability-revoked': () => this.#memory.isRevoked(given) !== 'no',
      'capability-expired': () => given.expiresAtMs < farMs,
      'right-missing': () => !allows(given, operation),
      'handler-failed': () => false,
    }
    const text = `${operation} of ${member} with ${String(given.capability)} was refused as ${code}, which is not so`
    this.#world.expect(isJust[code]?.() ?? true, 'just', text)
  }

  async #narrow(member: string): Promise<void> {
    const parent = this.#any()
    if (this.#given.length >= givenMax || lineOf(parent).length > depthMax) return
    await this.#world.on(member, (system) => {
      const kind = pick(this.#world, ['rights', 'operations', 'expiry', 'holder', 'nothing'] as const)
      const operation = pick(this.#world, vaultOperations)
      const expiresAtMs = farMs + ++this.#drawn
      const narrower = (restriction: Restriction, known: Partial<Given>): void =>
        this.#add({
          ...parent,
          ...known,
          parent,
          revoked: 'no',
          capability: parent.capability.restrict(restriction).restrict({ expiresAt: expiresAtMs }),
        })
      this.#count(`narrowed ${kind}`)
      switch (kind) {
        case 'rights': {
          const bits = (operation === 'look' ? rights.read : rights.modify) | rights.admin
          return narrower({ rights: bits }, { rights: (parent.rights & bits) >>> 0 })
        }
        case 'operations': {
          const operations = parent.operations.filter((each) => each === operation)
          return narrower({ operations: [operation, 'std.revoke'] }, { operations })
        }
        case 'expiry': {
          const expiresAt = Math.floor(system.clock.wallMs() + this.#world.random.next() * 4_000)
          return narrower({ expiresAt }, { expiresAtMs: Math.min(parent.expiresAtMs, expiresAt) })
        }
        case 'holder': {
          const own = system.members().find(({ address }) => address === system.member.address)
          if (parent.holder !== undefined || own === undefined) return
          return narrower({ holder: own.publicKey }, { holder: own.address })
        }
        case 'nothing':
          return narrower({}, {})
      }
    })
  }

  /** By showing what it was narrowed from, or by the right to administer and the branch's name. */
  async #revoke(member: string): Promise<void> {
    const given = this.#any()
    const { parent, capability, object } = given
    if (parent === undefined) return
    const isByName = this.#world.random.below(2) === 0
    const [shown = parent] = isByName
      ? this.#given.filter((each) => isWhole(each) && each.object === object).slice(-1)
      : []
    this.#ask([given])
    await this.#world.on(member, (system) =>
      system.revoke(shown.capability, { branch: isByName ? capability.branch : capability }),
    )
    given.revoked = 'acknowledged'
    this.#count(isByName ? 'revoked by name' : 'revoked')
  }

  /** From afar, by whoever holds the first of the line; where its outcome is unknown, at the server itself. */
  async #revokeAll(member: string): Promise<void> {
    if (this.#world.random.below(3) > 0) return
    const object = pick(this.#world, objects)
    const [whole] = this.#given.filter((each) => isWhole(each) && each.object === object).slice(-1)
    if (whole === undefined) return
    if (whole.revoked !== 'no') return this.#renew(object)
    await this.#endGeneration(object, () => this.#world.on(member, (system) => system.revoke(whole.capability)))
    this.#count('generation revoked')
  }

  /** A revocation may count from the moment that it is asked for, and may be lost as long as nothing was answered. */
  #ask(asked: readonly Given[]): void {
    for (const given of asked) if (given.revoked === 'no') given.revoked = 'asked'
  }

  /** Each capability does what it says, and no more, once all is calm. */
  async #tryAll(): Promise<void> {
    const world = this.#world
    await expectSuccess(world, 'serving the identity', withinMs, async () => {
      if (this.#present().length === 0) await this.#serve(pickName(world))
    })
    for (const given of this.#given)
      for (const operation of vaultOperations)
        await expectSuccess(world, `an answer to ${String(given.capability)}`, withinMs, () =>
          this.#tryOne(given, operation),
        )
  }

  async #tryOne(given: Given, operation: VaultOperation): Promise<void> {
    const world = this.#world
    const [server] = this.#present()
    const wallMs = server?.clock.wallMs() ?? 0
    const outcome = await this.#use(pickName(world), given, operation)
    const expected = this.#expectedOf(given, operation, wallMs)
    if (!decisive.has(outcome)) throw notYet(outcome)
    const isRight = expected === undefined || expected === outcome || given.holder !== undefined
    world.expect(isRight, 'tried', `${operation} with ${String(given.capability)}: ${outcome}, not ${expected}`)
  }

  /** Undefined: nobody can know. */
  #expectedOf(given: Given, operation: VaultOperation, wallMs: number): string | undefined {
    const revoked = this.#memory.isRevoked(given)
    if (revoked === 'asked') return undefined
    if (revoked === 'acknowledged') return 'capability-revoked'
    if (given.expiresAtMs <= wallMs) return 'capability-expired'
    // It may have expired while it was under way.
    if (given.expiresAtMs < wallMs + timeoutMs) return undefined
    return allows(given, operation) ? 'accepted' : 'right-missing'
  }

  #count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1)
  }
}

/** What the server says of a capability; all else is of the way there. */
const decisive: ReadonlySet<string> = new Set([
  'accepted',
  'capability-refused',
  'capability-revoked',
  'capability-expired',
  'right-missing',
])

function notYet(code: string): CardumenError {
  return new CardumenError('try-again', `It was answered ${code}.`)
}

function isWhole({ parent }: Given): boolean {
  return parent === undefined
}

function pickName(world: World): string {
  return world.names[world.random.below(world.names.length)] ?? ''
}

function refuseStrange(error: unknown): void {
  if (!isCardumenError(error)) throw error
}
