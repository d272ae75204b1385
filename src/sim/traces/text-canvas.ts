/**
 * Lines of text with a column for each member, on which a diagram of space and time is drawn from above.
 *
 * It knows columns, life lines, cells, arrows and banners, and nothing of traces. No line is ever longer than its
 * width, and nothing that is drawn contains what a terminal would obey.
 */
import { plainText } from './plain-text.ts'

const timeWidth = 12
/** Of a column, with its life line; the text in it is shorter by three. */
const columnWidthMin = 12
const columnWidthMax = 40
const labelMarginMin = 3

export class TextCanvas {
  readonly lines: string[] = []
  readonly isWideEnough: boolean
  readonly #columns: number
  readonly #columnWidth: number
  readonly #width: number
  readonly #alive: boolean[]

  constructor(members: readonly string[], width: number) {
    const fair = Math.floor((width - timeWidth) / Math.max(1, members.length))
    this.isWideEnough = fair >= columnWidthMin
    this.#columns = members.length
    this.#columnWidth = Math.min(fair, columnWidthMax)
    this.#width = width
    this.#alive = members.map(() => true)
  }

  /** From the next line on. */
  setAlive(column: number, isAlive: boolean): void {
    this.#alive[column] = isAlive
  }

  addNames(names: readonly string[]): void {
    const line = ''.padEnd(timeWidth).padEnd(this.#width)
    this.#add(names.reduce((text, name, column) => overlaid(text, this.#at(column), this.#fitted(name)), line))
  }

  /** A mark on the life line, and a text beside it. */
  addCell(time: string, column: number, mark: string, text: string): void {
    this.#add(
      overlaid(overlaid(this.#background(time), this.#at(column), mark), this.#at(column) + 2, this.#fitted(text)),
    )
  }

  /** `head` is `o` where it arrives; anything else stands before the life line that it does not reach. */
  addArrow(time: string, source: number, target: number, label: string, head: string): void {
    const [from, to] = [this.#at(source), this.#at(target)]
    const step = from < to ? 1 : -1
    const chars = this.#background(time).split('')
    for (let at = from; at !== to; at += step) chars[at] = chars[at] === '│' && at !== from ? '┼' : '─'
    chars[from] = step === 1 ? '├' : '┤'
    if (head === 'o') chars[to] = head
    chars[to - step] = head === 'o' ? (step === 1 ? '>' : '<') : head
    const room = Math.abs(to - from) - 1 - 2 * labelMarginMin
    const shown = ` ${plainText(label, Math.max(1, room - 2))} `
    // In the middle of the way's part beside the sender, where no other life line is crossed.
    const near = step === 1 ? from : from - this.#columnWidth
    this.#add(overlaid(chars.join(''), near + Math.max(2, Math.floor((this.#columnWidth - shown.length) / 2)), shown))
  }

  /** Across all columns. */
  addBanner(time: string, text: string): void {
    const room = this.#columns * this.#columnWidth
    this.#add(`${time.padStart(timeWidth - 2)}  ${`── ${plainText(text, room - 6)} `.padEnd(room, '─')}`)
  }

  #background(time: string): string {
    const line = time
      .padStart(timeWidth - 2)
      .slice(0, timeWidth - 1)
      .padEnd(this.#width)
    return this.#alive.reduce((text, isAlive, column) => (isAlive ? overlaid(text, this.#at(column), '│') : text), line)
  }

  #at(column: number): number {
    return timeWidth + column * this.#columnWidth
  }

  #fitted(text: string): string {
    return plainText(text, this.#columnWidth - 3)
  }

  #add(line: string): void {
    this.lines.push(line.slice(0, this.#width).trimEnd())
  }
}

function overlaid(text: string, at: number, over: string): string {
  return text.slice(0, at) + over + text.slice(at + over.length)
}
