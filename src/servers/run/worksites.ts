/**
 * The members that offer to run things, as one caller sees them, and which of them suits a call best.
 *
 * Amoeba's rule: suitability is memory, times two where the module is loaded already, divided by the load; and of
 * those near the best one at random, so that many callers do not all run to the same; save that one to which a message
 * leaves in this turn anyway goes first, since a second message costs more than a small job. What is known of a member
 * costs no message: every answer says how busy it was, and the caller adds what it has sent there since. One that has
 * not yet said what it can do comes after those that have, and one that is silent comes last: work that may run twice
 * does not wait there either, once another member can do it.
 */
import type { Clock } from '../../edges/clock.ts'
import type { Capability } from '../../kernel/capabilities/capability.ts'
import type { Member } from '../../kernel/member.ts'
import { isCardumenError } from '../../lib/cardumen-error.ts'
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
/** After so long without an answer nobody waits for it any more. */
export const loadTimeoutMs = 5_000
const modulesRememberedMax = 256

/** What speaks against a site, however suitable it may look. */
export const doubt = { none: 0, unknown: 1, silent: 2 } as const

export class Worksite {
  readonly address: Address
  readonly memberId: MemberId
  readonly run: RunService
  readonly channel: JobChannel
  /** Resolves when the member has said how much it can do, or has not for a while. */
  readonly known: Promise<void>
  /** Jobs of this caller that are under way there. */
  inFlight = 0
  threads = 1
  readonly #clock: Clock
  #isSilent: boolean
  #isAsking = false
  #isKnown = false
  #isClosed = false
  #others = 0
  #freeMegabytes = memoryMegabytesUseful
  readonly #modules = new Set<string>()

  constructor(member: Member, capability: Capability, address: Address) {
    this.#clock = member.clock
    this.address = address
    this.memberId = memberOf(address)
    this.run = member.open(Run, capability)
    this.#isSilent = isSilent(member, address)
    this.channel = new JobChannel(this.run, member.clock, (load) => this.#onLoad(load))
    this.known = new Promise((resolve) => {
      const stop = member.clock.after(loadTimeoutMs, resolve, { background: true })
      void this.#askLoad().then(resolve).finally(stop)
    })
  }

  /** A message with jobs leaves for it at the end of this turn. */
  get isHandy(): boolean {
    return this.channel.isFilling
  }

  get doubt(): number {
    if (this.#isSilent) return doubt.silent
    return this.#isKnown ? doubt.none : doubt.unknown
  }

  /** A silent one is asked for its load, so that it is heard when it goes on though nobody calls it. */
  onSilenceChanged(silent: boolean): void {
    this.#isSilent = silent
    if (silent) void this.#askLoad()
  }

  noteModule(module: string): void {
    if (this.#modules.size < modulesRememberedMax) this.#modules.add(module)
  }

  suitability(module: string): number {
    const load = (this.inFlight + this.#others) / this.threads
    return (this.#freeMegabytes * (this.#modules.has(module) ? 2 : 1)) / (load + 1)
  }

  close(): void {
    this.#isClosed = true
  }

  /** Until it has answered: a stopped member answers when it goes on. */
  async #askLoad(): Promise<void> {
    if (this.#isAsking) return
    this.#isAsking = true
    while (this.#isAsking && !this.#isClosed) {
      try {
        const load = await this.run.load(undefined, { timeoutMs: Number.POSITIVE_INFINITY })
        for (const module of load.modules) this.noteModule(module)
        this.#onLoad({ unfinished: load.unfinished, threads: load.threadsMax, freeMegabytes: load.freeMegabytes })
        this.#isAsking = false
      } catch (error) {
        if (isCardumenError(error, 'closed')) return
        // What is wrong there, the calls that go there say.
        await new Promise<void>((resolve) => this.#clock.after(loadTimeoutMs, resolve, { background: true }))
      }
    }
  }

  #onLoad({ unfinished, threads, freeMegabytes }: ReportedLoad): void {
    this.#isKnown = true
    this.#others = Math.max(0, unfinished - this.inFlight)
    this.threads = Math.max(1, threads)
    this.#freeMegabytes = Math.max(1, Math.min(freeMegabytes, memoryMegabytesUseful))
  }
}

export class Worksites {
  readonly #member: Member
  readonly #stopWatching: (() => void)[] = []
  #sites: readonly Worksite[] = []

  constructor(member: Member) {
    this.#member = member
  }

  /** Known from the first use on: a member that lets nothing run elsewhere links to nobody for it. */
  all(): readonly Worksite[] {
    if (this.#stopWatching.length === 0) {
      this.#stopWatching.push(
        this.#member.onServersChanged(runName, () => this.#refresh()),
        this.#member.onSilenceChanged((of) => this.#onSilenceChanged(of)),
      )
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
    for (const stop of this.#stopWatching) stop()
    for (const site of this.#sites) site.close()
  }

  #refresh(): void {
    const known = new Map(this.#sites.map((site) => [site.address, site]))
    const before = this.#sites
    this.#sites = this.#member
      .servers(runName)
      .map(({ capability, address }) => known.get(address) ?? new Worksite(this.#member, capability, address))
    for (const site of before) if (!this.#sites.includes(site)) site.close()
    this.#relieveSilent()
  }

  #onSilenceChanged(of: Address): void {
    this.#sites.find((site) => site.address === of)?.onSilenceChanged(isSilent(this.#member, of))
    this.#relieveSilent()
  }

  /** Only where somebody else can do the work: else it waits for the silent member as well as for any. */
  #relieveSilent(): void {
    const silent = this.#sites.filter((site) => site.doubt === doubt.silent)
    if (silent.length === this.#sites.length) return
    for (const site of silent) site.channel.onSilence()
  }
}

function isSilent(member: Member, of: Address): boolean {
  return member.members().some(({ address, state }) => address === of && state === 'unresponsive')
}

/**
 * One pass: a site with less doubt about it, or one much better than the best so far, starts afresh; one near it that
 * is as handy joins the draw.
 */
export function mostSuitable(
  sites: readonly Worksite[],
  module: string,
  random: Random,
  avoided: ReadonlySet<Address> | undefined,
): Worksite | undefined {
  let chosen: Worksite | undefined
  let best = 0
  let least: number = doubt.silent
  let isHandy = false
  let drawn = 0
  for (const site of sites) {
    if (avoided?.has(site.address) === true) continue
    const siteDoubt = site.doubt
    if (siteDoubt > least) continue
    if (siteDoubt < least) best = 0
    least = siteDoubt
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
