/**
 * What the directory does when one operation happens after another: the model of the scenario `directory`.
 *
 * All rows together are one object, since moves, installs and look-ups of many span directories, and since a path goes
 * through rows that change too. The root holds links to two directories, and these hold leaves; there are few names, so
 * that the search of an order stays within its bound. Of a row it knows what a look-up shows: which capability stands
 * there, and the rights that are left of it. A clash is no operation here: it failed, whatever the rows were.
 */
import { isList, type Json } from '../checkers/json-value.ts'
import { anything, impossible, type Model } from '../checkers/models/model.ts'
import type { Operation } from '../checkers/operation.ts'

/** In the order of a history's values; `seen` is what `shownOf` gives. */
export type Change =
  | readonly ['enter', path: string, id: string]
  | readonly ['replace', path: string, id: string, seen: string]
  | readonly ['remove', path: string, seen: string | null]
  | readonly ['chmod', path: string, mask: number]
  | readonly ['move', source: string, target: string]

/** Results of a change, and what a look-up says of a name that is not there. */
export const done = 'done'
export const exists = 'exists'
export const absent = 'absent'

const rootLabel = 'R'
const everything = 0xffff_ffff

/**
 * Which capability, the rights that it was entered with, and the owners' mask. Where one install wrote several rows, and
 * as long as it is the last that wrote this one: how each of them was shown then, since their versions are one number.
 */
type Cell = readonly [id: string, base: number, mask: number, sameVersion?: readonly string[]]
type Cells = Readonly<Record<string, Cell>>

/** Behind the ids of all but the first row that one install wrote. */
export const besides = "'"

/** As a look-up shows a row to its owners. */
export function shownOf(id: string, rights: number): string {
  return `${id} ${(rights >>> 0).toString(16)}`
}

/**
 * @param links - by their names in the root, and the directories that they lead to at first
 * @param circle - in each of these, the name of a link to itself
 */
export function directoryModel(links: Readonly<Record<string, string>>, circle: string): Model {
  const cell = (label: string): Cell => [label, everything, everything]
  const cells = Object.entries(links).flatMap(([name, label]) => [
    [`${rootLabel}/${name}`, cell(label)],
    [`${label}/${circle}`, cell(label)],
  ])
  const shape = { about: 'carries what is asked; its completion what was answered', input: anything, output: anything }
  return {
    name: 'directory',
    needsKey: false,
    initial: textOfCells(Object.fromEntries(cells) as Cells),
    operations: new Map([
      ['lookup', shape],
      ['change', shape],
      ['install', shape],
    ]),
    step: (state, operation) => stepOf(state, operation),
    keepsState: (operation) => !isChange(operation) || (operation.type === 'ok' && operation.result !== done),
    isIdle: (operation) => !isChange(operation),
    droppable: (operations) => operations.filter((each) => !isChange(each)).map((each) => [each]),
  }
}

function isChange({ f }: Operation): boolean {
  return f !== 'lookup'
}

function stepOf(state: string, operation: Operation): readonly string[] {
  const cells = JSON.parse(state) as Cells
  if (!isChange(operation)) return operation.type === 'info' || isSeen(cells, operation) ? [state] : impossible
  const changes = changesIn(operation)
  const isDone = operation.type === 'info' || operation.result === done
  if (!isDone) return changes.some((change) => outcomeOf(cells, change) === operation.result) ? [state] : impossible
  let after: Cells | undefined = cells
  for (const change of changes) after = after && afterChange(cells, after, change)
  return after === undefined ? impossible : [textOfCells(changes.length === 1 ? after : withVersion(cells, after))]
}

/** A look-up is of one path or of several, at one moment. */
function isSeen(cells: Cells, { value, result }: Operation): boolean {
  const seen = isList(result) ? result : []
  return (isList(value) ? value : []).every((path, at) => shownAt(cells, String(path)) === seen[at])
}

function shownAt(cells: Cells, path: string): string {
  const cell = cellAt(cells, path)
  return cell === undefined ? absent : shownOfCell(cell)
}

function shownOfCell([id, base, mask]: Cell): string {
  return shownOf(id, base & mask)
}

/** Why a change is refused; `done` where it is not, or only because of a clash. */
function outcomeOf(cells: Cells, change: Change): string {
  const [kind, path] = change
  const at = placeOf(cells, path)
  if (at === undefined) return absent
  if (kind === 'enter') return cells[at] === undefined ? done : exists
  if (cells[at] === undefined) return absent
  if (kind !== 'move') return done
  const target = placeOf(cells, change[2])
  if (target === undefined) return absent
  return cells[target] === undefined ? done : exists
}

/** Paths are walked, and rows compared, as everything was before; undefined: this change was not possible then. */
function afterChange(before: Cells, after: Cells, change: Change): Cells | undefined {
  if (outcomeOf(before, change) !== done) return undefined
  const at = placeOf(before, change[1]) ?? ''
  const cell = before[at]
  switch (change[0]) {
    case 'enter':
      return { ...after, [at]: [change[2], everything, everything] }
    case 'replace':
      return cell === undefined || !isVersion(cell, change[3])
        ? undefined
        : { ...after, [at]: [change[2], everything, cell[2]] }
    case 'remove':
      return cell === undefined || (change[2] !== null && !isVersion(cell, change[2])) ? undefined : without(after, at)
    case 'chmod':
      return cell && { ...after, [at]: [cell[0], cell[1], change[2]] }
    case 'move': {
      const target = placeOf(before, change[2]) ?? ''
      return cell && { ...without(after, at), [target]: [cell[0], (cell[1] & cell[2]) >>> 0, cell[2]] }
    }
  }
}

/**
 * Whether the row is of the version that was seen. A path whose links changed meanwhile may lead to another row, which
 * has that version too where the same install wrote both, whatever rights its mask leaves.
 */
function isVersion(cell: Cell, seen: string): boolean {
  return shownOfCell(cell) === seen || cell[3]?.includes(seen) === true
}

/** All rows that one install wrote. */
function withVersion(before: Cells, after: Cells): Cells {
  const written = Object.entries(after).filter(([place, cell]) => cell !== before[place])
  const shown = written.map(([, cell]) => shownOfCell(cell))
  const marked = written.map(([place, [id, base, mask]]) => [place, [id, base, mask, shown]] as const)
  return { ...after, ...Object.fromEntries(marked) }
}

function cellAt(cells: Cells, path: string): Cell | undefined {
  const at = placeOf(cells, path)
  return at === undefined ? undefined : cells[at]
}

/** The row that a path leads to; undefined where a link on the way is not there. */
function placeOf(cells: Cells, path: string): string | undefined {
  const names = path.split('/')
  let directory = rootLabel
  for (const name of names.slice(0, -1)) {
    const link = cells[`${directory}/${name}`]
    if (link === undefined) return undefined
    directory = link[0]
  }
  return `${directory}/${names.at(-1)}`
}

function without(cells: Cells, place: string): Cells {
  return Object.fromEntries(Object.entries(cells).filter(([each]) => each !== place))
}

function changesIn({ value }: Operation): readonly Change[] {
  return (isList(value) ? value : []) as unknown as readonly Change[]
}

function textOfCells(cells: Cells): string {
  const ordered = Object.entries(cells).toSorted(([left], [right]) => (left < right ? -1 : 1))
  return JSON.stringify(Object.fromEntries(ordered) as Json)
}
