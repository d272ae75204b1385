/**
 * Carries changes out: finds the rows, has the change planned, and writes it as one transaction, or nothing at all.
 *
 * Everything that a change was decided by stands in the conditions of its transaction: the rows on the way, the rows
 * and heads themselves, and that this server still serves. Where something else of that changed meanwhile, it is
 * decided anew, a bounded number of times; so is a refusal that was true of no single moment.
 */
import type { Operation } from '../../edges/engine.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { Plan, type PlannedChange, type Target } from './plan.ts'
import type { DirectoryRow, Head } from './rows.ts'
import { type DirectoryStore, type Read, unknownDirectory } from './store.ts'
import type { Turns } from './turns.ts'
import { type Onward, type Place, RefusedOnTheWay, refusedWith, type Start, type Walks } from './walk.ts'

export const attemptsMax = 16

export interface WritesOptions {
  readonly store: DirectoryStore
  readonly walks: Walks
  readonly turns: Turns
  /** The audit's part of the transaction. */
  readonly audited: (start: Start, changes: readonly PlannedChange[]) => readonly Operation[]
}

/** Plans a change of the rows at the ends of the paths, in their order. */
export type Decide = (plan: Plan, targets: readonly Target[]) => void

export class Writes {
  readonly #options: WritesOptions
  /** Attempts that were begun anew because something changed meanwhile. */
  clashes = 0

  constructor(options: WritesOptions) {
    this.#options = options
  }

  /**
   * Resolves to the version written, or to where the caller has to go on.
   * @throws CardumenError what `decide` throws, and of paths; `try-again` where it clashed again and again.
   */
  async run(start: Start, paths: readonly (readonly string[])[], decide: Decide): Promise<Onward | number> {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const outcome = await settled(this.#options.store, () => this.#attempt(start, paths, decide))
      if (outcome !== undefined) return outcome
      this.clashes++
    }
    throw new CardumenError('try-again', 'What the change is of changed too often meanwhile; it did not run.')
  }

  async #attempt(
    start: Start,
    paths: readonly (readonly string[])[],
    decide: Decide,
  ): Promise<Onward | number | undefined> {
    const places: Place[] = []
    for (const path of paths) {
      const place = await this.#options.walks.walk(start, path)
      if (place.kind === 'at') places.push(place)
      else if (paths.length === 1) return place
      else throw leadsElsewhere()
    }
    const directories = [...new Set(places.map(({ directory }) => directory))]
    return await this.#options.turns.run(directories, () => this.#inTurn(start, places, directories, decide))
  }

  async #inTurn(
    start: Start,
    places: readonly Place[],
    directories: readonly number[],
    decide: Decide,
  ): Promise<number | undefined> {
    const { store, audited } = this.#options
    const [heads, rows] = await Promise.all([
      Promise.all(directories.map((directory) => store.head(directory))),
      Promise.all(places.map(({ directory, name }) => store.row(directory, name))),
    ])
    const read = [
      ...places.flatMap(({ conditions }) => conditions),
      ...[...heads, ...rows].map((each) => each.condition),
    ]
    const plan = await refusedWith(read, async () => {
      const planned = new Plan()
      decide(
        planned,
        places.map((place, at) => targetOf(place, rows[at], heads[directories.indexOf(place.directory)])),
      )
      return planned
    })
    if (start.context.signal.aborted)
      throw new CardumenError('cancelled', 'The caller gave up before anything was written.')
    const conditions = [...places.flatMap((place) => place.conditions), ...plan.conditions]
    return await store.write(conditions, [...plan.operations, ...audited(start, plan.changes)])
  }
}

/** @returns undefined where it is to be tried again: what it was refused by stood at no single moment. */
export async function settled<Result>(
  store: DirectoryStore,
  attempt: () => Promise<Result | undefined>,
): Promise<Result | undefined> {
  try {
    return await attempt()
  } catch (error) {
    if (!(error instanceof RefusedOnTheWay)) throw error
    const { conditions, refusal } = error
    if (conditions.length <= 1 || (await store.stand(conditions))) throw refusal
    return undefined
  }
}

export function leadsElsewhere(): CardumenError {
  return new CardumenError(
    'not-a-directory',
    'One of these paths leads through a directory of another server, or one that only its holder can open.',
  )
}

function targetOf(place: Place, row: Read<DirectoryRow> | undefined, head: Read<Head> | undefined): Target {
  if (row === undefined || head?.value === undefined) throw unknownDirectory()
  return { place, row, head: { ...head, value: head.value } }
}
