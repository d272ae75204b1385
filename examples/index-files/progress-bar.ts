/**
 * One line of progress on stderr: a bar that is drawn over on a terminal, a line for each quarter elsewhere.
 */
import type { WriteStream } from 'node:tty'

const width = 30
const drawnAtMostEveryMs = 50
const eraseLine = '\r\u001b[K'

export class ProgressBar implements Disposable {
  readonly #title: string
  readonly #stream: Pick<WriteStream, 'isTTY' | 'write'>
  #drawnAtMs = 0
  #quarters = 0

  constructor(title: string, stream: Pick<WriteStream, 'isTTY' | 'write'> = process.stderr) {
    this.#title = title
    this.#stream = stream
  }

  show(done: number, total: number): void {
    if (this.#stream.isTTY) this.#draw(done, total)
    else this.#mention(done, total)
  }

  /** A line that stays; the bar goes on below it. */
  say(text: string): void {
    this.#stream.write(`${this.#stream.isTTY ? eraseLine : ''}${text}\n`)
  }

  [Symbol.dispose](): void {
    if (this.#stream.isTTY) this.#stream.write(eraseLine)
  }

  #draw(done: number, total: number): void {
    const nowMs = performance.now()
    if (nowMs - this.#drawnAtMs < drawnAtMostEveryMs && done < total) return
    this.#drawnAtMs = nowMs
    const filled = Math.round((width * done) / total)
    const percent = `${Math.floor((100 * done) / total)} %`.padStart(5)
    this.#stream.write(`${eraseLine}${this.#title} ${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${percent}`)
  }

  #mention(done: number, total: number): void {
    const quarters = Math.floor((4 * done) / total)
    if (quarters === this.#quarters) return
    this.#quarters = quarters
    this.#stream.write(`${this.#title} ${25 * quarters} %\n`)
  }
}
