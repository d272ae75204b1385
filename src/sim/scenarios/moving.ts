/**
 * A server with a kept identity moves from member to member, dies, is replaced while it stands still, and an impostor
 * puts itself in its place in the engine; its callers hold capabilities of it, some of which are revoked meanwhile.
 *
 * What must hold: a capability is never accepted after its revocation was acknowledged, by whichever member; once a new
 * server has accepted a call, no earlier one does; every answer is of a member that served; what callers are told of
 * whether their call ran is true, and it ran at most once; the impostor is sent no request; and once all is calm
 * whoever holds a capability reaches the server.
 */
import { Capability } from '../../kernel/capabilities/capability.ts'
import { portProofBytes } from '../../kernel/ports/port-proof.ts'
import { encodePortRow, portKeyOf } from '../../kernel/ports/server-rows.ts'
import type { Served } from '../../kernel/serving.ts'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import type { System } from '../../servers/system.ts'
import { memberFaultKinds } from '../faults/check-script.ts'
import type { World } from '../members/world.ts'
import type { Scenario } from '../scenario.ts'
import { expectSuccess, pick, runClients } from './clients.ts'
import { Shop, ShopMemory } from './moving-service.ts'
import { scenarioWithMemory } from './scenario-with-memory.ts'

const identity = 'shop'
const impostor = 'm4'
/**
 * A lease that the engine ends before its time leaves its holder in the belief that it lives, and calls are checked
 * against nothing else: only what writes to the engine under a condition is safe from that (`lease-lock`).
 */
const faultKinds = memberFaultKinds.filter((kind) => kind !== 'lease-expiry')
/** Where it is served. */
const places = ['m1', 'm2', 'm3'] as const
const timeoutMs = 3_000
const servedWithinMs = 30_000
/** Once all is calm. */
const movesUnseen = 4
/** A server that closes and is stopped has come so far with it. */
const closingMsMax = 1.5
/** Calls begin so far apart. */
const callingMsMax = 8
/** Capabilities in use at a time, each with a branch of its own. */
const capabilitiesInUse = 3

/** What happened, over many runs. */
export type MovingCounts = Map<string, number>

export function movingScenario(counts: MovingCounts = new Map()): Scenario {
  return scenarioWithMemory(
    {
      name: 'moving',
      about: 'a kept identity moves between members, and nothing that was revoked is accepted anywhere',
      members: [...places, impostor],
      durationMs: 12_000,
      faultKinds,
    },
    () => {
      const memory = new ShopMemory()
      return {
        program: (system) => (system.name === impostor ? watchForRequests(system, memory) : undefined),
        director: (world) => new MovingRun(world, memory, counts).run(),
      }
    },
  )
}

export const moving = movingScenario()

/** Its own services are called by nobody here, so a request that comes is one of the shop's. */
function watchForRequests(system: System, memory: ShopMemory): void {
  system.member.traces.follow(({ input }) => {
    if (input.kind === 'message' && input.type === 'REQ')
      memory.onBroken('impostor', `${input.from} sent a request to ${system.member.address}`)
  })
}

class MovingRun {
  readonly #world: World
  readonly #memory: ShopMemory
  readonly #counts: MovingCounts
  readonly #servings = new Map<System, Served>()
  /** The calls that ended with an error, and what it said. */
  readonly #told = new Map<string, string>()
  #whole: Capability | undefined
  #inUse: Capability[] = []
  #drawn = 0
  #calls = 0

  constructor(world: World, memory: ShopMemory, counts: MovingCounts) {
    this.#world = world
    this.#memory = memory
    this.#counts = counts
    memory.onBroken = (claim, text) => world.expect(false, claim, text)
  }

