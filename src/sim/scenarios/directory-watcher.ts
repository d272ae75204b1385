/**
 * One watcher of the scenario `directory-watch`: it outlives its member, and remembers what it was told.
 *
 * It goes on from the sequence number that it saw last, after every life of its member and whenever it has stopped by
 * itself; between these it leaves going on to the watch.
 */
import { type CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import { signalSource } from '../../lib/signal.ts'
import type { Directory } from '../../servers/directory/client.ts'
import type { System } from '../../servers/system.ts'
import type { World } from '../members/world.ts'
import { type DirectoryStep, toldOf } from './directory-changes.ts'

const againMs = 100
/** It stops after one event in so many. */
const stopsOnceIn = 6

type DirectoryEvent = ReturnType<Directory['watch']> extends AsyncIterable<infer Event> ? Event : never

export interface WatcherOptions {
  readonly world: World
  readonly member: string
  readonly directory: string
  readonly held: number
  readonly open: (system: System) => Directory
}

export class DirectoryWatcher {
  readonly #options: WatcherOptions
  readonly #told = new Map<number, readonly string[]>()
  #from = 0
  #seen = 0
  readonly #over = signalSource()

  constructor(options: WatcherOptions) {
    this.#options = options
  }

  get directory(): string {
    return this.#options.directory
  }

  /** What happens from now on counts. */
  async begin(): Promise<void> {
    const { world, member } = this.#options
    this.#from = await world.on(member, (system) => this.#opened(system).sequence())
    this.#seen = this.#from
  }

  /** Resolves when `until` has seen what it waits for. */
  async run(): Promise<void> {
    const { world, member } = this.#options
    while (!this.#over.signal.aborted) {
      try {
        await world.on(member, (system) => this.#watch(system))
      } catch (error) {
        if (!isCardumenError(error)) throw error
      }
      await world.sleep(againMs)
    }
  }

  async until(sequence: number, withinMs: number): Promise<void> {
    const { world, member, directory } = this.#options
    await world
      .until(() => this.#seen >= sequence, { withinMs })
      .catch((error: unknown) => {
        if (!isCardumenError(error, 'timed-out')) throw error
        world.expect(
          false,
          'progress',
          `the watcher of ${directory} on ${member} was told ${this.#seen} of ${sequence}`,
        )
      })
    this.#over.abort()
  }

  check(steps: readonly DirectoryStep[]): void {
    const { world, member, directory, held } = this.#options
    const who = `the watcher of ${directory} on ${member} with the rights ${held.toString(16)}`
    const expected = steps.filter(({ sequence }) => sequence > this.#from)
    for (const step of expected) {
      const due = toldOf(step, held).join(', ')
      const told = (this.#told.get(step.sequence) ?? []).join(', ')
      world.expect(told === due, 'told', `${who} was told "${told}" of ${step.sequence} instead of "${due}"`)
    }
    const known = new Set(expected.map(({ sequence }) => sequence))
    const strange = [...this.#told.keys()].filter((sequence) => !known.has(sequence))
    world.expect(strange.length === 0, 'told', `${who} was told of ${strange.join()}, when nothing changed`)
  }

  async #watch(system: System): Promise<void> {
    const { random } = this.#options.world
    const { signal } = this.#over
    try {
      for await (const event of this.#opened(system).watch('/', { from: this.#seen, signal })) {
        this.#take(event)
        if (random.below(stopsOnceIn) === 0) return
      }
    } catch (error) {
      if (isCardumenError(error)) this.#expectEnd(error)
      throw error
    }
  }

  /** Only with its own member; all else is over some day. */
  #expectEnd({ code, message }: CardumenError): void {
    const { world, member, directory } = this.#options
    const isOwn = code === 'closed' || code === 'lease-lost'
    world.expect(isOwn, 'resumes', `the watch of ${directory} on ${member} ended with ${code}: ${message}`)
  }

  #take({ sequence, changes }: DirectoryEvent): void {
    const { world, member, directory } = this.#options
    const who = `the watcher of ${directory} on ${member}`
    const isLater = sequence > this.#seen
    world.expect(isLater, 'once', `${who} was told of ${sequence} after it had been told of ${this.#seen}`)
    this.#seen = Math.max(this.#seen, sequence)
    this.#told.set(sequence, changes.map(({ kind, name }) => `${kind} ${name}`).toSorted())
  }

  #opened(system: System): Directory {
    const { open, held } = this.#options
    return open(system).restrict({ rights: held })
  }
}
