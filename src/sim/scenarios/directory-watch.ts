/**
 * Watchers of directories under faults: each is told of every change that it may know of, once and in order, whatever
 * becomes of the directory's server, of the links and of itself.
 *
 * Clients change two directories, whose server moves and dies. On each member there are watchers, one for each column;
 * now and then one stops and goes on later from where it was. What they were told is compared with what the engine's log
 * says of the rows. In the end the log is made to forget, and a watch from long ago must say so.
 */
import { Capability } from '../../kernel/capabilities/capability.ts'
import { allRights, rights } from '../../kernel/capabilities/rights.ts'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import type { Directory } from '../../servers/directory/client.ts'
import type { System } from '../../servers/system.ts'
import { memberScenario } from '../members/member-scenario.ts'
import type { World } from '../members/world.ts'
import type { Scenario } from '../scenario.ts'
import { expectSuccess, pick, runClients } from './clients.ts'
import { type DirectoryStep, stepsOf, toldOf } from './directory-changes.ts'
import { keepMoving, offerDirectory } from './directory-places.ts'
import { DirectoryWatcher } from './directory-watcher.ts'

const directories = ['a', 'b'] as const
const names = ['x', 'y', 'z'] as const
const columns = [allRights, rights.read | rights.group, rights.read | rights.other] as const
const lastName = 'last'
const withinMs = 60_000
const moveGapMsMax = 1_500
const expiryBaseMs = 2 ** 42
/** More than the engine's log keeps, in values as large as can be. */
const floodBytes = 18_000_000
const floodValueBytes = 500_000

/** What happened, over many runs. */
export type WatchCounts = Map<string, number>

export function directoryWatchScenario(counts: WatchCounts = new Map()): Scenario {
  return memberScenario(
    {
      name: 'directory-watch',
      about: 'watchers of directories are told of each change that they may know of, once and in order',
      members: 3,
      durationMs: 6_000,
      program: offerDirectory,
    },
    (world) => new WatchRun(world, counts).run(),
  )
}

export const directoryWatch = directoryWatchScenario()

class WatchRun {
  readonly #world: World
  readonly #counts: WatchCounts
  readonly #opened = new Map<string, Capability>()
  readonly #watchers: DirectoryWatcher[] = []
  #drawn = 0

  constructor(world: World, counts: WatchCounts) {
    this.#world = world
    this.#counts = counts
  }

