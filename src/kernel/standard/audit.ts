/**
 * The audit: who did what to names and capabilities, kept in the engine within a bound.
 *
 *     audit/<ms, 13 digits>/<address of the writer>/<n>      the note, as JSON
 *
 * The server that carries an act out writes the row, for only it knows that it was asked: a change of a directory has
 * the row in its own transaction (`operation`), a revocation or destruction has it written before it is acknowledged
 * (`record`). No secret is in it: a branch names a capability and opens nothing. Writers delete the oldest rows now
 * and then. The order is that of the writers' wall clocks; it proves nothing against a user who can open the engine's
 * file.
 */
import type { Clock } from '../../edges/clock.ts'
import { type Engine, type Entry, type Operation, operationsPerTransactionMax } from '../../edges/engine.ts'
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import type { Address, Port } from '../../lib/identifiers.ts'
import { fromUtf8, toUtf8 } from '../../lib/text.ts'

/** Rows that stay; until it trims the next time, each writer may have added some hundreds to them. */
export const auditRowsMax = 10_000
export const auditTrimEvery = 256
const prefix = 'audit/'
const rowsPerPage = 1_000
const nameCharactersMax = 1_024
const millisecondDigits = 13
const numberDigits = 9

/** `restricted`: a row got narrower masks, or a narrower capability than the one that it had. */
export type AuditAct =
  | 'entered'
  | 'replaced'
  | 'removed'
  | 'masks'
  | 'installed'
  | 'restricted'
  | 'created'
  | 'revoked'
  | 'branch-revoked'
  | 'destroyed'

/** What was done, as the server that does it says. */
export interface AuditNote {
  readonly what: AuditAct
  /** Who asked: `context.caller`. */
  readonly who: Address
  readonly port?: Port
  readonly object?: number
  /** Of the row of a directory, or of the service. */
  readonly name?: string
  /** Of the capability that it was asked with, or that was revoked. */
  readonly branch?: string
}

export interface AuditRecord extends AuditNote {
  /** Milliseconds since 1970, by the clock of the server that did it. */
  readonly atMs: number
  /** The operating-system user of the member that asked. */
  readonly user: string
  /** It was recorded as asked for, and then failed with this code. */
  readonly failed?: string
}

export interface AuditOptions {
  readonly engine: Engine
  readonly clock: Clock
  readonly self: Address
  /** The operating-system user of a live member. */
  readonly userOf: (member: Address) => string | undefined
}

/** A row that was written; `failed` corrects it. */
export interface Recorded {
  failed(code: string): Promise<void>
}

export class Audit {
  readonly #options: AuditOptions
  #written = 0
  #trimming: Promise<void> | undefined
  #isTrimDue = false

  constructor(options: AuditOptions) {
    this.#options = options
  }

  /** The row as a part of the transaction that does what it tells of. Each is for one transaction. */
  operation(note: AuditNote): Operation {
    return this.#put(this.#nextKey(), this.#recordOf(note))
  }

  /** Resolves when it is durable. @throws CardumenError where it may not be: then the act is not to be acknowledged. */
  async record(note: AuditNote): Promise<Recorded> {
    const key = this.#nextKey()
    const record = this.#recordOf(note)
    await this.#options.engine.transact({ then: [this.#put(key, record)] })
    return {
      failed: async (code) => {
        await this.#options.engine.transact({ then: [this.#put(key, { ...record, failed: code })] })
      },
    }
  }

  /** Newest first. Reads all rows at the beginning: some megabytes. */
  async *read(options: { readonly entriesMax?: number } = {}): AsyncGenerator<AuditRecord> {
    const { entriesMax = auditRowsMax } = options
    let newest: AuditRecord[] = []
    for await (const page of this.#pages()) {
      for (const { value } of page) newest.push(...recordsIn(value))
      if (newest.length > entriesMax) newest = entriesMax === 0 ? [] : newest.slice(-entriesMax)
    }
    yield* newest.toReversed()
  }

