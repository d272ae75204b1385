/**
 * Members come and go, and enter and leave names all the time; in the end everybody knows the same.
 *
 * While faults last, what a member knows may be old, but never invented: a server that it lists did enter that name, a
 * member's name is listed once, and of one name no older life is listed after a newer one. Once all is calm every
 * member lists exactly the members and the servers that there are, and a call by name reaches one of them.
 */
import { defineService } from '../../kernel/service.ts'
import type { Served } from '../../kernel/serving.ts'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { type Address, incarnationOf, memberOf } from '../../lib/identifiers.ts'
import { text } from '../../kernel/schemas.ts'
import type { System } from '../../servers/system.ts'
import type { World } from '../members/world.ts'
import type { Scenario } from '../scenario.ts'
import { expectSuccess, pick, runClients } from './clients.ts'
import { scenarioWithMemory } from './scenario-with-memory.ts'

const names = ['fish', 'bird', 'beast'] as const
type Name = (typeof names)[number]

const Where = defineService('where', { ask: { output: text(200), idempotent: true } })

const timeoutMs = 2_000
/** After the last fault: a lease of a machine that died ends, and everybody hears of it. */
const agreedWithinMs = 30_000
/** Names that one member serves at once. */
const servedMax = 4

/** What our own code does wrong on purpose. */
export type NamesVariant = 'right' | 'forgets-to-leave' | 'wrong-address'

/** What happened, over many runs. */
export type NamesCounts = Map<string, number>

export function namesScenario(variant: NamesVariant = 'right', counts: NamesCounts = new Map()): Scenario {
  return scenarioWithMemory(
    {
      name: 'names',
      about:
        'names lead to servers that entered them, and after faults every member knows the same members and servers',
      members: 4,
      durationMs: 12_000,
    },
    () => {
      const lives = new Map<System, Entered[]>()
      return {
        program: (system) => void lives.set(system, []),
        director: (world) => new NamesRun(world, lives, variant, counts).run(),
      }
    },
  )
}

export const nameTables = namesScenario()

interface Entered {
  readonly name: Name
  readonly served: Served
}

class NamesRun {
  readonly #world: World
  readonly #lives: ReadonlyMap<System, Entered[]>
  readonly #variant: NamesVariant
  readonly #counts: NamesCounts
  /** `name address` of all that was ever begun. */
  readonly #everEntered = new Set<string>()
  /** Of each observer's life: the newest incarnation of each member that it has listed. */
  readonly #newest = new Map<System, Map<string, number>>()

  constructor(world: World, lives: ReadonlyMap<System, Entered[]>, variant: NamesVariant, counts: NamesCounts) {
    this.#world = world
    this.#lives = lives
    this.#variant = variant
    this.#counts = counts
  }

  async run(): Promise<void> {
    const world = this.#world
    const working = runClients(world, { perMember: 2, gapMsMax: 300 }, ({ member }) =>
      world.on(member, (system) => this.#operate(system)).catch(refuseStrange),
    )
    await world.calm()
    await working
    await this.#expectAgreement()
    await this.#expectReachable()
  }

  async #operate(system: System): Promise<void> {
    const kind = pick(this.#world, ['enter', 'enter', 'leave', 'look', 'look', 'call'] as const)
    switch (kind) {
      case 'enter':
        await this.#enter(system)
        break
      case 'leave':
        await this.#leave(system)
        break
      case 'look':
        this.#look(system)
        break
      case 'call':
        await this.#call(system, pick(this.#world, names))
        break
    }
    this.#count(kind)
  }

  async #enter(system: System): Promise<void> {
    const entered = this.#lives.get(system) ?? []
    if (entered.length >= servedMax) return
    const name = pick(this.#world, names)
    const { address } = system.member
    this.#everEntered.add(`${name} ${address}`)
    const handlers = { ask: () => (this.#variant === 'wrong-address' ? `${name} nobody#1` : `${name} ${address}`) }
    const served = await system.serve(Where, handlers, { name })
    entered.push({ name, served })
  }

  async #leave(system: System): Promise<void> {
    const entered = this.#lives.get(system) ?? []
    const [first] = entered.splice(this.#world.random.below(Math.max(1, entered.length)), 1)
    if (first === undefined || this.#variant === 'forgets-to-leave') return
    await first.served.close()
  }

  #look(system: System): void {
    const world = this.#world
    for (const name of names) {
      for (const { address } of system.member.servers(name)) {
        const isReal = this.#everEntered.has(`${name} ${address}`)
        world.expect(isReal, 'names', `${system.name} lists ${address} for ${name}, which never entered it`)
      }
    }
    const members = system.members().map((entry) => entry.address)
    const ids = new Set(members.map(memberOf))
    world.expect(ids.size === members.length, 'members', `${system.name} lists a member twice: ${members.join(', ')}`)
    const newest = this.#newest.get(system) ?? new Map<string, number>()
    this.#newest.set(system, newest)
    for (const address of members) this.#expectNewest(system, newest, address)
  }

  #expectNewest(system: System, newest: Map<string, number>, address: Address): void {
    const before = newest.get(memberOf(address)) ?? 0
    const text = `${system.name} lists ${address} after it had listed life ${before}`
    this.#world.expect(incarnationOf(address) >= before, 'members', text)
    newest.set(memberOf(address), Math.max(before, incarnationOf(address)))
  }

  async #call(system: System, name: Name): Promise<void> {
    const answer = await system.open(Where, name).ask(undefined, { timeoutMs })
    const isReal = this.#everEntered.has(answer) && answer.startsWith(`${name} `)
    this.#world.expect(isReal, 'names', `a call of ${name} by ${system.name} was answered by ${answer}`)
  }

  async #expectAgreement(): Promise<void> {
    const world = this.#world
    const expected = this.#truth()
    const isAgreed = (): boolean => world.names.every((member) => knownTo(world.system(member)) === expected)
    try {
      await world.until(isAgreed, { withinMs: agreedWithinMs, what: 'agreement' })
      world.expect(true, 'agreement', '')
    } catch (error) {
      if (!isCardumenError(error, 'timed-out')) throw error
      const known = world.names.map((member) => `${member} knows ${knownTo(world.system(member))}`)
      world.expect(false, 'agreement', [`there is  ${expected}`, ...known].join('\n'))
    }
  }

  #truth(): string {
    const world = this.#world
    const systems = world.names.map((member) => world.system(member))
    const servers = systems.flatMap((system) =>
      (this.#lives.get(system) ?? []).map(({ name }) => `${name} ${system.member.address}`),
    )
    return described(
      systems.map((system) => system.member.address),
      servers,
    )
  }

  async #expectReachable(): Promise<void> {
    const world = this.#world
    for (const name of names) {
      if (world.system(world.names[0] ?? '').member.servers(name).length === 0) continue
      for (const member of world.names)
        await expectSuccess(world, `a call from ${member} to ${name}`, agreedWithinMs, () =>
          world.on(member, (system) => this.#call(system, name)),
        )
    }
  }

  #count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1)
  }
}

function knownTo({ member }: System): string {
  const servers = names.flatMap((name) => member.servers(name).map(({ address }) => `${name} ${address}`))
  return described(
    member.members().map(({ address }) => address),
    servers,
  )
}

function described(members: readonly string[], servers: readonly string[]): string {
  return `members ${members.toSorted().join(', ')}; servers ${servers.toSorted().join(', ')}`
}

function refuseStrange(error: unknown): void {
  if (!isCardumenError(error)) throw error
}
