/**
 * A text that is drawn again in the same place on a terminal; in a pipe, one after the other with an empty line between.
 *
 * It draws on the terminal's second screen, so that what stood there before comes back.
 */
import process from 'node:process'
import { print } from './terminal.ts'

const escape = '\u001B['
const home = `${escape}H`
const clearLineEnd = `${escape}K`
const clearBelow = `${escape}J`
const hideCursor = `${escape}?25l`
const showCursor = `${escape}?25h`
const otherScreen = `${escape}?1049h`
const usualScreen = `${escape}?1049l`

export class Screen implements Disposable {
  readonly #isTerminal = process.stdout.isTTY === true
  #drawn = ''
  #count = 0

  constructor() {
    if (this.#isTerminal) process.stdout.write(otherScreen + hideCursor)
  }

  draw(text: string): void {
    this.#drawn = text
    if (this.#isTerminal) process.stdout.write(home + this.#fitted(text) + clearBelow)
    else print(this.#count > 0 ? `\n${text}` : text)
    this.#count++
  }

  /** Leaves what was drawn last on the usual screen. */
  [Symbol.dispose](): void {
    if (this.#isTerminal) process.stdout.write(`${showCursor}${usualScreen}${this.#drawn}\n`)
  }

  #fitted(text: string): string {
    const lines = text.split('\n').slice(0, Math.max(1, process.stdout.rows - 1))
    return lines.map((line) => `${line}${clearLineEnd}\n`).join('')
  }
}