  /** For those that wait for the bound: resolves when no trimming is under way. */
  async settled(): Promise<void> {
    while (this.#trimming !== undefined) await this.#trimming
  }

  #nextKey(): string {
    const { clock, self } = this.#options
    const number = this.#written++
    if (number % auditTrimEvery === 0) this.#startTrimming()
    const at = String(Math.max(0, Math.floor(clock.wallMs()))).padStart(millisecondDigits, '0')
    return `${prefix}${at}/${self}/${String(number).padStart(numberDigits, '0')}`
  }

  #recordOf(note: AuditNote): AuditRecord {
    const { clock, userOf } = this.#options
    const { name } = note
    return {
      ...note,
      ...(name !== undefined && { name: name.slice(0, nameCharactersMax) }),
      atMs: Math.max(0, Math.floor(clock.wallMs())),
      user: userOf(note.who) ?? 'unknown',
    }
  }

  #put(key: string, record: AuditRecord): Operation {
    return { kind: 'put', key, value: toUtf8(JSON.stringify(record)) }
  }

  /** Beside the act that caused it; one that the engine could not do is done the next time. */
  #startTrimming(): void {
    if (this.#trimming !== undefined) {
      this.#isTrimDue = true
      return
    }
    this.#isTrimDue = false
    this.#trimming = this.#trim()
      .catch((error: unknown) => {
        if (!isCardumenError(error)) throw error
      })
      .finally(() => {
        this.#trimming = undefined
        if (this.#isTrimDue) this.#startTrimming()
      })
  }

  /** Two that trim at once delete the same rows: those that are old for both. */
  async #trim(): Promise<void> {
    const keys: string[] = []
    for await (const page of this.#pages()) keys.push(...page.map(({ key }) => key))
    const old = keys.slice(0, Math.max(0, keys.length - auditRowsMax))
    for (let at = 0; at < old.length; at += operationsPerTransactionMax) {
      const some = old.slice(at, at + operationsPerTransactionMax)
      await this.#options.engine.transact({ then: some.map((key) => ({ kind: 'delete', key })) })
    }
  }

  async *#pages(): AsyncGenerator<readonly Entry[]> {
    for (let after: string | undefined; ; ) {
      const { entries, more } = await this.#options.engine.list(prefix, {
        entriesMax: rowsPerPage,
        ...(after !== undefined && { after }),
      })
      yield entries
      after = entries.at(-1)?.key
      if (!more || after === undefined) return
    }
  }
}

/**
 * Records an act that has begun already, because it counts from the moment that it is asked for: a revocation.
 * @throws CardumenError what the act failed with; where only the record may be missing, that with `executed: 'yes'`.
 */
export async function recordBeside(
  record: (note: AuditNote) => Promise<Recorded>,
  note: AuditNote,
  act: Promise<void>,
): Promise<void> {
  const [done, recorded] = await Promise.allSettled([act, record(note)])
  if (done.status === 'rejected') {
    const code = isCardumenError(done.reason) ? done.reason.code : 'handler-failed'
    if (recorded.status === 'fulfilled') await recorded.value.failed(code)
    throw done.reason
  }
  if (recorded.status === 'rejected') throw unrecorded(recorded.reason)
}

function unrecorded(error: unknown): unknown {
  if (!isCardumenError(error)) return error
  return new CardumenError(error.code, `It was done, but the audit may not say so: ${error.message}`, {
    executed: 'yes',
    cause: error,
  })
}

/** None where the row is not one of ours; one of a newer version may have more than this one knows. */
function recordsIn(value: Uint8Array): readonly AuditRecord[] {
  try {
    const record = JSON.parse(fromUtf8(value) ?? '') as Partial<AuditRecord> | null
    const isRecord = typeof record?.what === 'string' && typeof record.who === 'string' && Number.isFinite(record.atMs)
    return isRecord ? [record as AuditRecord] : []
  } catch {
    return []
  }
}
