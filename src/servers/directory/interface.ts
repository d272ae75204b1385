/**
 * The contract of the directory server: readable names for capabilities, in directories that are objects themselves.
 *
 * A row names a set of capabilities and has a mask of rights for each column. An operation that takes a path walks the
 * directories of this server; where a component leads to a directory of another one, or to one that only the caller
 * may open, the answer says `on`: with that capability and the components that are left the caller goes on by itself.
 * Rights are checked by the handlers, in the directory that the path leads to, so few operations state one here.
 */
import { Capability } from '../../kernel/capabilities/capability.ts'
import { allRights } from '../../kernel/capabilities/rights.ts'
import {
  type Schema,
  anyCapability,
  bytes,
  checked,
  listOf,
  objectOf,
  oneOf,
  optional,
  text,
  truth,
  wholeNumber,
} from '../../kernel/schemas.ts'
import { defineService } from '../../kernel/service.ts'
import { isName, nameBytesMax } from './names.ts'
import { positionBytes } from './positions.ts'

/** The identity under which the server is kept, one at a time. */
export const directoryIdentity = 'directory'
/** Object 0 is the server itself. */
export const rootObject = 1

export const columnsMax = 4
export const pathComponentsMax = 64
/** Replicas in one row. */
export const capabilitiesPerRowMax = 16
export const changesPerInstallMax = 32
export const pathsPerLookupMax = 64
export const rowsPerPageMax = 1_024
export const rowsPerDirectoryMax = 1_048_576

const capability = anyCapability()
const capabilities = listOf(capability, capabilitiesPerRowMax)
const name = text(nameBytesMax)
const path = listOf(name, pathComponentsMax)
const mask = wholeNumber(allRights)
const masks = listOf(mask, columnsMax)
/** The revision of the transaction that last wrote the row. */
const version = wholeNumber()

/** Where this server cannot walk on. `left` components, the last ones, are still to go. */
const on = optional(objectOf({ capability, left: wholeNumber(pathComponentsMax) }))

const position = bytes(positionBytes)
const found = objectOf({ capabilities, version })
export interface ListedRow {
  readonly name: string
  readonly version: number
  readonly rights: number
  readonly count: number
  /** Number of the directory of this server that the first capability leads to. */
  readonly directory: number | undefined
  readonly enteredMs: number
  readonly enteredBy: string
  readonly masks: readonly number[] | undefined
  readonly capabilities: readonly Capability[] | undefined
}

/** A row as it travels: without the names of its fields, since a listing has very many of them. */
export type PackedRow = readonly [
  name: string,
  version: number,
  rights: number,
  count: number,
  directory: number | undefined,
  enteredMs: number,
  enteredBy: string,
  masks: readonly number[] | undefined,
  capabilities: readonly Capability[] | undefined,
]

export function packedRow(row: ListedRow): PackedRow {
  const { name, version, rights, count, directory, enteredMs, enteredBy, masks, capabilities } = row
  return [name, version, rights, count, directory, enteredMs, enteredBy, masks, capabilities]
}

export function unpackedRow(packed: PackedRow): ListedRow {
  const [name, version, rights, count, directory, enteredMs, enteredBy, masks, capabilities] = packed
  return { name, version, rights, count, directory, enteredMs, enteredBy, masks, capabilities }
}

/**
 * By hand, since a listing has very many of them. Texts are looked at as well: whoever lists a directory of a server that
 * is not ours prints them.
 */
const row: Schema<PackedRow> = checked('a row of a directory', (value): value is PackedRow => {
  if (!Array.isArray(value)) return false
  const [name, version, rights, count, directory, enteredMs, enteredBy, masks, capabilities] = value as unknown[]
  return (
    isText(name) &&
    isName(name) &&
    isText(enteredBy) &&
    /^[\x21-\x7e]*$/.test(enteredBy) &&
    isCount(version) &&
    isCount(rights) &&
    isCount(count) &&
    isCount(enteredMs) &&
    (directory === undefined || isCount(directory)) &&
    (masks === undefined || isListOf(masks, columnsMax, isCount)) &&
    (capabilities === undefined || isListOf(capabilities, capabilitiesPerRowMax, (each) => each instanceof Capability))
  )
})

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= nameBytesMax
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isListOf(value: unknown, itemsMax: number, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length <= itemsMax && value.every(isItem)
}

const written = objectOf({ on, version: optional(version) })

const change = objectOf({
  kind: oneOf('enter', 'replace', 'remove', 'masks'),
  path,
  capabilities: optional(capabilities),
  masks: optional(masks),
  expected: optional(version),
})

export const changeKinds = ['entered', 'replaced', 'removed', 'masks'] as const

export const DirectoryService = defineService('directory', {
  lookup: { input: objectOf({ path }), output: objectOf({ on, found: optional(found) }), idempotent: true },
  /**
   * Of the directory called itself: rows whose names begin with `prefix`, behind `after`, in the order of the bytes of
   * their names. One call looks at a bounded number of rows: where it has to break off among those that are hidden
   * from the caller, it says where it goes on, sealed, to be given instead of `after`.
   */
  list: {
    input: objectOf({
      after: optional(name),
      position: optional(position),
      prefix: optional(name),
      rowsMax: wholeNumber(rowsPerPageMax),
      columns: truth(),
      capabilities: truth(),
    }),
    output: objectOf({ rows: listOf(row, rowsPerPageMax), more: truth(), position: optional(position) }),
    idempotent: true,
  },
  enter: { input: objectOf({ path, capabilities, masks: optional(masks) }), output: written },
  replace: { input: objectOf({ path, capabilities, expected: version }), output: written },
  remove: { input: objectOf({ path, expected: optional(version) }), output: written },
  chmod: { input: objectOf({ path, masks, expected: optional(version) }), output: written },
  getmasks: {
    input: objectOf({ path }),
    output: objectOf({ on, masks: optional(masks) }),
    idempotent: true,
  },
  /** Both paths through directories of this server. */
  move: { input: objectOf({ source: path, target: path }), output: written },
  create: {
    input: objectOf({ path, masks: optional(masks), columns: optional(listOf(text(64), columnsMax)) }),
    output: objectOf({ on, version: optional(version), capability: optional(capability) }),
  },
  /** All of one moment. An item without `found` is a name that is not there. */
  setlookup: {
    input: objectOf({ paths: listOf(path, pathsPerLookupMax) }),
    output: listOf(objectOf({ found: optional(found) }), pathsPerLookupMax),
    idempotent: true,
  },
  /** All of the changes or none; resolves to the version of all rows that it wrote. */
  install: { input: objectOf({ changes: listOf(change, changesPerInstallMax) }), output: objectOf({ version }) },
  /** Of the directory called itself: the version of its last change. */
  sequence: { output: objectOf({ sequence: version, columns: listOf(text(64), columnsMax) }), idempotent: true },
  /**
   * Of the directory called itself: each change after `from`, in order. The first item has no changes, and tells the
   * sequence number from which it goes on.
   */
  watch: {
    input: objectOf({ from: optional(version) }),
    output: objectOf({
      sequence: version,
      changes: listOf(objectOf({ kind: oneOf(...changeKinds), name }), changesPerInstallMax),
    }),
    stream: true,
  },
})

export type DirectoryOperations = (typeof DirectoryService)['operations']
