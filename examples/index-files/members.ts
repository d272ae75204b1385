/**
 * The members that do the work, and this process's own place among them.
 *
 * They live in a state folder of their own, which goes with them: `close` leaves neither processes nor files behind.
 * They are tied to this process, so that they end with it even when it is killed and cannot close anything.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { down, join, type MemberEntry, type System, up } from 'cardumen'

export interface NamedProcess {
  readonly name: string
  readonly pid: number
}

export class Members implements AsyncDisposable {
  readonly system: System
  readonly #home: string
  readonly #names: ReadonlySet<string>

  private constructor(system: System, home: string, names: readonly string[]) {
    this.system = system
    this.#home = home
    this.#names = new Set(names)
  }

  static async start(count: number): Promise<Members> {
    const home = await mkdtemp(joinPath(tmpdir(), 'cardumen-example-'))
    try {
      const started = await up({ home, members: count, tied: true })
      return new Members(
        await join({ home, name: 'index-files' }),
        home,
        started.map(({ name }) => name),
      )
    } catch (error) {
      await clear(home)
      throw error
    }
  }

  /** Those that are alive, as last heard. */
  living(): readonly NamedProcess[] {
    return this.system
      .members()
      .filter((entry) => this.#names.has(entry.id))
      .map((entry) => ({ name: entry.id, pid: entry.pid }))
  }

  /** Calls `listener` when one has died; returns what ends it. */
  onDied(listener: (who: NamedProcess) => void): () => void {
    return this.system.onMemberParted((entry: MemberEntry) => {
      if (this.#names.has(entry.id)) listener({ name: entry.id, pid: entry.pid })
    })
  }

  /** Brings up again what was killed; gives all of them. */
  async replenish(): Promise<readonly NamedProcess[]> {
    return up({ home: this.#home, members: this.#names.size, tied: true })
  }

  async close(): Promise<void> {
    await this.system.close()
    await clear(this.#home)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

async function clear(home: string): Promise<void> {
  try {
    await down({ home })
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}
