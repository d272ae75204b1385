/**
 * Reads a recorded history: one JSON object a line, in the shape that Jepsen's tools use, checked against a model.
 *
 * Whatever is wrong is refused with `history-invalid` and the number of its line, since a checker that guesses what a
 * history meant proves nothing. Lines of the process `nemesis` (Jepsen's name for what breaks things) are passed over,
 * fields that are not known are ignored. What was invoked and never completed counts as `info`.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { type Json, textOf } from './json-value.ts'
import type { Model } from './models/model.ts'
import type { Operation, ProcessName } from './operation.ts'

export interface HistoryEvent {
  readonly index: number
  readonly time: number
  readonly process: ProcessName
  readonly type: 'invoke' | 'ok' | 'fail' | 'info'
  readonly f: string
  readonly key?: Json | undefined
  readonly value?: Json | undefined
}

/** Operations of one history. */
export const operationsMax = 1_000_000
export const lineCharactersMax = 1_048_576

const types = new Set(['invoke', 'ok', 'fail', 'info'])
const nemeses = new Set<unknown>(['nemesis', ':nemesis'])

/** Of a whole text. Throws `history-invalid`. */
export function readHistory(text: string, model: Model): readonly Operation[] {
  const reader = new HistoryReader(model)
  reader.addText(text)
  return reader.end()
}

/** Of events that are there already, as a recorder gives them. Throws `history-invalid`. */
export function pairEvents(events: readonly HistoryEvent[], model: Model): readonly Operation[] {
  const reader = new HistoryReader(model)
  for (const event of events) reader.addEvent(event)
  return reader.end()
}

interface Open {
  readonly event: HistoryEvent
  readonly place: number
}

/** For a history that comes in pieces; `addText` and `end` throw `history-invalid`. */
export class HistoryReader {
  readonly #model: Model
  readonly #operations: Operation[] = []
  readonly #open = new Map<ProcessName, Open>()
  /** Their last operation ended as `info`. */
  readonly #silent = new Set<ProcessName>()
  #rest = ''
  #line = 0
  #place = 0
  #lastIndex = -1
  #lastTime = Number.NEGATIVE_INFINITY

  constructor(model: Model) {
    this.#model = model
  }

