/**
 * A trace as a log for ShiViz (Beschastnikh and others, 2016), which draws it and searches it for patterns.
 *
 * The file opens with the regular expression that reads it and an empty line (there is one execution in it), as ShiViz
 * expects of files; then each event is two lines: its text, and its host with its vector clock (Fidge; Mattern, 1988).
 * A host is one life of a member. Clocks follow from the messages' identifiers: an event knows what its life did
 * before and what the sender of its message knew. Lamport times are not enough for that, and are not used. What is
 * lost or duplicated has no mark of its own in a vector clock; the texts say it.
 */
import type { TraceEvent } from '../../edges/trace.ts'
import { describeEvent } from './describe-event.ts'
import { spaceTimeOf } from './space-time.ts'

/** For ShiViz, which reads it as the regular expression of the log. */
const logPattern = String.raw`(?<event>.*)\n(?<host>\S*) (?<clock>{.*})`
const textLengthMax = 300

type VectorClock = ReadonlyMap<string, number>

export function shivizLog(events: readonly TraceEvent[]): string {
  const picture = spaceTimeOf(events)
  const latest = new Map<string, VectorClock>()
  const clocks: VectorClock[] = []
  const lines = picture.events.flatMap((event, place) => {
    const sentAt = picture.receivedAt(place)?.sentAt
    const clock = merged(latest.get(event.member), sentAt === undefined ? undefined : clocks[sentAt])
    clock.set(event.member, (latest.get(event.member)?.get(event.member) ?? 0) + 1)
    latest.set(event.member, clock)
    clocks.push(clock)
    const text = describeEvent(event, textLengthMax, picture.originMs).trim()
    return [text, `${event.member} ${JSON.stringify(Object.fromEntries(clock))}`]
  })
  return [logPattern, '', ...lines, ''].join('\n')
}

function merged(own: VectorClock | undefined, other: VectorClock | undefined): Map<string, number> {
  const clock = new Map(own)
  for (const [host, time] of other ?? []) clock.set(host, Math.max(time, clock.get(host) ?? 0))
  return clock
}
