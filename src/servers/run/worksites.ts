/**
 * The members that offer to run things, as one caller sees them, and which of them suits a call best.
 *
 * Amoeba's rule: suitability is memory, times two where the module is loaded already, divided by the load; and of
 * those near the best one at random, so that many callers do not all run to the same; save that one to which a message
 * leaves in this turn anyway goes first, since a second message costs more than a small job. What is known of a member
 * costs no message: every answer says how busy it was, and the caller adds what it has sent there since.
 */
import type { Capability } from '../../kernel/capability.ts'
import type { Member } from '../../kernel/member.ts'
import type { Address, MemberId } from '../../lib/identifiers.ts'
import { memberOf } from '../../lib/identifiers.ts'
import type { Random } from '../../lib/random.ts'
import { Run, runName } from './interface.ts'
import { JobChannel } from './job-channel.ts'
import type { ReportedLoad, RunService } from './job-channel.ts'

/** More free memory than this makes nothing faster. */
const memoryMegabytesUseful = 4_096
/** Of the best, what still counts as near it. */
const nearBest = 0.9
const loadTimeoutMs = 5_000
const modulesRememberedMax = 256

export class Worksite {
  readonly address: Address
  readonly memberId: MemberId
  readonly run: RunService
  readonly channel: JobChannel
  /** Resolves when the member has said how much it can do, or that it will not. */
  readonly known: Promise<void>
  /** Jobs of this caller that are under way there. */
  inFlight = 0
  threads = 1
  #others = 0
  #freeMegabytes = memoryMegabytesUseful
  readonly #modules = new Set<string>()

  constructor(member: Member, capability: Capability, address: Address) {
    this.address = address
    this.memberId = memberOf(address)
    this.run = member.open(Run, capability)
    this.channel = new JobChannel(this.run, member.clock, (load) => this.#onLoad(load))
    this.known = this.run.load(undefined, { timeoutMs: loadTimeoutMs, semantics: 'at-most-once' }).then(
      (load) => {
        for (const module of load.modules) this.noteModule(module)
        this.#onLoad({ unfinished: load.unfinished, threads: load.threadsMax, freeMegabytes: load.freeMegabytes })
      },
      // It will be asked again by the first call that goes there, and that says what is wrong.
      () => undefined,
    )
  }

  /** A message with jobs leaves for it at the end of this turn. */
  get isHandy(): boolean {
    return this.channel.isFilling
  }

  noteModule(module: string): void {
    if (this.#modules.size < modulesRememberedMax) this.#modules.add(module)
  }

  suitability(module: string): number {
    const load = (this.inFlight + this.#others) / this.threads
    return (this.#freeMegabytes * (this.#modules.has(module) ? 2 : 1)) / (load + 1)
  }

  #onLoad({ unfinished, threads, freeMegabytes }: ReportedLoad): void {
    this.#others = Math.max(0, unfinished - this.inFlight)
    this.threads = Math.max(1, threads)
    this.#freeMegabytes = Math.max(1, Math.min(freeMegabytes, memoryMegabytesUseful))
  }
}

export class Worksites {
  readonly #member: Member
  #stopWatching: (() => void) | undefined
  #sites: readonly Worksite[] = []

  constructor(member: Member) {
    this.#member = member
  }

  /** Known from the first use on: a member that lets nothing run elsewhere links to nobody for it. */
  all(): readonly Worksite[] {
    if (this.#stopWatching === undefined) {
      this.#stopWatching = this.#member.onServersChanged(runName, () => this.#refresh())
      this.#refresh()
    }
    return this.#sites
  }

  /** Undefined where there is none, or none outside of `avoided`. */
  choose(module: string, avoided?: ReadonlySet<Address>): Worksite | undefined {
    return mostSuitable(this.all(), module, this.#member.random, avoided)
  }

  find(id: string): Worksite | undefined {
    return this.all().find((site) => site.memberId === id)
  }

  close(): void {
    this.#stopWatching?.()
  }

  #refresh(): void {
    const known = new Map(this.#sites.map((site) => [site.address, site]))
    this.#sites = this.#member
      .servers(runName)
      .map(({ capability, address }) => known.get(address) ?? new Worksite(this.#member, capability, address))
  }
}

/** One pass: a site much better than the best so far starts afresh, one near it that is as handy joins the draw. */
export function mostSuitable(
  sites: readonly Worksite[],
  module: string,
  random: Random,
  avoided: ReadonlySet<Address> | undefined,
): Worksite | undefined {
  let chosen: Worksite | undefined
  let best = 0
  let isHandy = false
  let drawn = 0
  for (const site of sites) {
    if (avoided?.has(site.address) === true) continue
    const suitability = site.suitability(module)
    if (suitability * nearBest > best) {
      drawn = 0
      isHandy = false
    }
    if (suitability > best) best = suitability
    if (suitability < best * nearBest || (isHandy && !site.isHandy)) continue
    if (site.isHandy && !isHandy) {
      drawn = 0
      isHandy = true
    }
    if (random.below(++drawn) === 0) chosen = site
  }
  return chosen
}
