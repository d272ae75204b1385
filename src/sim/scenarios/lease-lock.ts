/**
 * A lock under a lease with a fenced store, under pauses, cuts, leases that end too early, and clocks that leap.
 *
 * Two may well believe at once that they hold it; the store must not care. What the store accepted is read from the
 * engine in the end, so a write whose outcome its writer never learned counts as it was. A token must also be newer
 * than all that were acquired before its acquisition began.
 */
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { fromUtf8Lenient } from '../../lib/text.ts'
import type { System } from '../../servers/system.ts'
import { checkExclusion, type Tenure } from '../checkers/exclusion.ts'
import { violated, held } from '../checkers/verdict.ts'
import type { CertainVerdict } from '../checkers/verdict.ts'
import type { World } from '../members/world.ts'
import type { Scenario } from '../scenario.ts'
import { expectSuccess, runClients } from './clients.ts'
import { acquire, giveBack, logPrefix, type LockVariant, writeFenced } from './lease-lock-parts.ts'
import { scenarioWithMemory } from './scenario-with-memory.ts'

const ttlMs = 600
const writesMax = 4
const betweenWritesMsMax = 400
const acquiredWithinMs = 30_000

/** What happened, over many runs: acquisitions, writes, and how often one was refused as stale. */
export type LockCounts = Map<string, number>

export function leaseLockScenario(variant: LockVariant = 'right', counts: LockCounts = new Map()): Scenario {
  return scenarioWithMemory(
    {
      name: 'lease-lock',
      about: 'a lock under a lease: the store accepts no stale token, whatever its holders believe',
      members: 4,
      durationMs: 10_000,
    },
    () => ({ director: (world) => new LockRun(world, variant, counts).run() }),
  )
}

export const leaseLock = leaseLockScenario()

interface Acquisition {
  readonly holder: string
  readonly token: number
  readonly invokedMs: number
  readonly acquiredMs: number
}

type Outcome = 'accepted' | 'refused' | 'unknown'

class LockRun {
  readonly #world: World
  readonly #variant: LockVariant
  readonly #counts: LockCounts
  readonly #acquisitions: Acquisition[] = []
  readonly #outcomes = new Map<string, Outcome>()
  #attempts = 0

  constructor(world: World, variant: LockVariant, counts: LockCounts) {
    this.#world = world
    this.#variant = variant
    this.#counts = counts
  }

  async run(): Promise<void> {
    const world = this.#world
    const working = runClients(world, { perMember: 1, gapMsMax: 200 }, ({ member }) =>
      world.on(member, async (system) => void (await this.#useOnce(system))).catch(refuseStrange),
    )
    await world.calm()
    await working
    for (const member of world.names)
      await expectSuccess(world, `the lock on ${member}`, acquiredWithinMs, () =>
        world.on(member, async (system) => {
          while (!(await this.#useOnce(system))) await system.sleep(50)
        }),
      )
    await this.#check()
    await this.#expectMembers()
  }

  /** A life whose own lease has ended under it is over: whoever still acts is a member, for all others too. */
  async #expectMembers(): Promise<void> {
    const world = this.#world
    const systems = world.names.map((name) => world.system(name))
    const isAgreed = (): boolean =>
      systems.every(({ member }) =>
        systems.every((other) => member.members().some(({ address }) => address === other.member.address)),
      )
    const agreed = world.until(isAgreed, { withinMs: acquiredWithinMs, what: 'agreement on who is a member' })
    await agreed.catch(refuseStrange)
    world.expect(isAgreed(), 'membership', 'somebody goes on who is no member for others any more')
  }

  /** Whether it had the lock. */
  async #useOnce(system: System): Promise<boolean> {
    const attempt = `${system.name}, attempt ${++this.#attempts}`
    const invokedMs = this.#world.nowMs
    const lock = await acquire(system.member, ttlMs, attempt, this.#variant)
    if (lock === undefined) return false
    const { token, lease } = lock
    this.#acquisitions.push({ holder: attempt, token, invokedMs, acquiredMs: this.#world.nowMs })
    this.#count('acquired')
    for (let count = system.random.below(writesMax + 1); count > 0; count--) {
      await this.#write(system, token, `${attempt}, write ${count}`)
      await system.sleep(system.random.next() * betweenWritesMsMax)
    }
    await giveBack(lease, system.clock)
    return true
  }

  async #write(system: System, token: number, write: string): Promise<void> {
    try {
      const isAccepted = await writeFenced(system.member.engine, token, write, this.#variant)
      this.#outcomes.set(write, isAccepted ? 'accepted' : 'refused')
      this.#count(isAccepted ? 'accepted' : 'refused')
    } catch (error) {
      if (!isCardumenError(error)) throw error
      if (error.executed === 'unknown') this.#outcomes.set(write, 'unknown')
      else this.#outcomes.set(write, 'refused')
    }
  }

  async #check(): Promise<void> {
    const world = this.#world
    const [anyone = ''] = world.names
    const entries = await expectSuccess(world, 'the listing of what was written', acquiredWithinMs, () =>
      world.on(anyone, async (system) => (await system.member.engine.list(logPrefix)).entries),
    )
    const written = [...(entries ?? [])].sort((left, right) => left.revision - right.revision)
    // The engine's revisions are the store's time, and the order of the tokens that it gave.
    const tenures = this.#acquisitions.map(({ holder, token }): Tenure => ({ holder, token, fromMs: token }))
    const writes = written.map(({ value, revision }) => ({
      ...{ token: Number(fromUtf8Lenient(value)), atMs: revision, isAccepted: true },
    }))
    world.check(checkExclusion({ tenures, writes }))
    world.check(checkTokensGrow(this.#acquisitions))
    const present = new Set(written.map(({ key }) => key.slice(logPrefix.length)))
    for (const [write, outcome] of this.#outcomes) {
      const isRight = outcome === 'unknown' || present.has(write) === (outcome === 'accepted')
      world.expect(isRight, 'truthful', `${write} was ${outcome}, and is ${present.has(write) ? '' : 'not '}there`)
    }
  }

  #count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1)
  }
}

/** Of two acquisitions of which one was over before the other began, the later one has the newer token. */
function checkTokensGrow(acquisitions: readonly Acquisition[]): CertainVerdict {
  const byEnd = acquisitions.toSorted((left, right) => left.acquiredMs - right.acquiredMs)
  let ended = 0
  let newest: Acquisition | undefined
  for (const each of acquisitions.toSorted((left, right) => left.invokedMs - right.invokedMs)) {
    for (let next = byEnd[ended]; next !== undefined && next.acquiredMs < each.invokedMs; next = byEnd[++ended])
      if (newest === undefined || next.token > newest.token) newest = next
    if (newest !== undefined && each.token <= newest.token)
      return violated(
        'exclusion',
        `${each.holder} got token ${each.token}, after ${newest.holder} had ${newest.token}.`,
      )
  }
  return held
}

function refuseStrange(error: unknown): void {
  if (!isCardumenError(error)) throw error
}
