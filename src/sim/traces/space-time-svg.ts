/**
 * A trace as an SVG drawing of space and time: a line for each member's life, a row for each event, an arrow for each
 * message from where it was sent to where it arrived.
 *
 * Rows are evenly spaced, whatever time lies between them: what happened at once stays readable, and long waits cost
 * no room; the times stand at the left. Attributes `data-…` say which rows a thing belongs to, so that the page's
 * script can take rows out. Everything from the trace is escaped here.
 */
import type { TraceEvent } from '../../edges/trace.ts'
import { memberOf } from '../../lib/identifiers.ts'
import { describeEvent, timeText, worldText } from './describe-event.ts'
import { plainText } from './plain-text.ts'
import { isLifted, nameOf, type SpaceTime, type TracedMessage, worldName } from './space-time.ts'
import { isFaultKind } from '../faults/check-script.ts'

export const rowHeight = 26
export const top = 20
const gutter = 96
const columnWidth = 190
/** Of a life line from the left side of its column: labels stand on both sides of it. */
const lineOffset = 96
/** Behind the last column, for what is said of faults there. */
const margin = 170
const labelLengthMax = 27
/** Colours that message types have; further types share them. */
export const coloursMax = 8

export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

export function widthOf({ members }: SpaceTime): number {
  return gutter + Math.max(1, members.length) * columnWidth + margin
}

export function heightOf({ events }: SpaceTime): number {
  return top + (events.length + 1) * rowHeight
}

export function nameTexts({ members }: SpaceTime): string {
  return members.map((name, column) => `<text x="${xOf(column)}" y="22">${escaped(name)}</text>`).join('')
}

/** Types of messages in the order of their first sending. */
export function messageTypes({ messages }: SpaceTime): readonly string[] {
  return [...new Set(messages.map(({ type }) => type))]
}

export function drawing(picture: SpaceTime): string {
  const types = messageTypes(picture)
  const colours = new Map(types.map((type, index) => [type, index % coloursMax]))
  const parts = lifeLines(picture)
  for (const message of picture.messages) parts.push(...arrows(picture, message, colours.get(message.type) ?? 0))
  const known = new Set<string>()
  picture.events.forEach((event, row) => {
    const isFirst = event.machine !== worldName && !known.has(event.member)
    if (isFirst) known.add(event.member)
    parts.push(rowOf(picture, event, row, isFirst))
  })
  return parts.join('\n')
}

function xOf(column: number): number {
  return gutter + column * columnWidth + lineOffset
}

function yOf(row: number): number {
  return top + row * rowHeight
}

/** One for each life: from the first event of a later one, to the crash of an earlier one. */
function lifeLines(picture: SpaceTime): string[] {
  return picture.members.flatMap((name, column) => {
    const lives = livesOf(picture, name)
    const lines = lives.map(({ first, last }, index) =>
      lifeLine(picture, column, index === 0 ? undefined : first, last),
    )
    return lives.length === 0 ? [lifeLine(picture, column, undefined, undefined, ' absent')] : lines
  })
}

interface Life {
  readonly first: number
  /** Row of its crash. */
  last: number | undefined
}

function livesOf({ events }: SpaceTime, name: string): readonly Life[] {
  const lives: Life[] = []
  let current: string | undefined
  events.forEach((event, row) => {
    if (nameOf(event) !== name) return
    const life = lives.at(-1)
    if (event.machine === worldName) {
      if (event.input.type === 'crash' && !isLifted(event) && life !== undefined) life.last = row
    } else if (event.member !== current) {
      if (life !== undefined) life.last ??= row - 1
      current = event.member
      lives.push({ first: row, last: undefined })
    }
  })
  return lives
}

function lifeLine(picture: SpaceTime, column: number, first?: number, last?: number, more = ''): string {
  const [y1, y2] = [first === undefined ? 0 : yOf(first), last === undefined ? heightOf(picture) : yOf(last)]
  const rows = `data-a="${first ?? ''}" data-b="${last ?? ''}"`
  return `<line class="life${more}" ${rows} x1="${xOf(column)}" x2="${xOf(column)}" y1="${y1}" y2="${y2}"/>`
}

function arrows(picture: SpaceTime, message: TracedMessage, colour: number): string[] {
  const { sentAt, arrivals, fate } = message
  if (sentAt === undefined) return []
  if (fate !== 'received') return [arrow(picture, message, colour, sentAt, undefined, fate)]
  return arrivals.map((row, index) => arrow(picture, message, colour, sentAt, row, index === 0 ? '' : 'again'))
}

