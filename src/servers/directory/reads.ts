/**
 * Look-ups and listings: what stands now, as far as the caller's columns let him see it.
 *
 * A name costs one read of the engine, and so does each name of a longer path; of those the rows on the way are read
 * once more at the end, so that the answer is of one moment; where one has changed, the walk begins anew.
 */
import type { Clock } from '../../edges/clock.ts'
import type { Condition } from '../../edges/engine.ts'
import { Capability, type CapabilityParts } from '../../kernel/capabilities/capability.ts'
import type { CallContext } from '../../kernel/service.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { Port } from '../../lib/identifiers.ts'
import { absent, grantedBy, hidden, isOwner, mayKnowOf, narrowed, needColumn } from './access.ts'
import type { Masks } from './changes.ts'
import { type PackedRow, packedRow, rowsPerPageMax } from './interface.ts'
import type { Positions } from './positions.ts'
import type { DirectoryRow } from './rows.ts'
import type { DirectoryStore, Read, StoredRow } from './store.ts'
import { type Onward, type Place, RefusedOnTheWay, refusedWith, type Start, type Walks } from './walk.ts'
import { attemptsMax, leadsElsewhere, settled } from './writes.ts'

/** Where rows are listed with their capabilities, which may have a kilobyte each. */
const rowsWithCapabilitiesMax = 256
/** In one call; a directory may have very many rows that are hidden from the caller. */
export const rowsScannedMax = 16_384

export interface FoundRow {
  readonly capabilities: readonly Capability[]
  readonly version: number
}

export interface Page {
  readonly rows: readonly PackedRow[]
  readonly more: boolean
  /** Where to go on; undefined: behind the last row. */
  readonly position: Uint8Array | undefined
}

export interface PageOptions {
  readonly after: string | undefined
  /** Names begin with it. */
  readonly prefix: string
  readonly rowsMax: number
  readonly columns: boolean
  readonly capabilities: boolean
}

export interface ReadsOptions {
  readonly store: DirectoryStore
  readonly walks: Walks
  /** Of this server. */
  readonly port: Port
  readonly clock: Clock
  readonly positions: Positions
}

export class Reads {
  readonly #store: DirectoryStore
  readonly #walks: Walks
  readonly #port: Port
  readonly #clock: Clock
  readonly #positions: Positions

  constructor({ store, walks, port, clock, positions }: ReadsOptions) {
    this.#clock = clock
    this.#positions = positions
    this.#store = store
    this.#walks = walks
    this.#port = port
  }

  /** @throws CardumenError `name-unknown`, `access-refused`, `object-unknown`, and of paths. */
  lookup(start: Start, path: readonly string[]): Promise<Onward | FoundRow> {
    return this.#atRow(start, path, (place, row) => foundIn(place, row))
  }