  async run(): Promise<void> {
    const world = this.#world
    await this.#ensureServed()
    const working = runClients(world, { perMember: 2, gapMsMax: 250 }, ({ name, member }) =>
      this.#operate(name, member).catch(refuseStrange),
    )
    await world.calm()
    await working
    await this.#ensureServed()
    for (const server of places) {
      await expectSuccess(world, `moving to ${server}`, servedWithinMs, () => this.#moveTo(server))
      for (const member of world.names)
        await expectSuccess(world, `a call from ${member}`, servedWithinMs, () => this.#call(member))
    }
    await this.#moveUnseen()
    await this.#standStill()
    await world.calm()
    this.#expectTruth()
  }

  /** With nothing wrong a move is no error to any caller. */
  async #moveUnseen(): Promise<void> {
    let isMoving = true
    const calling = this.#world.names.map(async (member) => {
      while (isMoving) {
        await this.#world.sleep(this.#world.random.next() * 20)
        await this.#call(member).catch((error: unknown) => {
          if (!isCardumenError(error)) throw error
          this.#world.expect(false, 'unseen', `a call from ${member} failed while the server moved: ${error.message}`)
        })
      }
    })
    for (let move = 0; move < movesUnseen; move++) {
      await this.#moveTo(pick(this.#world, places))
      await this.#world.sleep(this.#world.random.next() * 50)
    }
    isMoving = false
    await Promise.all(calling)
  }

  /**
   * A server that stands still, perhaps while it closes, is replaced; what lies in its sockets reaches it when it goes
   * on.
   */
  async #standStill(): Promise<void> {
    const world = this.#world
    const [stopped] = this.#present()
    if (stopped === undefined) return
    const others = world.names.filter((name) => name !== stopped.name)
    await Promise.all(others.map((member) => this.#call(member).catch(refuseStrange)))
    const calls = others.flatMap((member) => [1, 2, 3, 4, 5, 6].map(() => this.#callSoon(member)))
    await world.sleep(world.random.next() * callingMsMax)
    const closing = pick(world, [true, false]) ? this.#end(stopped).catch(refuseStrange) : undefined
    await world.sleep(world.random.next() * closingMsMax)
    world.pause(stopped.name)
    this.#servings.delete(stopped)
    const [successor = stopped.name] = places.filter((name) => name !== stopped.name)
    await expectSuccess(world, 'replacing a server that stands still', servedWithinMs, () => this.#serve(successor))
    await expectSuccess(world, `a call from ${successor}`, servedWithinMs, () => this.#call(successor))
    for (const _ of this.#inUse.slice()) await this.#revoke()
    world.resume(stopped.name)
    await Promise.all([...calls, closing])
    this.#count('replaced')
  }

  async #callSoon(member: string): Promise<void> {
    await this.#world.sleep(this.#world.random.next() * callingMsMax)
    await this.#call(member).catch(refuseStrange)
  }

  async #operate(client: string, member: string): Promise<void> {
    if (member === impostor) return client.endsWith('.1') ? this.#pose() : this.#call(member)
    const what = pick(this.#world, ['call', 'call', 'call', 'call', 'move', 'revoke'] as const)
    if (what === 'call') await this.#call(member)
    else if (what === 'move') await this.#move(member)
    else await this.#revoke()
  }

  async #call(member: string): Promise<void> {
    const capability = this.#inUse[this.#world.random.below(this.#inUse.length)]
    if (capability === undefined) return
    const id = `call ${++this.#calls} from ${member}`
    try {
      const at = await this.#world.on(member, (system) => system.open(Shop, capability).act({ id }, { timeoutMs }))
      this.#world.expect(this.#memory.everServed.has(at), 'place', `${id} was answered by ${at}, which never served`)
      this.#count('answered')
    } catch (error) {
      if (!isCardumenError(error)) throw error
      this.#told.set(id, error.executed)
      this.#count(error.code)
      throw error
    }
  }

  /** Here, or away from here where it is served here. */
  async #move(member: string): Promise<void> {
    const isHere = this.#servings.has(this.#world.system(member))
    if (!isHere) return this.#serve(member)
    await this.#end(this.#world.system(member))
    const elsewhere = pick(this.#world, places)
    if (this.#world.isUp(elsewhere)) await this.#serve(elsewhere)
  }

  async #moveTo(member: string): Promise<void> {
    for (const system of this.#present()) await this.#end(system)
    await this.#serve(member)
    this.#inUse = []
    if (this.#whole !== undefined) this.#learn(this.#whole)
  }

  async #end(system: System): Promise<void> {
    const served = this.#servings.get(system)
    this.#servings.delete(system)
    await this.#world.on(system.name, () => served?.close())
    this.#count('moved')
  }

  async #serve(member: string): Promise<void> {
    try {
      await this.#world.on(member, (system) => this.#serveOn(system))
      this.#count('served')
    } catch (error) {
      if (isCardumenError(error, 'port-taken')) this.#count(error.code)
      throw error
    }
  }

  async #serveOn(system: System): Promise<void> {
    if (this.#servings.has(system)) return
    const handlers = this.#memory.handlersAt(system.member.address)
    const served = await system.serve(Shop, handlers, { identity })
    this.#servings.set(system, served)
    this.#learn(served.capability)
  }

  #learn(capability: Capability): void {
    const isSame = this.#whole === undefined || this.#whole.equals(capability)
    this.#world.expect(isSame, 'identity', 'a kept identity gave out another capability than before')
    this.#whole = capability
    while (this.#inUse.length < capabilitiesInUse) this.#inUse.push(this.#narrowed(capability))
  }

  /** Each one another branch: an expiry that is far away, and its own. */
  #narrowed(capability: Capability): Capability {
    return capability.restrict({ expiresAt: 2 ** 42 + ++this.#drawn })
  }

  async #revoke(): Promise<void> {
    const [server] = this.#present()
    const at = this.#world.random.below(Math.max(1, this.#inUse.length))
    const capability = this.#inUse[at]
    const served = server && this.#servings.get(server)
    if (server === undefined || served === undefined || capability === undefined || this.#whole === undefined) return
    const { branch } = capability
    await this.#world.on(server.name, () => served.revokeBranch(0, branch))
    this.#memory.revoked.add(branch)
    this.#count('revoked')
    // Half of the time it stays in use, since what is refused must be refused by later servers too.
    if (this.#world.random.below(2) === 0 || this.#inUse.length > capabilitiesInUse * 2)
      this.#inUse = this.#inUse.filter((each) => each !== capability)
    this.#inUse.push(this.#narrowed(this.#whole))
  }

  /** Says in the engine that the port is at the impostor's, where it is nobody's at this moment. */
  async #pose(): Promise<void> {
    if (this.#whole === undefined) return
    const port = Capability.portOf(this.#whole)
    const proof = new Uint8Array(portProofBytes)
    await this.#world.on(impostor, ({ member: { engine, address } }) =>
      engine.transact({
        conditions: [{ kind: 'absent', key: portKeyOf(port) }],
        then: [
          { kind: 'put', key: portKeyOf(port), value: encodePortRow({ address, proof, isKept: true, serial: 1 }) },
        ],
      }),
    )
    this.#count('posed')
  }

  /** Lives that serve, as far as their member knows. */
  #present(): readonly System[] {
    return this.#world.names
      .filter((name) => this.#world.isUp(name))
      .map((name) => this.#world.system(name))
      .filter((system) => this.#servings.has(system))
  }

  async #ensureServed(): Promise<void> {
    await expectSuccess(this.#world, 'serving the identity', servedWithinMs, async () => {
      if (this.#present().length === 0) await this.#serve('m1')
    })
    if (this.#whole === undefined) return
    this.#inUse = []
    this.#learn(this.#whole)
  }

  #expectTruth(): void {
    const world = this.#world
    for (const [id, ran] of this.#memory.runs) world.expect(ran <= 1, 'at-most-once', `${id} ran ${ran} times`)
    for (const [id, executed] of this.#told) {
      const ran = this.#memory.runs.has(id)
      world.expect(executed !== 'no' || !ran, 'truth', `${id} ran, and its caller was told that it did not`)
      world.expect(executed !== 'yes' || ran, 'truth', `${id} did not run, and its caller was told that it did`)
    }
  }

  #count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1)
  }
}

function refuseStrange(error: unknown): void {
  if (!isCardumenError(error)) throw error
}
