/**
 * The lines of `cardumen tree`: a walk from one directory down, in the order of names.
 *
 * A directory is known again by its number, whatever name leads to it, and is entered once: elsewhere its line says
 * where it was drawn. So links and circles end. One that cannot be read by this way, or lies too deep, has its line and
 * may be drawn where another way leads to it. Directories of other servers have no number here, and are names like any.
 */
import { Capability } from '../kernel/capabilities/capability.ts'
import { isCardumenError } from '../lib/cardumen-error.ts'
import type { Row } from '../servers/directory/changes.ts'
import type { System } from '../servers/system.ts'
import { pathWithin } from './path-text.ts'

export interface TreeLine {
  /** Of the drawing, before the name; empty for the directory that it begins with. */
  readonly branches: string
  readonly name: string
  readonly isDirectory: boolean
  /** Why nothing is drawn below it. */
  readonly remark?: string
}

interface Walk {
  readonly system: System
  readonly depthMax: number
  /** Numbers of directories, and the path where each is drawn. */
  readonly drawn: Map<number, string>
}

interface Place {
  readonly path: string
  readonly depth: number
  /** What stands before the lines below it. */
  readonly indentation: string
}

/** @throws CardumenError of the directory that it begins with. */
export async function* treeOf(system: System, path: string, depthMax: number): AsyncGenerator<TreeLine> {
  const { capability } = path === '/' ? system.directory : await system.directory.lookup(path)
  const walk: Walk = { system, depthMax, drawn: new Map([[Capability.partsOf(capability).object, path]]) }
  const rows = system.directory.list(path)
  const first = await rows.next()
  yield { branches: '', name: path, isDirectory: true }
  yield* below(walk, { path, depth: 1, indentation: '' }, first, rows)
}

async function* below(
  walk: Walk,
  place: Place,
  first: IteratorResult<Row, unknown>,
  rows: AsyncGenerator<Row>,
): AsyncGenerator<TreeLine> {
  for (let next = first; next.done !== true; ) {
    const { name, directory } = next.value
    next = await rows.next()
    const isLast = next.done === true
    const branches = place.indentation + (isLast ? '└── ' : '├── ')
    const inside = {
      path: pathWithin(place.path, name),
      depth: place.depth + 1,
      indentation: place.indentation + (isLast ? '    ' : '│   '),
    }
    if (directory === undefined) yield { branches, name, isDirectory: false }
    else yield* directoryLines(walk, inside, { branches, name: `${name}/`, isDirectory: true }, directory)
  }
}

async function* directoryLines(walk: Walk, place: Place, line: TreeLine, directory: number): AsyncGenerator<TreeLine> {
  const { path, depth } = place
  const drawnAs = walk.drawn.get(directory)
  if (drawnAs !== undefined) {
    const remark = isAbove(drawnAs, path) ? `a circle: it is ${drawnAs}` : `the same as ${drawnAs}`
    yield { ...line, remark }
    return
  }
  if (depth > walk.depthMax) {
    yield line
    return
  }
  const rows = walk.system.directory.list(path)
  const first = await begun(rows)
  if (typeof first === 'string') yield { ...line, remark: `(${first})` }
  else {
    walk.drawn.set(directory, path)
    yield line
    yield* below(walk, place, first, rows)
  }
}

/** The first row, or the code of why there is none to be had. */
async function begun(rows: AsyncGenerator<Row>): Promise<IteratorResult<Row, unknown> | string> {
  try {
    return await rows.next()
  } catch (error) {
    if (isCardumenError(error)) return error.code
    throw error
  }
}

function isAbove(folder: string, path: string): boolean {
  return folder === '/' || path.startsWith(`${folder}/`)
}