function arrow(
  picture: SpaceTime,
  { type, number, from, to }: TracedMessage,
  colour: number,
  sentAt: number,
  row: number | undefined,
  fate: string,
): string {
  const x1 = xOf(picture.members.indexOf(memberOf(from)))
  const target = xOf(picture.members.indexOf(memberOf(to)))
  const x2 = row === undefined ? x1 + Math.sign(target - x1) * columnWidth * 0.72 : target
  const [y1, y2] = [yOf(sentAt), row === undefined ? yOf(sentAt) + rowHeight * 0.8 : yOf(row)]
  const bend = x1 === x2 ? `C${x1 + 60} ${y1} ${x1 + 60} ${y2} ` : 'L'
  const path = `M${x1} ${y1}${bend}${x2} ${y2}`
  const head = row === undefined ? '' : ` marker-end="url(#head${colour})"`
  const about = escaped(plainText(`${type} ${number}: ${from} → ${to}`, 200))
  // Near the sender: arrows to one member meet at its line, and their labels would lie on each other there.
  const nearShare = x1 === x2 ? 0.5 : 0.5 * (columnWidth / Math.max(columnWidth, Math.abs(x2 - x1)))
  const share = fate === 'again' ? nearShare * 1.5 : nearShare
  const labelX = x1 === x2 ? x1 + 46 : x1 + (x2 - x1) * share
  const label = escaped(plainText(`${type} ${number}`, 20))
  const end = fate === 'lost' ? '×' : fate === 'unseen' ? '?' : ''
  const texts = [
    `<text class="halo" data-share="${share}" data-down="-3" x="${labelX}" y="${y1 + (y2 - y1) * share - 3}">${label}</text>`,
    end === '' ? '' : `<text class="halo end" data-share="1" data-down="5" x="${x2}" y="${y2 + 5}">${end}</text>`,
  ]
  return (
    `<g class="m t${colour} ${fate}" data-s="${sentAt}" data-e="${row ?? ''}" data-x1="${x1}" data-x2="${x2}" data-about="${about}" data-fate="${fate}">` +
    `<path class="hit" d="${path}"/><path class="line" d="${path}"${head}/>${texts.join('')}</g>`
  )
}

/** @param isFirst - of its life, so that the life is named */
function rowOf(picture: SpaceTime, event: TraceEvent, row: number, isFirst: boolean): string {
  const time = `<text class="time" x="${gutter - 14}" y="4">${timeText(event.atMs - picture.originMs)}</text>`
  const isWorld = event.machine === worldName
  const inner = isWorld ? worldRow(picture, event) : stepRow(picture, event, row, isFirst)
  const isFault = isFaultKind(event.input.type) && !isLifted(event)
  const kind = isWorld ? (isFault ? 'f' : 'f over') : `e ${event.input.kind === 'timer' ? 'timer' : ''}`
  return `<g class="${kind}" data-r="${row}" transform="translate(0 ${yOf(row)})">${time}${inner}</g>`
}

function worldRow(picture: SpaceTime, event: TraceEvent): string {
  const column = picture.members.indexOf(nameOf(event))
  const text = escaped(plainText(worldText(event), column === -1 ? 120 : 38))
  if (column === -1) {
    const line = `<line class="band" x1="${gutter}" x2="${widthOf(picture)}" y1="0" y2="0"/>`
    return `${line}<text class="halo" x="${gutter + 40}" y="4">${text}</text>`
  }
  const x = xOf(column)
  return `<path d="M${x - 5} -5L${x + 5} 5M${x - 5} 5L${x + 5} -5"/><text class="halo" x="${x + 12}" y="4">${text}</text>`
}

function stepRow(picture: SpaceTime, event: TraceEvent, row: number, isFirst: boolean): string {
  const column = picture.members.indexOf(memberOf(event.member))
  const x = xOf(column)
  const message = picture.receivedAt(row)
  // Where the arrow does not come from.
  const isLeft = message !== undefined && picture.members.indexOf(memberOf(message.from)) > column
  const at = isLeft ? `text-anchor="end" x="${x - 10}"` : `x="${x + 10}"`
  const { input, effects } = event
  const outcomes = effects.filter(({ kind }) => kind === 'outcome' || kind === 'persist').map(({ type }) => type)
  const given = input.kind === 'message' ? '' : input.type === input.kind ? input.kind : `${input.kind} ${input.type}`
  const name = isFirst ? `${event.member} ` : ''
  const note = outcomes.length === 0 ? '' : `= ${outcomes.join(', ')}`
  const spans = [
    `<tspan font-weight="650">${escaped(name)}</tspan>`,
    `<tspan class="dim">${escaped(plainText(given, labelLengthMax))} </tspan>`,
    `<tspan class="note">${escaped(plainText(note, labelLengthMax))}</tspan>`,
  ]
  const title = `<title>${escaped(describeEvent(event, 300, picture.originMs).trim())}</title>`
  return `${title}<circle cx="${x}" cy="0" r="4.5"/><text class="halo" ${at} y="4">${spans.join('')}</text>`
}
