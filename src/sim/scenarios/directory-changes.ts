/**
 * What really happened to the rows of a directory, read from the engine's own log: what watchers must have been told.
 *
 * It reads the rows by itself, and never the head that the directory's watches are made of, and it judges anew who may know
 * of a row; so it says what was to be told without asking the code that told it.
 */
import type { System } from '../../servers/system.ts'
import { decode } from '../../wire/codec.ts'
import { revision } from '../../lib/identifiers.ts'
import { Capability } from '../../kernel/capabilities/capability.ts'
import { rights } from '../../kernel/capabilities/rights.ts'

/** Of one row, by one transaction. */
export interface RowStep {
  readonly name: string
  readonly before: RowState | undefined
  readonly after: RowState | undefined
}

export interface DirectoryStep {
  readonly sequence: number
  readonly rows: readonly RowStep[]
}

interface RowState {
  readonly masks: readonly number[]
  /** Of its capabilities. */
  readonly branches: string
}

const numberDigits = 14
const columns = [rights.owner, rights.group, rights.other, rights.fourth] as const

/** All steps of a directory from its making to `until`, in their order. Only while nothing changes it. */
export async function stepsOf(
  { member: { engine } }: System,
  directory: number,
  until: number,
): Promise<readonly DirectoryStep[]> {
  const prefix = `row/${directory.toString(16).padStart(numberDigits, '0')}/`
  const states = new Map<string, RowState>()
  const steps: DirectoryStep[] = []
  if (until === 0) return steps
  for await (const { revision: sequence, changes } of engine.watch(prefix, { from: revision(1) })) {
    const rows = changes.map((change): RowStep => {
      const name = change.key.slice(prefix.length)
      const before = states.get(name)
      const after = change.kind === 'put' ? stateOf(change.value) : undefined
      if (after === undefined) states.delete(name)
      else states.set(name, after)
      return { name, before, after }
    })
    steps.push({ sequence, rows })
    if (sequence >= until) break
  }
  return steps
}

/** What whoever holds these columns is told of it, as texts in the order of the names; none: nothing. */
export function toldOf({ rows }: DirectoryStep, held: number): readonly string[] {
  const told = rows.flatMap(({ name, before, after }) => {
    const [from, to] = [seenBy(before, held), seenBy(after, held)]
    if (from === undefined) return to === undefined ? [] : [`entered ${name}`]
    if (to === undefined) return [`removed ${name}`]
    return [`${from.branches === to.branches ? 'masks' : 'replaced'} ${name}`]
  })
  return told.toSorted()
}

function seenBy(state: RowState | undefined, held: number): RowState | undefined {
  if (state === undefined || (held & rights.owner) !== 0) return state
  return columns.some((column, at) => (held & column) !== 0 && (state.masks[at] ?? 0) !== 0) ? state : undefined
}

function stateOf(value: Uint8Array): RowState {
  const [, masks, capabilities] = decode(value) as readonly [number, readonly number[], readonly Uint8Array[]]
  return { masks, branches: capabilities.map((each) => new Capability(each).branch).join(' ') }
}
