/**
 * A trace as Chrome trace-event JSON, which Perfetto and chrome://tracing open.
 *
 * A member is a process, its machines are threads, each step is a slice and each message an arrow between two slices
 * (flow events). A step takes no time of its own here, and slices of one thread may not overlap: each is drawn one
 * microsecond long and begins no earlier than the one before has ended, nor than the sending of what it received has.
 * Faults that have an end are drawn from end to end. A message that never arrived is an instant at its sender.
 */
import type { TraceEvent } from '../../edges/trace.ts'
import { describeEvent, worldText } from './describe-event.ts'
import { isLifted, nameOf, type SpaceTime, spaceTimeOf, worldName } from './space-time.ts'

/** One line of the format; times in microseconds. */
export interface PerfettoEvent {
  /** X: slice, i: instant, s and f: begin and end of an arrow, b and e: begin and end of a fault, M: a name. */
  readonly ph: 'X' | 'i' | 's' | 'f' | 'b' | 'e' | 'M'
  readonly name: string
  readonly pid: number
  readonly tid: number
  readonly ts?: number
  readonly dur?: number
  readonly cat?: string
  readonly id?: number
  /** The arrow ends at the slice that encloses it. */
  readonly bp?: 'e'
  /** Of an instant: its thread, its process, or everything. */
  readonly s?: 't' | 'p' | 'g'
  readonly args?: object
}

const stepUs = 1

/** @param title - Perfetto shows it among the metadata */
export function perfettoTrace(events: readonly TraceEvent[], title: string): string {
  const trace = new PerfettoTrace(spaceTimeOf(events))
  const lines = trace.written().map((event) => JSON.stringify(event))
  const otherData = JSON.stringify({ title, format: 'cardumen-trace' })
  return `{"displayTimeUnit":"ms","otherData":${otherData},"traceEvents":[\n${lines.join(',\n')}\n]}\n`
}

interface Track {
  readonly pid: number
  readonly tid: number
}

class PerfettoTrace {
  readonly #picture: SpaceTime
  readonly #written: PerfettoEvent[] = []
  readonly #tracks = new Map<string, Track>()
  /** By track: when its latest slice ends. */
  readonly #ends = new Map<Track, number>()
  /** By place: where the step is drawn. */
  readonly #drawn: { readonly track: Track; readonly ts: number }[] = []
  #ids = 0

  constructor(picture: SpaceTime) {
    this.#picture = picture
    for (const [index, name] of [worldName, ...picture.members].entries())
      this.#written.push({ ph: 'M', name: 'process_name', pid: index, tid: 0, args: { name } })
  }

  written(): readonly PerfettoEvent[] {
    this.#picture.events.forEach((event, place) => this.#step(event, place))
    return this.#written
  }

  #step(event: TraceEvent, place: number): void {
    const isWorld = event.machine === worldName
    const track = this.#track(event)
    const message = this.#picture.receivedAt(place)
    const source = message?.sentAt === undefined ? undefined : this.#drawn[message.sentAt]
    const atUs = (event.atMs - this.#picture.originMs) * 1000
    const ts = Math.max(atUs, this.#ends.get(track) ?? 0, source === undefined ? 0 : source.ts + stepUs)
    this.#drawn.push({ track, ts })
    if (isWorld) return this.#fault(event, track, ts)
    this.#ends.set(track, ts + stepUs)
    const name = event.input.kind === 'message' ? event.input.type : `${event.input.kind} ${event.input.type}`
    const { member, sequence, lamport, input, effects } = event
    const args = { member, sequence, lamport, input, effects }
    this.#written.push({ ph: 'X', name, cat: event.input.kind, ...track, ts, dur: stepUs, args })
    if (message !== undefined && source !== undefined) {
      const arrow = { name: message.type, cat: 'message', id: ++this.#ids }
      this.#written.push({ ph: 's', ...arrow, ...source.track, ts: source.ts })
      this.#written.push({ ph: 'f', bp: 'e', ...arrow, ...track, ts })
    }
    this.#instants(event, place, track, ts)
  }

  #instants(event: TraceEvent, place: number, track: Track, ts: number): void {
    event.effects.forEach((effect, position) => {
      const sent = this.#picture.sentBy(place, position)
      if (sent?.fate === 'lost')
        this.#written.push({ ph: 'i', s: 't', name: `lost: ${sent.type} to ${sent.to}`, cat: 'lost', ...track, ts })
      if (effect.kind === 'outcome')
        this.#written.push({ ph: 'i', s: 't', name: effect.type, cat: 'outcome', ...track, ts, args: effect.detail })
    })
  }

  #fault(event: TraceEvent, track: Track, ts: number): void {
    const { untilMs } = event.input.detail as { readonly untilMs?: unknown }
    const name = worldText(event)
    const args = { text: describeEvent(event), ...event.input.detail }
    this.#written.push({ ph: 'i', s: track.pid === 0 ? 'g' : 'p', name, cat: 'fault', ...track, ts, args })
    if (isLifted(event) || typeof untilMs !== 'number' || untilMs < event.atMs) return
    const window = { name, cat: 'fault', id: ++this.#ids, ...track }
    this.#written.push({ ph: 'b', ...window, ts, args })
    this.#written.push({ ph: 'e', ...window, ts: Math.max(ts, (untilMs - this.#picture.originMs) * 1000) })
  }

  #track(event: TraceEvent): Track {
    const { member, machine } = event
    const life = `${machine} ${machine === worldName ? nameOf(event) : member}`
    const known = this.#tracks.get(life)
    if (known !== undefined) return known
    const track = { pid: this.#picture.members.indexOf(nameOf(event)) + 1, tid: this.#tracks.size + 1 }
    this.#tracks.set(life, track)
    this.#written.push({ ph: 'M', name: 'thread_name', ...track, args: { name: life } })
    return track
  }
}
