/**
 * What the directory keeps in the engine: a head for each directory, and a row for each name in it.
 *
 *     directory/<number, 14 hex>            version, columns, count of rows, what the last transaction changed here
 *     row/<number, 14 hex>/<name>           version, masks, capabilities, when and by whom it was entered
 *
 * Every change of a directory rewrites its head, so the head's revision is the directory's sequence number, and whoever
 * watches the head hears of every change with the transaction that made it. Pure functions; the values are MessagePack.
 */
import { Capability } from '../../kernel/capabilities/capability.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { decode, encode } from '../../wire/codec.ts'
import type { Masks } from './changes.ts'
import { changeKinds } from './interface.ts'

const formatVersion = 1
const numberDigits = 14

export interface Head {
  readonly columns: readonly string[]
  readonly count: number
  /** By the transaction that wrote this. */
  readonly changes: readonly HeadChange[]
}

export interface HeadChange {
  readonly kind: (typeof changeKinds)[number]
  readonly name: string
  /** Masks of the row before and after: who could see it, and who can. */
  readonly before: Masks
  readonly after: Masks
}

export interface DirectoryRow {
  readonly masks: Masks
  readonly capabilities: readonly Capability[]
  readonly enteredMs: number
  readonly enteredBy: string
}

export function headKeyOf(directory: number): string {
  return `directory/${digitsOf(directory)}`
}

export function rowsPrefixOf(directory: number): string {
  return `row/${digitsOf(directory)}/`
}

export function rowKeyOf(directory: number, name: string): string {
  return rowsPrefixOf(directory) + name
}

export function encodeHead({ columns, count, changes }: Head): Uint8Array {
  const packed = changes.map(({ kind, name, before, after }) => [changeKinds.indexOf(kind), name, before, after])
  return encode([formatVersion, columns, count, packed])
}

/** @throws CardumenError `engine-failed` */
export function decodeHead(value: Uint8Array): Head {
  const [, columns, count, packed] = fieldsOf(value)
  const changes = (packed as readonly (readonly [number, string, Masks, Masks])[]).map(
    ([kind, name, before, after]): HeadChange => ({ kind: changeKinds[kind] ?? unreadable(), name, before, after }),
  )
  return { columns: columns as readonly string[], count: count as number, changes }
}

export function encodeRow({ masks, capabilities, enteredMs, enteredBy }: DirectoryRow): Uint8Array {
  const bytes = capabilities.map((capability) => Capability.toBytes(capability))
  return encode([formatVersion, masks, bytes, enteredMs, enteredBy])
}

/** @throws CardumenError `engine-failed` */
export function decodeRow(value: Uint8Array): DirectoryRow {
  const [, masks, bytes, enteredMs, enteredBy] = fieldsOf(value)
  const capabilities = (bytes as readonly Uint8Array[]).map((each) => Capability.fromBytes(each) ?? unreadable())
  return {
    masks: masks as Masks,
    capabilities,
    enteredMs: enteredMs as number,
    enteredBy: enteredBy as string,
  }
}

/** What we wrote ourselves is trusted once its version is ours. */
function fieldsOf(value: Uint8Array): readonly unknown[] {
  const fields = decode(value)
  return Array.isArray(fields) && fields[0] === formatVersion ? fields : unreadable()
}

function unreadable(): never {
  throw new CardumenError('engine-failed', 'A row of the directory cannot be read: it was written by another version.')
}

function digitsOf(directory: number): string {
  return directory.toString(16).padStart(numberDigits, '0')
}
