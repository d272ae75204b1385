/**
 * The way along a path, from the directory that was called to the one that holds the last name.
 *
 * Each step opens what a row leads to as the caller could: the row's capability must be one of this server's in force,
 * for this operation and this caller, and the rights on the other side are those that the masks leave. What was read on
 * the way comes with the place, so that an answer can be checked to be of one moment. A walk is as long as its path, so
 * circles do no harm.
 */
import type { Condition } from '../../edges/engine.ts'
import type { Capability } from '../../kernel/capabilities/capability.ts'
import type { Served } from '../../kernel/serving.ts'
import type { CallContext } from '../../kernel/service.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { absent, grantedBy, hidden, isOwner, narrowed, needColumn } from './access.ts'
import { pathComponentsMax } from './interface.ts'
import { nameOf } from './names.ts'
import type { DirectoryStore } from './store.ts'

/** Where a walk begins: the directory that was called, and what for. */
export interface Start {
  readonly operation: string
  readonly context: CallContext
}

/** The directory that holds the last name of a path, and what the caller may do there. */
export interface Place {
  readonly kind: 'at'
  readonly directory: number
  readonly rights: number
  readonly name: string
  /** Of the rows that led there. */
  readonly conditions: readonly Condition[]
}

/** Where this server cannot walk on: the caller goes on with the capability and the last `left` names. */
export interface Onward {
  readonly kind: 'on'
  readonly capability: Capability
  readonly left: number
}

/** A refusal that is true only while the rows stand that were read on the way. */
export class RefusedOnTheWay extends Error {
  readonly refusal: CardumenError
  readonly conditions: readonly Condition[]

  constructor(refusal: CardumenError, conditions: readonly Condition[]) {
    super(refusal.message)
    this.refusal = refusal
    this.conditions = conditions
  }
}

export class Walks {
  readonly #store: DirectoryStore
  readonly #opens: Served['opens']

  constructor(store: DirectoryStore, opens: Served['opens']) {
    this.#store = store
    this.#opens = opens
  }

  /** @throws CardumenError `name-invalid`; RefusedOnTheWay */
  async walk({ operation, context }: Start, path: readonly string[]): Promise<Place | Onward> {
    const names = path.map(nameOf)
    const last = names.at(-1)
    if (last === undefined || names.length > pathComponentsMax)
      throw new CardumenError('name-invalid', `A path to a row has 1 to ${pathComponentsMax} names.`)
    let { object: directory, rights } = context
    const conditions: Condition[] = []
    for (const [at, name] of names.slice(0, -1).entries()) {
      const step = await this.#step(directory, rights, name, conditions)
      const use = { operation, caller: context.caller }
      const opened = step.capabilities.map((capability) => this.#opens(capability, use)).find(Boolean)
      if (opened === undefined) return { kind: 'on', capability: step.first, left: names.length - at - 1 }
      directory = opened.object
      rights = (opened.rights & step.granted) >>> 0
    }
    return { kind: 'at', directory, rights, name: last, conditions }
  }

  async #step(directory: number, held: number, name: string, conditions: Condition[]): Promise<Step> {
    return refusedWith(conditions, async () => {
      needColumn(held)
      const { value: row, condition } = await this.#store.row(directory, name)
      conditions.push(condition)
      const granted = row === undefined ? 0 : grantedBy(row.masks, held)
      const [first] = row?.capabilities ?? []
      if (row === undefined || first === undefined || granted === 0) {
        // Of a hidden row too, so that it costs what an absent one does.
        await this.#store.knownHead(directory)
        throw row !== undefined && isOwner(held) ? hidden() : absent()
      }
      return { capabilities: row.capabilities, granted, first: narrowed(first, granted) }
    })
  }
}

interface Step {
  readonly capabilities: readonly Capability[]
  readonly granted: number
  readonly first: Capability
}

/** Runs a part of a walk whose refusals hold only as long as `conditions` do. */
export async function refusedWith<Result>(
  conditions: readonly Condition[],
  run: () => Promise<Result>,
): Promise<Result> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof CardumenError && refusals.has(error.code)) throw new RefusedOnTheWay(error, [...conditions])
    throw error
  }
}

const refusals: ReadonlySet<string> = new Set([
  'access-refused',
  'name-unknown',
  'object-unknown',
  'right-missing',
  'name-exists',
  'name-clash',
  'directory-full',
  'directory-not-empty',
])
