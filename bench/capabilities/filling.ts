/**
 * Directories with many names, entered by as many at once as one change may have.
 */
import type { System } from '../../src/cardumen.ts'

const NAMES_PER_CHANGE = 32
/** Changes that wait for the engine at once. */
const CHANGES_AT_ONCE = 8

/** Makes a directory with the names `name-0` and so on; each leads to the directory that it was entered from. */
export async function fill(root: System['directory'], directory: string, names: number): Promise<void> {
  await root.create(directory)
  const changes = Array.from({ length: Math.ceil(names / NAMES_PER_CHANGE) }, (_, change) => change * NAMES_PER_CHANGE)
  const work = changes.values()
  const enterSome = async (): Promise<void> => {
    for (const first of work) await enter(root, directory, first, Math.min(names, first + NAMES_PER_CHANGE))
  }
  await Promise.all(Array.from({ length: CHANGES_AT_ONCE }, enterSome))
}

async function enter(root: System['directory'], directory: string, from: number, to: number): Promise<void> {
  const changes = Array.from({ length: to - from }, (_, index) => ({
    kind: 'enter' as const,
    path: `${directory}/name-${from + index}`,
    capability: root.capability,
  }))
  await root.install(changes)
}
