/**
 * The directory under faults: clients on all members look up, enter, replace, remove, move, chmod and install names in
 * two directories that change their places, while the directory's server moves and dies. What they saw must be
 * linearizable, all rows together: a move, an install and a look-up of many names is of one moment.
 *
 * Every write leaves something of its own: a capability with an expiry that nobody else writes, or a mask. So what a
 * look-up shows says whose write it saw. A change that was refused because something is or is not there saw that.
 */
import type { Capability } from '../../kernel/capabilities/capability.ts'
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import type { Directory } from '../../servers/directory/client.ts'
import type { Completion, HistoryRecorder } from '../checkers/history-recorder.ts'
import { checkLinearizable } from '../checkers/linearizable.ts'
import { pairEvents } from '../checkers/history.ts'
import { memberScenario } from '../members/member-scenario.ts'
import type { World } from '../members/world.ts'
import type { Scenario } from '../scenario.ts'
import { expectSuccess, pick, runClients } from './clients.ts'
import { absent, besides, type Change, directoryModel, done, exists, shownOf } from './directory-model.ts'
import { keepMoving, offerDirectory } from './directory-places.ts'

const links = { p: 'A', q: 'B' } as const
/** In the root, for the links to move between. */
const linkNames = ['p', 'q', 'r'] as const
const leafNames = ['x', 'y'] as const
const leafPaths = linkNames.flatMap((link) => leafNames.map((leaf) => `${link}/${leaf}`)) as [string, ...string[]]
const allPaths = [...linkNames, ...leafPaths]
/** In each directory a link to itself: the longer a path, the more changes while it is walked. */
const circle = 'self'
const model = directoryModel(links, circle)
const withinMs = 60_000
const moveGapMsMax = 1_500
const burstMs = 150
const burstSpreadMs = 3
const rushMs = 1_500
const rushGapMsMax = 20
const crashGapMsMax = 400
const rushDelay = { kind: 'exponential', minMs: 0, meanMs: 8, maxMs: 100 } as const
/** Far away, so that none expires: each write has its own. */
const expiryBaseMs = 2 ** 42
const configurationsMax = 3_000_000

/** What happened, over many runs. */
export type DirectoryCounts = Map<string, number>

export function directoryScenario(counts: DirectoryCounts = new Map()): Scenario {
  return memberScenario(
    {
      name: 'directory',
      about: 'names are looked up and changed, in several directories at once, and all of it is linearizable',
      members: 3,
      durationMs: 6_000,
      program: offerDirectory,
    },
    (world) => new DirectoryRun(world, counts).run(),
  )
}

export const directory = directoryScenario()

class DirectoryRun {
  readonly #world: World
  readonly #counts: DirectoryCounts
  readonly #history: HistoryRecorder
  /** By path, what a client saw last: a change that expects it has a chance. */
  readonly #lastSeen = new Map<string, { readonly shown: string; readonly version: number }>()
  /** The directories' own capabilities. */
  readonly #directories = new Map<string, Capability>()
  #root: Capability | undefined
  #drawn = 0

  constructor(world: World, counts: DirectoryCounts) {
    this.#world = world
    this.#counts = counts
    this.#history = world.history()
  }

  async run(): Promise<void> {
    const world = this.#world
    await this.#begin()
    const moving = keepMoving(world, moveGapMsMax, () => this.#count('moved'))
    const working = runClients(world, { perMember: 2, gapMsMax: 250 }, ({ name, member }) =>
      this.#operate(name, member).catch(refuseStrange),
    )
    await world.calm()
    await Promise.all([working, moving])
    await this.#rush()
    for (const name of world.names)
      await expectSuccess(world, `a look-up of everything from ${name}`, withinMs, () =>
        this.#lookUp(`${name}, last`, name, allPaths),
      )
    world.check(checkLinearizable(pairEvents(this.#history.events, model), model, { configurationsMax }))
  }

  /** Makes the directories; where an answer was lost they may be there already. */
  async #begin(): Promise<void> {
    const [first = ''] = this.#world.names
    for (const [name, label] of Object.entries(links))
      await expectSuccess(this.#world, `making the directory ${name}`, withinMs, async () => {
        await this.#world.on(first, async ({ directory: root }) => {
          await root.create(name).catch((error: unknown) => {
            if (!isCardumenError(error, 'name-exists')) throw error
          })
          const { capability } = await root.lookup(name)
          await root.enter(`${name}/${circle}`, capability).catch((error: unknown) => {
            if (!isCardumenError(error, 'name-exists')) throw error
          })
          this.#directories.set(label, capability)
          this.#root = root.capability
        })
      })
  }

