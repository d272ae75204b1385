/**
 * The file that a run is kept in: lines of JSON, first a header that says how to run it again, then the trace.
 *
 * The header is enough to replay, the events are enough to look: so a trace can be drawn by someone who lacks the
 * program. What `cardumen trace` prints has no header and is read as well. A file may come from anybody: everything
 * in it is checked here once, and wrong lines are named by their number. Whether a plan's faults make sense for its
 * scenario is left to who runs it. NaN and Infinity in a detail become null, as in all JSON.
 */
import type { TraceEvent } from '../../edges/trace.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { checkedEvent } from './trace-event-check.ts'
import { checkedHeader, isHeader, type TraceHeader, traceVersion } from './trace-header.ts'
import { WrongLine } from './wrong-line.ts'

/** Events of one file. */
export const linesMax = 1_000_000
/** Characters of one line. */
export const lineLengthMax = 262_144

export interface SavedTrace {
  /** Undefined: the output of `cardumen trace`, which cannot be replayed. */
  readonly header: TraceHeader | undefined
  readonly events: readonly TraceEvent[]
}

/** The text of the file. Throws `trace-invalid` where it would be over the bounds that reading has. */
export function encodeTrace(header: TraceHeader, events: readonly TraceEvent[]): string {
  if (events.length > linesMax) throw invalid(`The run has ${events.length} events; a trace holds at most ${linesMax}.`)
  const first = { format: 'cardumen-trace', v: traceVersion, events: events.length, ...header }
  return `${[first, ...events].map((line) => JSON.stringify(line)).join('\n')}\n`
}

/** Throws `trace-newer` for a file of a later format, else `trace-invalid` for one that is not sound. */
export function decodeTrace(text: string): SavedTrace {
  let header: ReturnType<typeof checkedHeader> | undefined
  const events: TraceEvent[] = []
  let number = 0
  for (const { line, isComplete } of linesOf(text)) {
    number++
    try {
      const value = parsed(line)
      if (number === 1 && isHeader(value)) header = checkedHeader(value)
      else events.push(checkedEvent(value))
    } catch (error) {
      throw error instanceof WrongLine ? refusal(error, number, isComplete) : error
    }
    if (events.length > linesMax) throw invalid(`The trace has more than ${linesMax} events (linesMax).`)
  }
  if (number === 0) throw invalid('The trace is empty.')
  const { count, ...rest } = header ?? { count: events.length, header: undefined }
  if (count !== events.length)
    throw invalid(`The trace has ${events.length} events, and its first line says ${count}: a part is missing.`)
  return { header: rest.header, events }
}

interface Line {
  readonly line: string
  /** False: the file ends without the end of the line. */
  readonly isComplete: boolean
}

function* linesOf(text: string): Generator<Line> {
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\n', start)
    yield { line: text.slice(start, end === -1 ? text.length : end), isComplete: end !== -1 }
    start = end === -1 ? text.length : end + 1
  }
}

function parsed(line: string): unknown {
  if (line.length > lineLengthMax) throw new WrongLine(`has ${line.length} characters, over ${lineLengthMax}`)
  try {
    return JSON.parse(line)
  } catch (cause) {
    throw new WrongLine('is no JSON', cause)
  }
}

function refusal(error: WrongLine, number: number, isComplete: boolean): CardumenError {
  if (error.isNewer)
    return new CardumenError('trace-newer', `Line ${number} of the trace ${error.message}.`, {
      hint: 'Read it with the version of cardumen that wrote it, or a later one.',
    })
  const end = isComplete ? '' : ', and the file ends in the middle of it'
  return invalid(`Line ${number} of the trace ${error.message}${end}.`, error.cause)
}

function invalid(message: string, cause?: unknown): CardumenError {
  return new CardumenError('trace-invalid', message, {
    cause,
    hint: 'Record it again; only "cardumen simulate" and "cardumen trace" write traces.',
  })
}
