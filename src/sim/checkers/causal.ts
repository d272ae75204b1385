/**
 * Causal consistency (after Ahamad et al., 1995), by the bad patterns of Bouajjani, Enea, Guerraoui & Hamza (2017):
 * CyclicCO, ThinAirRead, WriteCORead and WriteCOInitRead. A history of reads and writes has one of them exactly when
 * it is not causally consistent, so nothing is searched and 10,000 operations take milliseconds.
 *
 * It needs to know which write a read saw, so all values written to one key must differ, and none may be null. Only
 * read, write, cas, get and put are known here. Causality is kept as vector clocks (Mattern, 1989), one place a process.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { type Json, textOf } from './json-value.ts'
import type { Model } from './models/model.ts'
import { casOf } from './models/register.ts'
import type { Operation } from './operation.ts'
import { operationText, timelineText } from './operation-text.ts'
import { processesOf } from './process-orders.ts'
import { shrinkPart } from './shrink-part.ts'
import { type CertainVerdict, held } from './verdict.ts'

const claim = 'causal'
const reads = new Set(['read', 'get'])
const writes = new Set(['write', 'put'])

interface Node {
  readonly operation: Operation
  readonly key: string
  readonly process: number
  /** Counted from 1. */
  readonly place: number
  readonly read: Json | undefined
  readonly written: Json | undefined
  source: Node | undefined
  clock: readonly number[] | undefined
}

interface BadPattern {
  readonly pattern: string
  readonly meaning: string
  readonly culprit: Operation | undefined
}

/** Throws `history-invalid` where the history is none of reads and writes of distinct values. */
export function checkCausal(history: readonly Operation[], model: Model): CertainVerdict {
  let found = badPatternOf(history, model)
  if (found === undefined) return held
  const part = shrinkPart(
    history.filter((each) => each.type !== 'fail'),
    model,
    (smaller) => {
      const again = badPatternOf(smaller, model)
      found = again ?? found
      return again !== undefined
    },
  )
  const { pattern, meaning, culprit } = found
  const last = culprit === undefined ? '' : ` (${operationText(culprit)} of process ${culprit.process})`
  const text = [`${pattern}: ${meaning}${last}`, '', ...timelineText(part, culprit)].join('\n')
  return { holds: false, claim, text, part, ...(culprit === undefined ? {} : { culprit }) }
}

function badPatternOf(history: readonly Operation[], model: Model): BadPattern | undefined {
  const processes = processesOf(history, model).map((operations, process) =>
    operations.map((each, index) => nodeOf(each, process, index + 1)),
  )
  const written = writesOf(processes.flat())
  for (const node of processes.flat()) {
    if (node.read === undefined || node.read === null) continue
    node.source = written.get(`${node.key} ${textOf(node.read)}`)
    if (node.source === undefined) return bad('ThinAirRead', 'It read a value that nobody wrote.', node)
  }
  const waiting = setClocks(processes)
  if (waiting !== undefined)
    return bad('CyclicCO', 'It is before itself: a read comes after the write that it saw.', waiting)
  return firstOverwritten(processes)
}

function nodeOf(operation: Operation, process: number, place: number): Node {
  const { f, value, result } = operation
  if (!reads.has(f) && !writes.has(f) && f !== 'cas') throw refused(`it knows no ${f}`)
  const [expected, next] = f === 'cas' ? casOf(value) : [result, value]
  return {
    operation,
    key: textOf(operation.key),
    process,
    place,
    // Whether an unknown cas matched nobody knows; that its value was seen says that it did.
    read: writes.has(f) || operation.type === 'info' ? undefined : expected,
    written: reads.has(f) ? undefined : next,
    source: undefined,
    clock: undefined,
  }
}

function writesOf(nodes: readonly Node[]): ReadonlyMap<string, Node> {
  const written = new Map<string, Node>()
  for (const node of nodes) {
    if (node.written === undefined) continue
    const text = `${node.key} ${textOf(node.written)}`
    if (node.written === null) throw refused('null is written')
    if (written.has(text)) throw refused(`${textOf(node.written)} is written twice to one key`)
    written.set(text, node)
  }
  return written
}

function refused(reason: string): CardumenError {
  return new CardumenError('history-invalid', `Causal consistency cannot be checked on this history: ${reason}.`, {
    hint: 'It needs reads, writes and cas of values that all differ and are not null.',
  })
}

/** Round by round: each process goes on until its next read's source has no clock yet. Returns one that waits for ever. */
function setClocks(processes: readonly (readonly Node[])[]): Node | undefined {
  const places = processes.map(() => 0)
  for (let isMoved = true; isMoved; ) {
    isMoved = false
    for (const [process, nodes] of processes.entries()) {
      for (let node = nodes[places[process] ?? 0]; node !== undefined; node = nodes[places[process] ?? 0]) {
        if (node.source !== undefined && node.source.clock === undefined) break
        node.clock = clockOf(node, nodes[node.place - 2], processes.length)
        places[process] = node.place
        isMoved = true
      }
    }
  }
  return processes.flatMap((nodes, process) => nodes.slice(places[process], (places[process] ?? 0) + 1))[0]
}

function clockOf(node: Node, before: Node | undefined, processes: number): readonly number[] {
  return Array.from({ length: processes }, (_, index) => {
    if (index === node.process) return node.place
    return Math.max(before?.clock?.[index] ?? 0, node.source?.clock?.[index] ?? 0)
  })
}

function firstOverwritten(processes: readonly (readonly Node[])[]): BadPattern | undefined {
  const writesByKey = new Map<string, Node[][]>()
  for (const [process, nodes] of processes.entries()) {
    for (const node of nodes) {
      if (node.written === undefined) continue
      const byProcess = writesByKey.get(node.key) ?? processes.map(() => [])
      writesByKey.set(node.key, byProcess)
      byProcess[process]?.push(node)
    }
  }
  for (const node of processes.flat()) {
    if (node.read === undefined) continue
    for (const [process, list] of (writesByKey.get(node.key) ?? []).entries()) {
      // Of those that are causally before the read, the last of each process is after all its others.
      const last = lastUpTo(list, (node.clock?.[process] ?? 0) - (process === node.process ? 1 : 0))
      if (last === undefined || last === node.source) continue
      const { source } = node
      if (source === undefined)
        return bad('WriteCOInitRead', 'It read the initial value, though a write is before it.', node)
      if ((last.clock?.[source.process] ?? 0) >= source.place)
        return bad('WriteCORead', 'It read a value that a write before it had replaced.', node)
    }
  }
  return undefined
}

function lastUpTo(list: readonly Node[], place: number): Node | undefined {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((list[middle]?.place ?? Infinity) <= place) low = middle + 1
    else high = middle
  }
  return list[low - 1]
}

function bad(pattern: string, meaning: string, { operation }: Node): BadPattern {
  return { pattern, meaning, culprit: operation }
}