  /** The engine takes its time, so much changes between two reads of one operation; and servers die in the middle. */
  async #rush(): Promise<void> {
    const world = this.#world
    const untilMs = world.nowMs + rushMs
    const lift = world.inject({ kind: 'engine-slow', delay: rushDelay, atMs: 0 })
    const act = async (member: string, client: string): Promise<void> => {
      while (world.nowMs < untilMs) {
        await world.sleep(world.random.next() * rushGapMsMax)
        await this.#act(client, member).catch(refuseStrange)
      }
    }
    const acting = world.names.flatMap((member) => [1, 2, 3].map((each) => act(member, `${member}, rush ${each}`)))
    await Promise.all([...acting, this.#crashServers(untilMs)])
    lift()
  }

  async #crashServers(untilMs: number): Promise<void> {
    const world = this.#world
    while (world.nowMs < untilMs) {
      await world.sleep(world.random.next() * crashGapMsMax)
      const server = world.names.find((name) => world.isUp(name) && world.system(name).directories.isServing)
      if (server === undefined) continue
      world.crash(server)
      await world.restart(server)
    }
  }

  /** Clients act in bursts, so that many changes meet each other on their way. */
  async #operate(client: string, member: string): Promise<void> {
    const { nowMs, random } = this.#world
    await this.#world.sleep(burstMs - (nowMs % burstMs) + random.next() * burstSpreadMs)
    if (this.#world.isUp(member)) await this.#act(client, member)
  }

  async #act(client: string, member: string): Promise<void> {
    if (member === this.#world.names.at(-1)) return this.#look(client, member)
    const kinds = [
      'lookup',
      'lookup',
      'lookup',
      'enter',
      'replace',
      'remove',
      'chmod',
      'move',
      'link',
      'install',
    ] as const
    const kind = pick(this.#world, kinds)
    const path = pick(this.#world, leafPaths)
    switch (kind) {
      case 'lookup':
        return this.#look(client, member)
      case 'link':
        return this.#move(client, member, pick(this.#world, linkNames), pick(this.#world, linkNames))
      case 'move':
        return this.#move(client, member, path, pick(this.#world, leafPaths))
      case 'install':
        return this.#install(client, member)
      default:
        return this.#change(client, member, kind, path)
    }
  }

  /** All that a member does from which nothing is changed: what it remembers is never set right by its own changes. */
  #look(client: string, member: string): Promise<void> {
    const isMany = this.#world.random.below(2) === 0
    const path = pick(this.#world, leafPaths).replace('/', `/${`${circle}/`.repeat(this.#world.random.below(6))}`)
    const leaf = pick(this.#world, leafNames)
    const pairs = [`p/${leaf}`, `q/${leaf}`]
    const many = pick<readonly string[]>(this.#world, [allPaths, linkNames, linkNames, pairs])
    return this.#lookUp(client, member, isMany ? many : [path])
  }

  async #lookUp(client: string, member: string, paths: readonly string[]): Promise<void> {
    const run = async ({ directory: root }: { readonly directory: Directory }): Promise<string[]> => {
      const [only = ''] = paths
      const found = paths.length === 1 ? [await lookUpOne(root, only)] : await root.setlookup(paths)
      return found.map((each, at) => this.#shown(paths[at] ?? '', each))
    }
    const asked = { f: 'lookup', value: paths }
    await this.#history.record(client, asked, () => this.#world.on(member, run), meaningOf)
    this.#count(paths.length === 1 ? 'lookup' : 'setlookup')
  }

  async #change(client: string, member: string, kind: 'enter' | 'replace' | 'remove' | 'chmod', path: string) {
    const number = ++this.#drawn
    const id = idOf(number)
    const capability = this.#capability(number)
    const seen = this.#lastSeen.get(path)
    const { version: expected = 0, shown = '' } = seen ?? {}
    const isUnconditional = seen === undefined || this.#world.random.below(2) === 0
    const mask = (0xffff | (number << 16)) >>> 0
    const changes = {
      enter: [['enter', path, id], (root: Directory) => root.enter(path, capability)],
      replace: [['replace', path, id, shown], (root: Directory) => root.replace(path, capability, { expected })],
      remove: [
        ['remove', path, isUnconditional ? null : shown],
        (root: Directory) => root.remove(path, isUnconditional ? {} : { expected }),
      ],
      chmod: [['chmod', path, mask], (root: Directory) => root.chmod(path, [mask])],
    } as const
    const [change, run] = changes[kind]
    await this.#record(client, member, change, run)
  }

  #move(client: string, member: string, source: string, target: string): Promise<void> {
    return this.#record(client, member, ['move', source, target], (root) => root.move(source, target))
  }

  async #record(client: string, member: string, change: Change, run: (root: Directory) => Promise<number>) {
    const attempt = async (): Promise<string> => {
      try {
        await this.#world.on(member, (system) => run(system.directory))
        this.#count(`${change[0]} done`)
        return done
      } catch (error) {
        const saw = isCardumenError(error) && error.executed === 'no' ? whatWasSeen(error) : undefined
        if (isCardumenError(error)) this.#count(`${change[0]} ${error.code}`)
        if (saw === undefined) throw error
        return saw
      }
    }
    await this.#history.record(client, { f: 'change', value: [change] }, attempt, meaningOf)
  }

  /** Lets the links change places, moves leaves between their directories, or enters in both. */
  async #install(client: string, member: string): Promise<void> {
    const planned = pick(this.#world, ['swap', 'both', 'replace'] as const)
    const parts = planned === 'swap' ? this.#swap() : this.#bothLeaves(planned === 'replace')
    if (parts.length < 2) return
    const run = async (): Promise<string> => {
      await this.#world.on(member, (system) => system.directory.install(parts.map(([, change]) => change)))
      return done
    }
    const value = parts.map(([change]) => change)
    await this.#history.record(client, { f: 'install', value }, run, meaningOf)
    this.#count(`install ${planned}`)
  }

  #swap(): readonly Part[] {
    const [one, other] = linkNames.flatMap((name) => {
      const seen = this.#lastSeen.get(name)
      const label = seen?.shown.split(' ')[0] ?? ''
      const capability = this.#directories.get(label)
      return seen === undefined || capability === undefined ? [] : [{ path: name, ...seen, label, capability }]
    })
    if (one === undefined || other === undefined) return []
    const part = (at: typeof one, to: typeof one): Part => [
      ['replace', at.path, to.label, at.shown],
      { kind: 'replace', path: at.path, capability: to.capability, expected: at.version },
    ]
    return [part(one, other), part(other, one)]
  }

