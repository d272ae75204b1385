/**
 * The rows of a directory as `cardumen ls` shows them, in pages; in the long form with masks, and with the line that
 * each object has of itself.
 *
 * Objects are asked many at once and with a short deadline, so that those whose server hangs cost a list little; where
 * there is no line, the code of the reason stands instead.
 */
import type { Capability } from '../kernel/capabilities/capability.ts'
import { isCardumenError } from '../lib/cardumen-error.ts'
import type { Row } from '../servers/directory/changes.ts'
import type { System } from '../servers/system.ts'
import { lastName } from './path-text.ts'
import { masksText, plusJoined } from './rights-text.ts'

export interface ListedRow {
  readonly name: string
  readonly isDirectory: boolean
  /** What a look-up gives, joined by "+". */
  readonly rights: string
  /** Capabilities of the row. */
  readonly count: number
  readonly version: number
  readonly enteredAt?: string
  /** Member that asked for it. */
  readonly enteredBy?: string
  /** As `chmod` takes them. */
  readonly masks?: string
  /** What the object says of itself, or in parentheses why it says nothing. */
  readonly object?: string
}

const rowsPerPage = 512
const askedAtOnceMax = 32
const infoTimeoutMs = 1_000

/** What names no directory is a page of one row. @throws CardumenError of the directory. */
export async function* rowPagesOf(system: System, path: string, isLong: boolean): AsyncGenerator<readonly ListedRow[]> {
  let page: Row[] = []
  let isDirectory = false
  try {
    for await (const row of system.directory.list(path, { columns: isLong, capabilities: isLong })) {
      isDirectory = true
      page.push(row)
      if (page.length < rowsPerPage) continue
      yield await listed(system, page, isLong)
      page = []
    }
  } catch (error) {
    if (!isCardumenError(error, 'not-a-directory') || isDirectory) throw error
    yield [await onlyRow(system, path, isLong)]
    return
  }
  yield await listed(system, page, isLong)
}

async function listed(system: System, rows: readonly Row[], isLong: boolean): Promise<readonly ListedRow[]> {
  if (!isLong) return rows.map(rowOf)
  const long: ListedRow[] = []
  for (let at = 0; at < rows.length; at += askedAtOnceMax) {
    const some = rows.slice(at, at + askedAtOnceMax)
    long.push(
      ...(await Promise.all(
        some.map(async (row) => ({ ...rowOf(row), object: await lineOf(system, row.capabilities?.[0]) })),
      )),
    )
  }
  return long
}

function rowOf(row: Row): ListedRow {
  return {
    name: row.name,
    isDirectory: row.isDirectory,
    rights: plusJoined(row.rights),
    count: row.count,
    version: row.version,
    enteredAt: new Date(row.enteredMs).toISOString(),
    enteredBy: row.enteredBy,
    ...(row.masks !== undefined && { masks: masksText(row.masks) }),
  }
}

async function onlyRow(system: System, path: string, isLong: boolean): Promise<ListedRow> {
  const { capability, capabilities, version } = await system.directory.lookup(path)
  return {
    name: lastName(path),
    isDirectory: false,
    rights: plusJoined(capability.rights),
    count: capabilities.length,
    version,
    ...(isLong && {
      masks: masksText(await system.directory.getmasks(path)),
      object: await lineOf(system, capability),
    }),
  }
}

async function lineOf(system: System, capability: Capability | undefined): Promise<string> {
  if (capability === undefined) return '(access-refused)'
  try {
    return await system.standard(capability).info(undefined, { timeoutMs: infoTimeoutMs })
  } catch (error) {
    if (isCardumenError(error)) return `(${error.code})`
    throw error
  }
}
