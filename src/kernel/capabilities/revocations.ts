/**
 * What a server has revoked: for each object its present generation, and the branches that are refused within it.
 *
 * A revocation counts from the moment it is asked for. Where the identity is kept it is written before it is
 * acknowledged, under the condition that the row of the port is still ours, so that a server that was replaced writes
 * nothing; if that fails, the caller hears so, and the revocation goes on to count in this life. What was revoked of
 * an earlier generation says nothing more and is forgotten, as is a branch some time after it has expired by itself.
 */
import type { Condition, Engine, Operation } from '../../edges/engine.ts'
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import type { Port, Revision } from '../../lib/identifiers.ts'
import { objectMax } from './capability.ts'
import { identityRows } from './identity.ts'

/** Objects of one server that anything was revoked of. */
const revokedObjectsMax = 100_000
/** Branches of one object; over it, its generation is to be revoked. */
const revokedBranchesMax = 1_024
/** Of these, so many may have been asked for without the right `admin`: the rest is for those who have it. */
export const branchesOfHoldersMax = 512
const generationMax = 0xffff_ffff
/** So long after its own end a revoked branch is still known: a clock may be set back a little. */
const forgottenAfterMs = 3_600_000
const deletesMax = 100
const entriesPerListing = 1_000
const noBranches: ReadonlyMap<string, number> = new Map()

/** Where the revocations of a kept identity stand. */
export interface Keeping {
  readonly engine: Engine
  readonly identity: string
  readonly port: Port
  /** Of the port's row as this life of the server wrote it. */
  readonly portRevision: Revision
}

export class Revocations {
  readonly #wallMs: () => number
  readonly #generations = new Map<number, number>()
  /** By object; with each branch the moment at which it expires by itself, or 0. */
  readonly #branches = new Map<number, Map<string, number>>()
  #keeping: Keeping | undefined

  constructor(wallMs: () => number) {
    this.#wallMs = wallMs
  }

