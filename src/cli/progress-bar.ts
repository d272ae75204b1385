/**
 * How far long work has come, in one line on stderr that is drawn again and again.
 *
 * Nothing at all where stderr is no terminal: a log needs no bar. It is gone when the work is done.
 */
import process from 'node:process'
import { columnsDefault, styledError } from './terminal.ts'

const barColumnsMax = 40
const clearLine = '\r\u001B[K'

export class ProgressBar implements Disposable {
  readonly #label: string
  readonly #total: number
  readonly #isShown = process.stderr.isTTY === true

  constructor(label: string, total: number) {
    this.#label = label
    this.#total = total
    this.advanceTo(0)
  }

  /** `remark` stands behind the figures. */
  advanceTo(done: number, remark = ''): void {
    if (this.#isShown) process.stderr.write(clearLine + this.#line(done, remark))
  }

  clear(): void {
    if (this.#isShown) process.stderr.write(clearLine)
  }

  [Symbol.dispose](): void {
    this.clear()
  }

  #line(done: number, remark: string): string {
    const figures = ` ${done}/${this.#total}${remark === '' ? '' : `, ${remark}`}`
    const room = (process.stderr.columns || columnsDefault) - this.#label.length - figures.length - 2
    const columns = Math.max(0, Math.min(barColumnsMax, room))
    const filled = this.#total === 0 ? columns : Math.round((columns * done) / this.#total)
    return `${this.#label} ${styledError('green', '█'.repeat(filled))}${styledError('dim', '░'.repeat(columns - filled))}${figures}`
  }
}
