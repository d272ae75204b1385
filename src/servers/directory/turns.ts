/**
 * Turns at directories: of those that change one directory, one at a time, so that they do not clash in the engine.
 *
 * A turn at several is queued for at all of them at once, so none waits in a circle. It is only for speed: what makes a
 * change safe are the conditions of its transaction. Bounded by the calls that the server runs at once.
 */
const free: Promise<void> = Promise.resolve()

export class Turns {
  readonly #last = new Map<number, Promise<void>>()

  /** Runs `work` when those before it at each of the directories are over, however they ended. */
  run<Result>(directories: readonly number[], work: () => Promise<Result>): Promise<Result> {
    const before = directories.map((directory) => this.#last.get(directory) ?? free)
    const result = Promise.all(before).then(work)
    const over = result.then(ignore, ignore)
    for (const directory of directories) this.#last.set(directory, over)
    void over.then(() => {
      for (const directory of directories) if (this.#last.get(directory) === over) this.#last.delete(directory)
    })
    return result
  }
}

function ignore(): void {}