  masks(start: Start, path: readonly string[]): Promise<Onward | { readonly masks: Masks }> {
    return this.#atRow(start, path, (place, { value }) => {
      if (value === undefined || !mayKnowOf(value.masks, place.rights)) throw absent()
      return { masks: value.masks }
    })
  }

  /** All of one moment; undefined for a name that is not there for the caller. */
  async setlookup(
    start: Start,
    paths: readonly (readonly string[])[],
  ): Promise<readonly { readonly found: FoundRow | undefined }[]> {
    return await again(async () => {
      const conditions: Condition[] = []
      const found: { readonly found: FoundRow | undefined }[] = []
      for (const path of paths) found.push({ found: await this.#foundOrAbsent(start, path, conditions) })
      return conditions.length <= 1 || (await this.#store.stand(conditions)) ? found : undefined
    })
  }

  /**
   * Rows behind a name, without those that the caller may not know of. It looks for one more than it gives, so that
   * whether there are more says nothing of hidden ones, but for every so many of them.
   */
  async page(context: CallContext, options: PageOptions): Promise<Page> {
    const { object: directory, rights: held, signal } = context
    needColumn(held)
    if (options.after === undefined) await this.#store.knownHead(directory)
    const rowsMax = Math.max(
      1,
      Math.min(options.rowsMax, options.capabilities ? rowsWithCapabilitiesMax : rowsPerPageMax),
    )
    const known: StoredRow[] = []
    let { after } = options
    for (let scanned = 0; ; ) {
      const chunk = scanned === 0 ? rowsMax + 1 : rowsPerPageMax
      const { rows, more } = await this.#store.rows(directory, { start: options.prefix, after, rowsMax: chunk })
      for (const row of rows) if (mayKnowOf(row.row.masks, held)) known.push(row)
      const isFull = known.length > rowsMax
      const shown = known.slice(0, rowsMax).map((row) => this.#pageRow(row, held, options))
      if (isFull || !more) return { rows: shown, more: isFull, position: undefined }
      after = rows.at(-1)?.name ?? ''
      scanned += rows.length
      if (scanned >= rowsScannedMax || signal.aborted)
        return { rows: shown, more: true, position: this.#positions.seal(directory, after) }
      // Others get their turn in between.
      await new Promise<void>((resolve) => this.#clock.soon(resolve))
    }
  }

  /** @throws CardumenError `option-invalid` */
  nameAt(directory: number, position: Uint8Array): string {
    const name = this.#positions.open(directory, position)
    if (name !== undefined) return name
    throw new CardumenError('option-invalid', 'This is no position of a listing of this directory; list it anew.')
  }

  async #atRow<Answer>(
    start: Start,
    path: readonly string[],
    answer: (place: Place, row: Read<DirectoryRow>) => Answer,
  ): Promise<Onward | Answer> {
    return await again(() =>
      settled(this.#store, async () => {
        const place = await this.#walks.walk(start, path)
        if (place.kind === 'on') return place
        needColumn(place.rights)
        const row = await this.#store.rowWhile(place.directory, place.name, place.conditions)
        if (row === undefined) return undefined
        // Of a hidden row too, so that it costs what an absent one does.
        const isSeen = row.value !== undefined && mayKnowOf(row.value.masks, place.rights)
        if (!isSeen) await this.#store.knownHead(place.directory)
        return answer(place, row)
      }),
    )
  }

  async #foundOrAbsent(start: Start, path: readonly string[], conditions: Condition[]): Promise<FoundRow | undefined> {
    try {
      const place = await this.#walks.walk(start, path)
      if (place.kind === 'on') throw leadsElsewhere()
      conditions.push(...place.conditions)
      needColumn(place.rights)
      const row = await this.#store.row(place.directory, place.name)
      conditions.push(row.condition)
      return await refusedWith([], () => Promise.resolve(foundIn(place, row)))
    } catch (error) {
      if (!(error instanceof RefusedOnTheWay)) throw error
      if (error.refusal.code !== 'name-unknown') throw error.refusal
      conditions.push(...error.conditions)
      return undefined
    }
  }

  #pageRow({ name, row, version }: StoredRow, held: number, options: PageOptions): PackedRow {
    const { masks, capabilities, enteredMs, enteredBy } = row
    const granted = grantedBy(masks, held)
    const [first] = capabilities
    const parts = first && Capability.partsOf(first)
    return packedRow({
      name,
      version,
      rights: parts === undefined ? 0 : rightsIn(parts, granted),
      count: capabilities.length,
      // Object 0 is the server.
      directory: parts?.port === this.#port && parts.object !== 0 ? parts.object : undefined,
      enteredMs,
      enteredBy,
      masks: options.columns ? masks : undefined,
      capabilities:
        options.capabilities && granted !== 0 ? capabilities.map((each) => narrowed(each, granted)) : undefined,
    })
  }
}

/** What is left of the mask by a capability with these parts. */
function rightsIn({ headerRights, caveats }: CapabilityParts, mask: number): number {
  return caveats.reduce(
    (left, caveat) => (caveat.kind === 'rights' ? (left & caveat.mask) >>> 0 : left),
    (headerRights & mask) >>> 0,
  )
}

async function again<Answer>(attempt: () => Promise<Answer | undefined>): Promise<Answer> {
  for (let count = 0; count < attemptsMax; count++) {
    const answer = await attempt()
    if (answer !== undefined) return answer
  }
  throw new CardumenError('try-again', 'What was asked for changed too often meanwhile.')
}

/** @throws CardumenError `name-unknown`, `access-refused` */
function foundIn({ rights }: Place, { value: row, version }: Read<DirectoryRow>): FoundRow {
  const granted = row === undefined ? 0 : grantedBy(row.masks, rights)
  if (row === undefined || (granted === 0 && !isOwner(rights))) throw absent()
  if (granted === 0) throw hidden()
  return { capabilities: row.capabilities.map((each) => narrowed(each, granted)), version }
}