  /** Reads what earlier lives revoked; to be called once, when the port's row is ours and before anything is served. */
  async load(keeping: Keeping): Promise<void> {
    this.#keeping = keeping
    await this.#each('generation', (name, value) => this.#generations.set(Number(name), value))
    await this.#each('revoked', (name, value) => {
      const [object = '', branch = ''] = name.split('/')
      this.#branchesOf(Number(object)).set(branch, value)
    })
  }

  generationOf(object: number): number {
    return this.#generations.get(object) ?? 0
  }

  /** Of the present generation. */
  branchesOf(object: number): ReadonlyMap<string, number> {
    return this.#branches.get(object) ?? noBranches
  }

  /** @throws CardumenError `too-large`, `lease-lost` (another serves the identity now), and what the engine throws. */
  async revokeAll(object: number): Promise<void> {
    checkObject(object)
    const generation = this.generationOf(object) + 1
    const isFull = this.#generations.size >= revokedObjectsMax && !this.#generations.has(object)
    if (generation > generationMax || isFull) throw tooMany(`${revokedObjectsMax} objects`)
    this.#generations.set(object, generation)
    const branches = [...this.branchesOf(object).keys()]
    this.#branches.delete(object)
    const rows = this.#keeping
    if (rows === undefined) return
    const put = putNumber(`${identityRows(rows.identity, 'generation')}${object}`, generation)
    await this.#write(rows, [put, ...deletes(rows, object, branches.slice(0, deletesMax))])
    for (let at = deletesMax; at < branches.length; at += deletesMax) {
      await this.#write(rows, deletes(rows, object, branches.slice(at, at + deletesMax)))
    }
  }

  /**
   * @param expiresAtMs - when the capability of this branch expires by itself; 0: never.
   * @throws CardumenError as `revokeAll`, and `option-invalid`.
   */
  async revokeBranch(object: number, branch: string, expiresAtMs = 0): Promise<void> {
    if (!/^[0-9a-f]{32}$/.test(branch)) {
      throw new CardumenError('option-invalid', 'A branch is named by 32 hexadecimal digits.')
    }
    checkObject(object)
    const isFull = this.#branches.size >= revokedObjectsMax && !this.#branches.has(object)
    if (isFull) throw tooMany(`branches of ${revokedObjectsMax} objects`)
    const branches = this.#branchesOf(object)
    const expired = this.#forgetExpired(branches)
    if (branches.size >= revokedBranchesMax && !branches.has(branch)) throw tooMany(`${revokedBranchesMax} branches`)
    branches.set(branch, expiresAtMs)
    const rows = this.#keeping
    if (rows === undefined) return
    const put = putNumber(`${identityRows(rows.identity, 'revoked')}${object}/${branch}`, expiresAtMs)
    await this.#write(rows, [put, ...deletes(rows, object, expired)])
  }

  #branchesOf(object: number): Map<string, number> {
    const known = this.#branches.get(object)
    if (known !== undefined) return known
    const made = new Map<string, number>()
    this.#branches.set(object, made)
    return made
  }

  /** What it forgot, for its rows to go too. */
  #forgetExpired(branches: Map<string, number>): readonly string[] {
    const now = this.#wallMs()
    const expired = [...branches].filter(([, endMs]) => endMs !== 0 && endMs + forgottenAfterMs < now)
    const names = expired.slice(0, deletesMax).map(([branch]) => branch)
    for (const branch of names) branches.delete(branch)
    return names
  }

  async #write({ engine, port, portRevision }: Keeping, then: readonly Operation[]): Promise<void> {
    const isOurs: Condition = { kind: 'revision', key: `port/${port}`, equals: portRevision }
    const { succeeded } = await engine.transact({ conditions: [isOurs], then }).catch((error: unknown) => {
      throw unkept(error)
    })
    if (succeeded) return
    throw new CardumenError('lease-lost', 'This server serves its identity no more; the revocation was not kept.')
  }

  async #each(of: 'generation' | 'revoked', take: (name: string, value: number) => void): Promise<void> {
    const { engine, identity } = this.#keeping as Keeping
    const prefix = identityRows(identity, of)
    let after: string | undefined
    do {
      const page = await engine.list(prefix, {
        entriesMax: entriesPerListing,
        ...(after !== undefined && { after }),
      })
      for (const { key, value } of page.entries) take(key.slice(prefix.length), numberIn(key, value))
      after = page.more ? page.entries.at(-1)?.key : undefined
    } while (after !== undefined)
  }
}

/** Another kind of value would revoke nothing, and look as if it had. */
function checkObject(object: number): void {
  if (Number.isInteger(object) && object >= 0 && object <= objectMax) return
  throw new CardumenError('option-invalid', `${String(object)} is no number of an object.`)
}

function tooMany(what: string): CardumenError {
  return new CardumenError('too-large', `A server keeps no more revocations than of ${what}.`)
}

/** Whether or not the engine has it, it counts here: nobody may be told that it surely did not run. */
function unkept(error: unknown): unknown {
  if (!isCardumenError(error) || error.executed !== 'no') return error
  const { code, message, cause } = error
  return new CardumenError(code, `The revocation counts as long as this server lives, and was not kept: ${message}`, {
    executed: 'unknown',
    cause,
  })
}

function deletes({ identity }: Keeping, object: number, branches: readonly string[]): readonly Operation[] {
  const prefix = identityRows(identity, 'revoked')
  return branches.map((branch) => ({ kind: 'delete', key: `${prefix}${object}/${branch}` }))
}

function putNumber(key: string, value: number): Operation {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, value)
  return { kind: 'put', key, value: bytes }
}

/** What cannot be read must not count as nothing revoked. */
function numberIn(key: string, value: Uint8Array): number {
  if (value.length === 8) return new DataView(value.buffer, value.byteOffset).getFloat64(0)
  throw new CardumenError('engine-failed', `The row ${key} of what was revoked cannot be read.`)
}
