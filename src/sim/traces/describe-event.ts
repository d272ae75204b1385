/**
 * One event of a trace in one line of text: when, who, what went in and what came of it.
 *
 *     12.400  m2#1  rpc  REQ from m1#1 slot=0 sequence=1 -> outcome deliver caller=m1#1
 */
import type { TraceEffect, TraceEvent, TraceInput } from '../../edges/trace.ts'
import { briefDetail, plainText } from './plain-text.ts'
import { isLifted, worldName } from './space-time.ts'

const lengthUsual = 200
/** Of one input or effect. */
const detailLengthMax = 60
/** Effects that are described; more are counted. */
const effectsShownMax = 8

/** @param originMs - what the time is counted from */
export function describeEvent(event: TraceEvent, lengthMax = lengthUsual, originMs = 0): string {
  const start = `${timeText(event.atMs - originMs).padStart(10)}  ${event.member}  `
  return plainText(`${start}${event.machine === worldName ? worldText(event) : stepText(event)}`, lengthMax)
}

/** Milliseconds, down to the microsecond. */
export function timeText(timeMs: number): string {
  return timeMs.toFixed(3)
}

/** What the world did, such as `crash how=process`; its end is said so. */
export function worldText(event: TraceEvent): string {
  const fields = Object.entries(event.input.detail).filter(([name]) => !['on', 'isOn', 'atMs'].includes(name))
  const detail = briefDetail(Object.fromEntries(fields), detailLengthMax)
  return `${event.input.type}${isLifted(event) ? ' ends' : ''} ${detail}`.trim()
}

export function timerText(effect: TraceEffect): string {
  const { delayMs } = effect.detail as { readonly delayMs?: unknown }
  const time = typeof delayMs === 'number' ? ` ${Number(delayMs.toFixed(3))} ms` : ''
  return `${effect.kind === 'set-timer' ? 'set' : 'clear'} ${effect.type}${time}`
}

function stepText(event: TraceEvent): string {
  const done = event.effects.slice(0, effectsShownMax).map(effectText)
  const left = event.effects.length - done.length
  if (left > 0) done.push(`${left} more`)
  return `${event.machine}  ${inputText(event.input)}${done.length === 0 ? '' : ` -> ${done.join(', ')}`}`
}

function inputText(input: TraceInput): string {
  const detail = briefDetail(input.detail, detailLengthMax)
  const what = input.kind === 'message' ? `${input.type} from ${input.from}` : `${input.kind} ${input.type}`
  return `${what} ${detail}`.trim()
}

function effectText(effect: TraceEffect): string {
  switch (effect.kind) {
    case 'send':
      return `send ${effect.type} to ${effect.to}`
    case 'set-timer':
    case 'clear-timer':
      return timerText(effect)
    default:
      return `${effect.kind} ${effect.type} ${briefDetail(effect.detail, detailLengthMax)}`.trim()
  }
}
