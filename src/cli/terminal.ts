/**
 * What goes to the user: results on stdout, everything about them on stderr.
 *
 * Colour follows the stream that it goes to (a terminal has it, a pipe has not) and `NO_COLOR`, `FORCE_COLOR` and
 * `--no-color`, which Node itself knows. A reader who has gone, as `head` does, ends the command quietly.
 */
import { once } from 'node:events'
import process from 'node:process'
import { stripVTControlCharacters, styleText } from 'node:util'

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

export const columnsDefault = 80

export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout })
}

export function styledError(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stderr })
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Between lines of which there may be very many: waits for a reader who is slower, so that they do not pile up here. */
export async function taken(): Promise<void> {
  if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain')
}

/** About the work, not its result. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Columns that a text takes. */
export function widthOf(text: string): number {
  return stripVTControlCharacters(text).length
}

/** Resolves when all that was printed has left the process; needed before it is ended by force. */
export async function flushOutput(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.writable) await new Promise<void>((resolve) => stream.write('', () => resolve()))
  }
}

/** Call once. `onClosed` is called when the reader of our output is gone, `onFailed` when it cannot be written, as on a full disk. */
export function watchOutput(onClosed: () => void, onFailed: (error: Error) => void): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') onClosed()
      else onFailed(error)
    })
  }
}

export function withoutColour(): void {
  delete process.env['FORCE_COLOR']
  process.env['NO_COLOR'] = '1'
}
