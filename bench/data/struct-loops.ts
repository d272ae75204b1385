/**
 * Loops that read a field of every row, and the same from a bare typed array.
 *
 * The loops are written out five times, one for each struct in use, as they stand in five places of a real program: a
 * loop that reads rows of five structs itself would measure its own call site.
 */
import { struct } from '../../src/threads.ts'

const ROWS = 1_024

const bare = new Float64Array(new SharedArrayBuffer(ROWS * 64))
const accounts = struct({ id: 'uint32', value: 'float64', state: 'int32', name: ['utf8', 32] }).array(ROWS)
const points = struct({ x: 'float32', y: 'float32', value: 'float64' }).array(ROWS)
const orders = struct({ value: 'float64', count: 'uint16', flags: 'uint8', at: 'bigint64' }).array(ROWS)
const sensors = struct({ kind: 'int8', samples: ['float64', 4], value: 'float64' }).array(ROWS)
const jobs = struct({ owner: 'int32', priority: 'int16', value: 'float64', key: ['bytes', 16] }).array(ROWS)

const loops = [
  { rows: [...accounts], read: readAccounts },
  { rows: [...points], read: readPoints },
  { rows: [...orders], read: readOrders },
  { rows: [...sensors], read: readSensors },
  { rows: [...jobs], read: readJobs },
] as unknown as readonly {
  readonly rows: readonly unknown[]
  readonly read: (rows: readonly unknown[], rounds: number) => number
}[]

type RowOf<T extends { readonly at: (index: number) => unknown }> = ReturnType<T['at']>

/** Nanoseconds for each read, over the first so many structs in turn. */
export function structReadNs(structs: number, rounds: number): number {
  const used = loops.slice(0, structs)
  const start = performance.now()
  for (const { rows, read } of used) read(rows, rounds)
  return perRead(start, rounds * structs)
}

export function bareReadNs(rounds: number): number {
  const start = performance.now()
  readBare(rounds)
  return perRead(start, rounds)
}

/** Where each row is made for its one read, and where a cursor is moved. */
export function madeReadNs(rounds: number): { readonly at: number; readonly cursor: number } {
  const beforeAt = performance.now()
  readAt(accounts, rounds)
  const at = perRead(beforeAt, rounds)
  const beforeCursor = performance.now()
  readCursor(accounts, rounds)
  return { at, cursor: perRead(beforeCursor, rounds) }
}

function perRead(start: number, rounds: number): number {
  return ((performance.now() - start) * 1e6) / (rounds * ROWS)
}

function readBare(rounds: number): number {
  let sum = 0
  for (let round = 0; round < rounds; round++) for (let at = 0; at < ROWS; at++) sum += bare[at * 8] as number
  return sum
}

function readAt(rows: typeof accounts, rounds: number): number {
  let sum = 0
  for (let round = 0; round < rounds; round++) for (let at = 0; at < ROWS; at++) sum += rows.at(at).value
  return sum
}

function readCursor(rows: typeof accounts, rounds: number): number {
  const row = rows.cursor()
  let sum = 0
  for (let round = 0; round < rounds; round++) {
    for (let at = 0; at < ROWS; at++) {
      row.index = at
      sum += row.value
    }
  }
  return sum
}

function readAccounts(rows: readonly RowOf<typeof accounts>[], rounds: number): number {
  let sum = 0
  for (let round = 0; round < rounds; round++)
    for (let at = 0; at < ROWS; at++) sum += (rows[at] as RowOf<typeof accounts>).value
  return sum
}

function readPoints(rows: readonly RowOf<typeof points>[], rounds: number): number {
  let sum = 0
  for (let round = 0; round < rounds; round++)
    for (let at = 0; at < ROWS; at++) sum += (rows[at] as RowOf<typeof points>).value
  return sum
}

function readOrders(rows: readonly RowOf<typeof orders>[], rounds: number): number {
  let sum = 0
  for (let round = 0; round < rounds; round++)
    for (let at = 0; at < ROWS; at++) sum += (rows[at] as RowOf<typeof orders>).value
  return sum
}

function readSensors(rows: readonly RowOf<typeof sensors>[], rounds: number): number {
  let sum = 0
  for (let round = 0; round < rounds; round++)
    for (let at = 0; at < ROWS; at++) sum += (rows[at] as RowOf<typeof sensors>).value
  return sum
}

function readJobs(rows: readonly RowOf<typeof jobs>[], rounds: number): number {
  let sum = 0
  for (let round = 0; round < rounds; round++)
    for (let at = 0; at < ROWS; at++) sum += (rows[at] as RowOf<typeof jobs>).value
  return sum
}