  #bothLeaves(isReplacing: boolean): readonly Part[] {
    const leaf = pick(this.#world, leafNames)
    const number = ++this.#drawn
    return ['p', 'q'].flatMap((link, place): readonly Part[] => {
      const path = `${link}/${leaf}`
      const capability = this.#capability(number, place)
      const id = idOf(number, place)
      const seen = this.#lastSeen.get(path)
      if (!isReplacing) return [[['enter', path, id], { kind: 'enter', path, capability }]]
      if (seen === undefined) return []
      const { version: expected, shown } = seen
      return [[['replace', path, id, shown], { kind: 'replace', path, capability, expected }]]
    })
  }

  /** It leads to the root; that nobody opens it here is why it may. */
  #capability(number: number, place = 0): Capability {
    const root = this.#root
    if (root === undefined) throw new CardumenError('root-absent', 'The scenario has not begun.')
    return root.restrict({ expiresAt: expiryBaseMs + 2 * number + place })
  }

  #shown(path: string, found: Found | undefined): string {
    if (found === undefined) {
      this.#lastSeen.delete(path)
      return absent
    }
    const { capability, version } = found
    const { expiresAtMs } = capability
    const shown = shownOf(this.#idOf(capability, expiresAtMs), capability.rights)
    this.#lastSeen.set(path, { shown, version })
    return shown
  }

  #idOf(capability: Capability, expiresAtMs: number | undefined): string {
    if (expiresAtMs !== undefined) {
      const written = expiresAtMs - expiryBaseMs
      return idOf(Math.floor(written / 2), written % 2)
    }
    for (const [label, each] of this.#directories) if (each.equals(capability)) return label
    return 'another'
  }

  #count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1)
  }
}

/** @param place - of the row among those of one install. */
function idOf(number: number, place = 0): string {
  return `v${number}${place === 0 ? '' : besides}`
}

type Found = Awaited<ReturnType<Directory['lookup']>>
type DirectoryChange = Parameters<Directory['install']>[0][number]

/** The same change as the model and as the directory takes it. */
type Part = readonly [Change, DirectoryChange]

async function lookUpOne(root: Directory, path: string): Promise<Found | undefined> {
  try {
    return await root.lookup(path)
  } catch (error) {
    if (!isCardumenError(error, 'name-unknown')) throw error
    return undefined
  }
}

function whatWasSeen({ code }: CardumenError): string | undefined {
  if (code === 'name-unknown') return absent
  return code === 'name-exists' ? exists : undefined
}

/** A clash says only that something had changed. */
function meaningOf(error: unknown): Completion {
  return isCardumenError(error) && error.executed === 'no' ? 'fail' : 'info'
}

function refuseStrange(error: unknown): void {
  if (!isCardumenError(error)) throw error
}