  /** Lines may be cut anywhere. */
  addText(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#addLine(line)
    if (this.#rest.length > lineCharactersMax) this.#addLine(this.#rest)
  }

  addEvent(given: unknown): void {
    this.#line++
    this.#takeEvent(given)
  }

  /** All operations, by invocation. */
  end(): readonly Operation[] {
    if (this.#rest !== '') this.#addLine(this.#rest)
    this.#rest = ''
    for (const open of this.#open.values()) this.#close(open, undefined, 'info')
    this.#open.clear()
    return this.#operations.sort((left, right) => left.invokedAt - right.invokedAt)
  }

  #addLine(line: string): void {
    this.#line++
    if (line.length > lineCharactersMax) this.#refuse(`it is longer than ${lineCharactersMax} characters`)
    const text = line.trim()
    if (text === '') return
    let given: unknown
    try {
      given = JSON.parse(this.#line === 1 ? text.replace(/^\uFEFF/, '') : text)
    } catch (error) {
      this.#refuse(`it is no JSON (${error instanceof Error ? error.message : String(error)})`)
    }
    this.#takeEvent(given)
  }

  #takeEvent(given: unknown): void {
    if (!isRecord(given)) return this.#refuse('it is no JSON object')
    if (nemeses.has(given['process'])) return
    const event = this.#checked(given)
    if (event.type === 'invoke') this.#onInvoke(event)
    else this.#onCompletion(event)
    this.#place++
  }

  #checked(given: Readonly<Record<string, unknown>>): HistoryEvent {
    // What is left out goes on where the line before it was.
    const { process, type, f, key, value } = given
    const index = given['index'] ?? this.#lastIndex
    const time = given['time'] ?? Math.max(0, this.#lastTime)
    if (typeof index !== 'number' || !Number.isFinite(index)) this.#refuse('its index is no number')
    if ((given['index'] ?? undefined) !== undefined && index <= this.#lastIndex)
      this.#refuse(`its index ${index} does not follow ${this.#lastIndex}`)
    if (typeof time !== 'number' || !Number.isFinite(time)) this.#refuse('its time is no number')
    if (time < this.#lastTime) this.#refuse(`its time runs back from ${this.#lastTime} to ${time}`)
    if (typeof process !== 'number' && typeof process !== 'string') this.#refuse('its process is no number and no text')
    if (typeof type !== 'string' || !types.has(type)) this.#refuse('its type is none of invoke, ok, fail, info')
    if (typeof f !== 'string') this.#refuse('its f is no text')
    if (!this.#model.operations.has(f)) this.#refuse(`the model ${this.#model.name} has no operation ${shortened(f)}`)
    this.#lastIndex = index
    this.#lastTime = time
    const checked = {
      index,
      time,
      process,
      type: type as HistoryEvent['type'],
      f,
      key: key as Json,
      value: value as Json,
    }
    this.#text(checked.key)
    this.#text(checked.value)
    return checked
  }

  #onInvoke(event: HistoryEvent): void {
    const { process, f, key, value = null } = event
    if (this.#silent.has(process)) this.#refuse(`process ${shown(process)} acts again after an info`)
    const before = this.#open.get(process)
    if (before !== undefined)
      this.#refuse(`process ${shown(process)} invokes ${f} before its ${before.event.f} has completed`)
    if (this.#model.needsKey && (key ?? null) === null) this.#refuse(`${f} has no key`)
    const complaint = this.#model.operations.get(f)?.input(value)
    if (complaint !== undefined) this.#refuse(`the value of ${f} is wrong: ${complaint}`)
    if (this.#operations.length + this.#open.size >= operationsMax) this.#refuse(`over ${operationsMax} operations`)
    this.#open.set(process, { event, place: this.#place })
  }

  #onCompletion(event: HistoryEvent): void {
    const { process, f, key, type } = event
    if (this.#silent.has(process)) this.#refuse(`process ${shown(process)} completes ${f} after an info`)
    const open = this.#open.get(process)
    if (open === undefined) return this.#refuse(`process ${shown(process)} completes ${f}, which it has not invoked`)
    const invoked = open.event
    if (f !== invoked.f) this.#refuse(`process ${shown(process)} completes ${f}, but invoked ${invoked.f}`)
    if ((key ?? null) !== null && this.#text(key) !== this.#text(invoked.key))
      this.#refuse(`the key is not that of its invocation`)
    if (type === 'ok') this.#checkResult(event, invoked)
    this.#open.delete(process)
    if (type === 'info') this.#silent.add(process)
    this.#close(open, event, type === 'invoke' ? 'info' : type)
  }

  #checkResult({ f, value = null }: HistoryEvent, invoked: HistoryEvent): void {
    const output = this.#model.operations.get(f)?.output
    if (output === undefined) {
      if (value !== null && this.#text(value) !== this.#text(invoked.value))
        this.#refuse(`${f} completes with another value than it was invoked with`)
      return
    }
    const complaint = output(value)
    if (complaint !== undefined) this.#refuse(`the value of the completed ${f} is wrong: ${complaint}`)
  }

  #close({ event, place }: Open, completion: HistoryEvent | undefined, type: Operation['type']): void {
    const isReturned = completion !== undefined && type !== 'info'
    this.#operations.push({
      process: event.process,
      f: event.f,
      key: event.key ?? null,
      value: event.value ?? null,
      result: type === 'ok' ? (completion?.value ?? null) : null,
      type,
      invokedAt: place,
      returnedAt: isReturned ? this.#place : undefined,
      invokedTime: event.time,
      returnedTime: isReturned ? completion.time : undefined,
    })
  }

  #text(value: Json | undefined): string {
    try {
      return textOf(value)
    } catch (error) {
      return this.#refuse(`a value is ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  #refuse(reason: string): never {
    throw new CardumenError('history-invalid', `Line ${this.#line} of the history: ${reason}.`, {
      hint: 'docs/check-histories.md describes the lines and the operations of each model.',
    })
  }
}

function isRecord(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === 'object' && given !== null && !Array.isArray(given)
}

/** A name may hold what a terminal would obey. */
function shown(process: ProcessName): string {
  return typeof process === 'number' ? String(process) : shortened(process)
}

function shortened(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}
