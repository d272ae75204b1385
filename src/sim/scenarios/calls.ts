/**
 * Members that call each other's services, by name and by capability, in every way in which a call can be made.
 *
 * Each member serves under a name that all share and under one of its own. Calls differ in semantics, time limit,
 * priority, size and in when they are given up; streams are read to their end, or left; several large calls share a link,
 * which may break under them. It is checked that calls ran as often as their semantics say, that errors say truthfully
 * whether they ran, that answers and items belong to their calls, byte for byte, that every call ends, that no member
 * refuses what another sends, and that after the last fault everybody reaches every name again, with large calls too.
 */
import type { Capability } from '../../kernel/capabilities/capability.ts'
import { type CallOptions, type Semantics } from '../../kernel/service.ts'
import { CardumenError, type Executed, isCardumenError } from '../../lib/cardumen-error.ts'
import type { Random } from '../../lib/random.ts'
import { signalSource } from '../../lib/signal.ts'
import type { System } from '../../servers/system.ts'
import { type CallRecord, checkExecutions, type ExecutionPromise } from '../checkers/executions.ts'
import { type Attempt, checkProgress } from '../checkers/progress.ts'
import type { World } from '../members/world.ts'
import type { Scenario } from '../scenario.ts'
import { contentOf, isContentOf } from './calls-content.ts'
import { answerTo, Ledger, Tally, tallyHandlers, type TallyVariant } from './calls-service.ts'
import { type Client, expectSuccess, persistently, pick, runClients } from './clients.ts'
import { scenarioWithMemory } from './scenario-with-memory.ts'

type Operation = 'append' | 'look' | 'fail' | 'count'

const timeoutMsMax = 6_000
/** What a call may take beyond its own time limit, once nothing is wrong any more. */
const slackMs = 2_000
const reachedWithinMs = 30_000
const sharedName = 'tally'
/** Of an act of a client, to be several large calls at once. */
const burstChance = 0.06
const burstCallsMax = 6
const largeBytesMax = 400_000
/** Of a cell while small messages pass. Large messages of a burst have a last cell that is smaller than others may be. */
const cellBytes = 16_384
const cellRestBytesMin = 200
const cellRestBytesMax = 2_000
const burstCellsMax = 5
const breakMsMax = 3
/** After the last fault: more large calls over one link than it may have under way at a time. */
const finalCalls = 40
const finalBursts = 2
/** After so long without use a link is gone. */
const idleMs = 90_000

/** How calls ended, over many runs: a scenario that never meets an end does not test it. */
export type CallEnds = Map<string, number>

export function callsScenario(variant: TallyVariant = 'right', ends: CallEnds = new Map()): Scenario {
  return scenarioWithMemory(
    {
      name: 'calls',
      about: 'calls by name and capability run as often as they promise, say truthfully whether they ran, and end',
      members: 3,
      durationMs: 10_000,
    },
    () => {
      const ledger = new Ledger()
      const capabilities = new Map<string, Capability>()
      return {
        program: async (system) => {
          const handlers = tallyHandlers(system, ledger, variant)
          const narrow = { name: ownName(system.name), concurrency: 2, mailbox: 4 }
          await persistently(system, () => system.serve(Tally, handlers, { name: sharedName }))
          const own = await persistently(system, () => system.serve(Tally, handlers, narrow))
          if (own !== undefined) capabilities.set(system.name, own.capability)
        },
        director: (world) => new CallsRun(world, ledger, capabilities, ends).run(),
      }
    },
  )
}

export const calls = callsScenario()

function ownName(member: string): string {
  return `${sharedName}-${member}`
}

interface Told {
  readonly call: string
  readonly how: string
  readonly executed: Executed
}

interface Order {
  readonly call: string
  readonly operation: Operation
  readonly target: string | Capability
  readonly delayMs: number
  readonly sizeBytes: number
}

interface Plan extends Order {
  readonly semantics: Semantics | undefined
  readonly options: CallOptions
  readonly givenUpAfterMs: number | undefined
  readonly items: number
}

class CallsRun {
  readonly #world: World
  readonly #ledger: Ledger
  readonly #capabilities: ReadonlyMap<string, Capability>
  readonly #ends: CallEnds
  readonly #told = new Map<ExecutionPromise, Told[]>()
  readonly #attempts: Attempt[] = []
  #calls = 0

  constructor(world: World, ledger: Ledger, capabilities: ReadonlyMap<string, Capability>, ends: CallEnds) {
    this.#world = world
    this.#ledger = ledger
    this.#capabilities = capabilities
    this.#ends = ends
  }

