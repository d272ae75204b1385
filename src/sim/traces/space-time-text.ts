/**
 * A trace as a diagram of space and time in text: a column for each member, time downward.
 *
 *                m1#1                  m2#1
 *     12.000     o call call           │
 *                │ REQ 1 to m2         │
 *     12.400     ├───── REQ 1 ────────>o
 *                │                     │ = deliver
 *
 * A message is drawn as an arrow where it arrives, with its number; where it is sent stands the same number. One that
 * never arrives is drawn where it is sent, and ends in an x. Where columns would be too narrow to be read, each event
 * is a line of text instead. Colours are left to whoever prints it.
 */
import type { TraceEffect, TraceEvent } from '../../edges/trace.ts'
import { type Address, memberOf } from '../../lib/identifiers.ts'
import { describeEvent, timerText, timeText, worldText } from './describe-event.ts'
import { briefDetail, plainText } from './plain-text.ts'
import { isLifted, nameOf, type SpaceTime, spaceTimeOf, type TracedMessage, worldName } from './space-time.ts'
import { isFaultKind } from '../faults/check-script.ts'
import { TextCanvas } from './text-canvas.ts'

export interface SpaceTimeTextOptions {
  /** Characters of a line. */
  readonly width?: number
}

const widthUsual = 120
const widthMin = 40
/** The names of the columns are repeated after so many events. */
const eventsPerHeader = 40
const legend =
  'o step   ─ REQ 7 ─> arrives   ─ REQ 7 ─x lost   ─? addressee not recorded   = outcome   X fault   + its end'

export function spaceTimeText(events: readonly TraceEvent[], options: SpaceTimeTextOptions = {}): string {
  const width = Math.max(widthMin, Math.floor(options.width ?? widthUsual))
  const picture = spaceTimeOf(events)
  const canvas = new TextCanvas(picture.members, width)
  if (!canvas.isWideEnough) return listed(picture, width)
  const drawing = new Drawing(picture, canvas)
  picture.events.forEach((event, place) => drawing.draw(event, place))
  return [plainText(legend, width), ...canvas.lines, ''].join('\n')
}

function listed(picture: SpaceTime, width: number): string {
  const head = plainText(`${picture.members.length} members are too many for columns in ${width} characters:`, width)
  const lines = picture.events.map((event) => describeEvent(event, width, picture.originMs))
  return [head, ...lines, ''].join('\n')
}

class Drawing {
  readonly #picture: SpaceTime
  readonly #canvas: TextCanvas
  /** By column. */
  readonly #lives: (Address | undefined)[]

  constructor(picture: SpaceTime, canvas: TextCanvas) {
    this.#picture = picture
    this.#canvas = canvas
    this.#lives = picture.members.map((name) => firstLife(picture, name))
    this.#lives.forEach((life, column) => canvas.setAlive(column, life !== undefined))
    this.#header()
  }

  draw(event: TraceEvent, place: number): void {
    if (place > 0 && place % eventsPerHeader === 0) this.#header()
    const column = this.#picture.members.indexOf(nameOf(event))
    if (event.machine === worldName) return this.#drawWorld(event, column)
    this.#beginLife(event.member, column)
    this.#drawInput(event, place, column)
    event.effects.forEach((effect, position) => this.#drawEffect(effect, place, position, column))
    this.#drawTimers(event.effects, column)
  }

  #header(): void {
    const names = this.#picture.members.map((name, column) => this.#lives[column] ?? `${name} (no steps)`)
    this.#canvas.addNames(names)
  }

  #beginLife(member: Address, column: number): void {
    const isNew = this.#lives[column] !== member
    this.#lives[column] = member
    this.#canvas.setAlive(column, true)
    if (isNew) this.#canvas.addCell('', column, '┬', member)
  }

  #drawInput({ atMs, input }: TraceEvent, place: number, column: number): void {
    const time = this.#time(atMs)
    const message = this.#picture.receivedAt(place)
    const source = message === undefined ? column : this.#columnOf(message.from)
    if (message === undefined) this.#canvas.addCell(time, column, 'o', `${input.kind} ${input.type}`)
    else if (source === column) this.#canvas.addCell(time, column, 'o', `${labelOf(message)} from itself`)
    else this.#canvas.addArrow(time, source, column, arrivalLabel(message, place), 'o')
  }

  #drawEffect(effect: TraceEffect, place: number, position: number, column: number): void {
    if (effect.kind === 'send') return this.#drawSend(this.#picture.sentBy(place, position), column)
    const detail = briefDetail(effect.detail, 40)
    if (effect.kind === 'outcome') this.#canvas.addCell('', column, '│', `= ${effect.type} ${detail}`)
    if (effect.kind === 'persist') this.#canvas.addCell('', column, '│', `disk ${effect.type} ${detail}`)
  }

  #drawSend(message: TracedMessage | undefined, column: number): void {
    if (message === undefined) return
    const target = this.#columnOf(message.to)
    const label = labelOf(message)
    if (message.fate !== 'received' && target !== column)
      this.#canvas.addArrow('', column, target, label, message.fate === 'lost' ? 'x' : '?')
    else if (message.fate === 'received') this.#canvas.addCell('', column, '│', `${label} to ${memberOf(message.to)}`)
    else this.#canvas.addCell('', column, '│', `${label} to itself: lost`)
  }

  /** In one line: they are many, and seldom what one looks for. */
  #drawTimers(effects: readonly TraceEffect[], column: number): void {
    const timers = effects.filter(({ kind }) => kind === 'set-timer' || kind === 'clear-timer')
    if (timers.length > 0) this.#canvas.addCell('', column, '│', timers.slice(0, 8).map(timerText).join(', '))
  }

  #drawWorld(event: TraceEvent, column: number): void {
    const time = this.#time(event.atMs)
    if (column === -1) return this.#canvas.addBanner(time, worldText(event))
    const isCrash = event.input.type === 'crash' && !isLifted(event)
    const isFault = isFaultKind(event.input.type) && !isLifted(event)
    this.#canvas.addCell(time, column, isFault ? 'X' : '+', worldText(event))
    if (isCrash) this.#canvas.setAlive(column, false)
  }

  #columnOf(member: Address): number {
    return this.#picture.members.indexOf(memberOf(member))
  }

  #time(atMs: number): string {
    return timeText(atMs - this.#picture.originMs)
  }
}

function firstLife({ events }: SpaceTime, name: string): Address | undefined {
  return events.find(({ machine, member }) => machine !== worldName && memberOf(member) === name)?.member
}

function labelOf(message: TracedMessage): string {
  return `${message.type} ${message.number}`
}

function arrivalLabel(message: TracedMessage, place: number): string {
  return `${labelOf(message)}${message.arrivals[0] === place ? '' : ' again'}`
}