  async run(): Promise<void> {
    const world = this.#world
    await this.#begin()
    const watching = Promise.all(this.#watchers.map((watcher) => watcher.run()))
    const moving = keepMoving(world, moveGapMsMax, () => this.#count('moved'))
    const working = runClients(world, { perMember: 1, gapMsMax: 250 }, ({ member }) =>
      this.#change(member).catch(refuseStrange),
    )
    await world.calm()
    await Promise.all([working, moving])
    for (const directory of directories) await this.#checkDirectory(directory)
    await watching
    await this.#forget()
  }

  async #begin(): Promise<void> {
    const world = this.#world
    const [first = ''] = world.names
    for (const name of directories)
      await expectSuccess(world, `making the directory ${name}`, withinMs, () =>
        world.on(first, async ({ directory: root }) => {
          await root.create(name).catch((error: unknown) => {
            if (!isCardumenError(error, 'name-exists')) throw error
          })
          this.#opened.set(name, (await root.lookup(name)).capability)
        }),
      )
    for (const member of world.names)
      for (const held of columns) {
        const directory = pick(world, directories)
        const watcher = new DirectoryWatcher({
          world,
          member,
          directory,
          held,
          open: (of) => this.#open(of, directory),
        })
        this.#watchers.push(watcher)
        await expectSuccess(world, `the sequence of ${directory}`, withinMs, () => watcher.begin())
      }
  }

  async #change(member: string): Promise<void> {
    const [directory, name] = [pick(this.#world, directories), pick(this.#world, names)]
    const path = `${directory}/${name}`
    const kind = pick(this.#world, [
      'enter',
      'enter',
      'enter',
      'replace',
      'chmod',
      'chmod',
      'remove',
      'move',
      'install',
    ] as const)
    await this.#world.on(member, async ({ directory: root }) => {
      switch (kind) {
        case 'enter':
          return root.enter(path, this.#capability(root), { masks: this.#masks() })
        case 'replace':
          return root.replace(path, this.#capability(root), { expected: (await root.lookup(path)).version })
        case 'chmod':
          return root.chmod(path, this.#masks())
        case 'remove':
          return root.remove(path)
        case 'move':
          return root.move(path, `${pick(this.#world, directories)}/${pick(this.#world, names)}`)
        default:
          return root.install(
            directories.map((each) => ({
              kind: 'enter',
              path: `${each}/${name}`,
              capability: this.#capability(root),
              masks: this.#masks(),
            })),
          )
      }
    })
    this.#count(kind)
  }

  /** The group and the others see it, or do not. */
  #masks(): readonly number[] {
    const seenBy = (bits: number): number => (this.#world.random.below(2) === 0 ? 0 : bits)
    return [allRights, seenBy(rights.read | rights.group), seenBy(rights.read | rights.other)]
  }

  #capability(root: Directory): Capability {
    return root.capability.restrict({ expiresAt: expiryBaseMs + ++this.#drawn })
  }

  #open(system: System, directory: string): Directory {
    const capability = this.#opened.get(directory)
    return capability === undefined ? system.directory : system.openDirectory(capability)
  }

  /** Ends the watchers by a change that all of them see, and compares. */
  async #checkDirectory(directory: string): Promise<void> {
    const world = this.#world
    const [first = ''] = world.names
    const path = `${directory}/${lastName}`
    const last = await expectSuccess(world, 'the last change', withinMs, () =>
      world.on(first, async ({ directory: root }) => {
        await root
          .enter(path, root.capability, { masks: [allRights, allRights, allRights] })
          .catch((error: unknown) => {
            if (!isCardumenError(error, 'name-exists')) throw error
          })
        return (await root.lookup(path)).version
      }),
    )
    const capability = this.#opened.get(directory)
    if (last === undefined || capability === undefined) return
    const { object } = Capability.partsOf(capability)
    const steps = await expectSuccess(world, 'reading the log', withinMs, () =>
      world.on(first, (system) => stepsOf(system, object, last)),
    )
    if (steps === undefined) return
    for (const watcher of this.#watchers.filter((each) => each.directory === directory)) {
      await watcher.until(last, withinMs)
      watcher.check(steps)
      this.#count('told')
    }
    await this.#checkListing(directory, steps)
  }

  /** What is listed for each column is what the log leaves, as far as it may be seen. */
  async #checkListing(directory: string, steps: readonly DirectoryStep[]): Promise<void> {
    const world = this.#world
    for (const held of columns) {
      const known = new Set<string>()
      for (const step of steps)
        for (const [kind, name = ''] of toldOf(step, held).map((text) => text.split(' ')))
          if (kind === 'removed') known.delete(name)
          else known.add(name)
      const listed = await expectSuccess(world, 'listing', withinMs, () => this.#listed(directory, held))
      const expected = [...known].toSorted().join(' ')
      const isRight = listed === undefined || listed === expected
      world.expect(
        isRight,
        'listing',
        `${directory}, rights ${held.toString(16)}: "${listed}" instead of "${expected}"`,
      )
    }
  }

  #listed(directory: string, held: number): Promise<string> {
    const [first = ''] = this.#world.names
    return this.#world.on(first, async (system) => {
      const listed: string[] = []
      for await (const { name } of this.#open(system, directory).restrict({ rights: held }).list()) listed.push(name)
      return listed.toSorted().join(' ')
    })
  }

  /** The engine's log loses its beginning: who was told of nothing since then hears that, and can begin anew. */
  async #forget(): Promise<void> {
    const world = this.#world
    const [first = ''] = world.names
    const value = new Uint8Array(floodValueBytes)
    for (let bytes = 0; bytes < floodBytes; bytes += floodValueBytes)
      await expectSuccess(world, 'filling the log', withinMs, () =>
        world.on(first, async ({ member: { engine } }) => void (await engine.put('flood', value))),
      )
    const [directory] = directories
    const told = await world.on(first, async (system) => {
      const root = this.#open(system, directory)
      try {
        for await (const event of root.watch('/', { from: 1 })) return `of ${event.sequence}`
        return 'nothing'
      } catch (error) {
        return isCardumenError(error) ? error.code : String(error)
      }
    })
    world.expect(told === 'compacted', 'compacted', `a watch from long ago was told ${told}`)
    this.#count(told)
  }

  #count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1)
  }
}

function refuseStrange(error: unknown): void {
  if (!isCardumenError(error)) throw error
}