  async run(): Promise<void> {
    const world = this.#world
    const working = runClients(world, { perMember: 3, gapMsMax: 400 }, (client) => this.#act(client))
    await world.calm()
    const faultsEndedMs = world.nowMs
    await working
    await this.#reachEveryone()
    await this.#sendLarge()
    await this.#breakUnderLarge()
    this.#checkRefusals()
    // What was given up may still run; it counts too.
    await world.sleep(timeoutMsMax)
    for (const [promise, told] of this.#told) {
      const records = told.map(
        ({ call, how, executed }): CallRecord => ({
          ...{ call: `${call}, told ${how},`, executed, executions: this.#ledger.executionsOf(call) },
        }),
      )
      world.check(checkExecutions(promise, records))
    }
    world.expect(this.#ledger.spoilt.length === 0, 'own-content', `spoilt came ${this.#ledger.spoilt.join(', ')}`)
    const withinMs = timeoutMsMax + slackMs
    world.check(checkProgress(this.#attempts, { faultsEndedMs, withinMs, endedMs: world.nowMs }))
    await this.#checkIdle()
  }

  #act(client: Client): Promise<void> {
    return this.#world.random.next() < burstChance ? this.#burst(client) : this.#callOnce(client, this.#draw())
  }

  /** Large calls to one member at once, whose link may break in the middle of them. */
  async #burst(client: Client): Promise<void> {
    const { names, random } = this.#world
    const to = names[random.below(names.length)] ?? ''
    const plans = Array.from({ length: 2 + random.below(burstCallsMax - 1) }, (): Plan => {
      const operation = pick(this.#world, ['append', 'look'] as const)
      const sizeBytes = drawLargeBytes(random)
      const drawn = { ...this.#draw(), operation, target: ownName(to), sizeBytes }
      return { ...drawn, delayMs: Math.min(drawn.delayMs, 5) }
    })
    if (this.#world.faults.length > 0 && random.next() < 0.6) this.#breakSoon(client.member, to)
    await Promise.all(plans.map((plan) => this.#callOnce(client, plan)))
  }

  #breakSoon(one: string, other: string): void {
    const { random } = this.#world
    const atMs = random.next() * breakMsMax
    const window = { atMs, untilMs: atMs + random.next() * breakMsMax }
    this.#world.inject({ kind: 'break', from: one, to: other, rate: 0.5, ...window })
  }

  async #callOnce(client: Client, plan: Plan): Promise<void> {
    const promise = promiseOf(plan)
    const invokedMs = this.#world.nowMs
    const end = await this.#world.on(client.member, (system) => this.#call(system, plan)).catch(executedOf)
    this.#count(`${plan.operation} ${promise} ${end.how}`)
    this.#told.set(promise, [...(this.#told.get(promise) ?? []), { call: plan.call, ...end }])
    const operation = `${plan.call} (${plan.operation}, ${end.how})`
    this.#attempts.push({ operation, invokedMs, completedMs: this.#world.nowMs })
  }

  #draw(): Plan {
    const { random } = this.#world
    const operation = pick(this.#world, ['append', 'append', 'append', 'look', 'look', 'fail', 'count'] as const)
    const semantics = pick(this.#world, [undefined, undefined, 'at-most-once', 'at-least-once', 'maybe'] as const)
    const isLarge = random.next() < 0.03
    return {
      ...{ call: `call ${++this.#calls}`, operation, target: this.#drawTarget(), semantics },
      options: {
        ...{ timeoutMs: 20 + random.next() ** 3 * timeoutMsMax, priority: pick(this.#world, [0, 1, 2, 3] as const) },
        ...(semantics !== undefined && { semantics }),
      },
      givenUpAfterMs: random.next() < 0.15 ? random.next() ** 3 * 1_000 : undefined,
      delayMs: Math.floor(random.next() ** 4 * 500),
      sizeBytes: isLarge ? random.below(largeBytesMax) : random.below(100),
      items: random.below(60),
    }
  }

  #drawTarget(): string | Capability {
    const { names, random } = this.#world
    const member = names[random.below(names.length)] ?? ''
    const target = pick(this.#world, ['shared', 'own', 'capability'] as const)
    if (target === 'shared') return sharedName
    return (target === 'capability' && this.#capabilities.get(member)) || ownName(member)
  }

  async #call(system: System, plan: Plan): Promise<End> {
    const source = signalSource()
    const { givenUpAfterMs } = plan
    const cancel =
      givenUpAfterMs === undefined ? undefined : system.clock.after(givenUpAfterMs, () => source.abort('enough'))
    const options = { ...plan.options, signal: source.signal }
    try {
      return await (plan.operation === 'count' ? this.#read(system, plan, options) : this.#ask(system, plan, options))
    } finally {
      cancel?.()
    }
  }

  async #ask(system: System, plan: Order, options: CallOptions): Promise<End> {
    const { call, operation, target, delayMs, sizeBytes } = plan
    if (operation === 'count') throw new CardumenError('option-invalid', 'A stream is read.')
    const tally = system.open(Tally, target)
    const answer = await tally[operation]({ call, delayMs, body: contentOf(call, sizeBytes) }, options)
    const { length } = answer.body
    const isRight = answer.call === call && length === sizeBytes && operation !== 'fail'
    this.#world.expect(isRight, 'own-answer', `${call} was answered with ${length} bytes for ${answer.call}`)
    this.#world.expect(isContentOf(answerTo(call), answer.body), 'own-content', `the answer to ${call} came spoilt`)
    return { how: 'ok', executed: 'yes' }
  }

  /** One in four is left in the middle. */
  async #read(system: System, plan: Plan, options: CallOptions): Promise<End> {
    const { call, target, items, delayMs } = plan
    const leaveAt = this.#world.random.next() < 0.25 ? this.#world.random.below(items + 1) : items
    let read = 0
    const stream = system.open(Tally, target).count({ call, items, delayMs: Math.min(delayMs, 50) }, options)
    for await (const item of stream) {
      const isRight = item.call === call && item.number === read
      this.#world.expect(isRight, 'stream-order', `item ${read} of ${call} is ${JSON.stringify(item)}`)
      read++
      if (read > leaveAt) return { how: 'left', executed: 'yes' }
    }
    this.#world.expect(read === items, 'stream-order', `${call} ended after ${read} of ${items} items`)
    return { how: 'ok', executed: 'yes' }
  }

  async #reachEveryone(): Promise<void> {
    const world = this.#world
    const targets = [sharedName, ...world.names.map(ownName)]
    const reach = (from: string, target: string): Promise<unknown> =>
      expectSuccess(world, `a call from ${from} to ${target}`, reachedWithinMs, () => {
        const call = `call ${++this.#calls}`
        const input = { call, delayMs: 0, body: new Uint8Array(0) }
        return world.on(from, (system) => system.open(Tally, target).append(input, { timeoutMs: 5_000 }))
      })
    await Promise.all(world.names.flatMap((from) => targets.map((target) => reach(from, target))))
  }

  /** Over one link, one after the other. */
  async #sendLarge(): Promise<void> {
    const [from = '', to = from] = this.#world.names
    for (let left = finalCalls; left > 0; left--) await this.#sendOneLarge(from, to)
  }

  /** Several at once, under which the link breaks. */
  async #breakUnderLarge(): Promise<void> {
    const { names, faults } = this.#world
    if (faults.length === 0) return
    const burst = async (from: string, to: string): Promise<void> => {
      for (let left = finalBursts; left > 0; left--) {
        this.#breakSoon(from, to)
        await Promise.all(Array.from({ length: burstCallsMax }, () => this.#sendOneLarge(from, to)))
      }
    }
    await Promise.all(names.map((from, index) => burst(from, names[(index + 1) % names.length] ?? from)))
  }

  async #sendOneLarge(from: string, to: string): Promise<void> {
    const { random } = this.#world
    const call = `call ${++this.#calls}`
    const order = {
      call,
      operation: 'append',
      target: ownName(to),
      sizeBytes: drawLargeBytes(random),
      delayMs: 0,
    } as const
    await expectSuccess(this.#world, `the large ${call} from ${from} to ${to}`, reachedWithinMs, () =>
      this.#world.on(from, (system) => this.#ask(system, order, { timeoutMs: reachedWithinMs })),
    )
  }

  /** A link over which nothing goes any more is let go: neither side still waits for the rest of something. */
  async #checkIdle(): Promise<void> {
    await this.#world.sleep(idleMs)
    for (const name of this.#world.names)
      for (const { peer, connections } of this.#world.system(name).member.status().links.peers)
        this.#world.expect(connections === 0, 'links-idle', `${name} still has a link to ${peer}, which nobody uses`)
  }

  /** They all run the same code, so what one sends is never more than another takes. */
  #checkRefusals(): void {
    for (const name of this.#world.names) {
      const { framesRefused } = this.#world.system(name).member.status().links
      this.#world.expect(framesRefused === 0, 'no-refusals', `${name} has refused ${framesRefused} frames of others`)
    }
  }

  #count(end: string): void {
    this.#ends.set(end, (this.#ends.get(end) ?? 0) + 1)
  }
}

function drawLargeBytes(random: Random): number {
  const restBytes = cellRestBytesMin + random.below(cellRestBytesMax - cellRestBytesMin)
  return cellBytes * (1 + random.below(burstCellsMax)) + restBytes
}

interface End {
  readonly how: string
  readonly executed: Executed
}

function executedOf(error: unknown): End {
  if (!isCardumenError(error)) throw error
  return { how: `${error.code} ${error.executed}`, executed: error.executed }
}

/** What the call's options say, or its contract. */
function promiseOf({ operation, semantics }: Plan): ExecutionPromise {
  return semantics ?? (operation === 'look' ? 'at-least-once' : 'at-most-once')
}
