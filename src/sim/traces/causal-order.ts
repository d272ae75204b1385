/**
 * Puts the events of a trace into an order in which nothing happens before what caused it.
 *
 * It is the order of the trace wherever that is one already, as in simulation. Where clocks of hosts differ, a message
 * may stand there as received before it was sent; then what it needs is brought forward (a depth-first topological
 * sort, after Tarjan, 1976). A trace that contradicts itself gets some order: a circle is cut where it is met.
 */
import type { TraceEvent } from '../../edges/trace.ts'

/**
 * @param sentAt - the place of the event that sent what the event at this place received, if there is one
 * @returns places of the events
 */
export function causalOrder(events: readonly TraceEvent[], sentAt: (place: number) => number | undefined): number[] {
  const before = previousOfMember(events)
  const entered = new Uint8Array(events.length)
  const order: number[] = []
  const open: number[] = []
  for (let start = 0; start < events.length; start++) {
    if (entered[start] === 0) open.push(start)
    for (let place = open.at(-1); place !== undefined; place = open.at(-1)) {
      entered[place] = 1
      const cause = [before[place], sentAt(place)].find((each) => each !== undefined && entered[each] === 0)
      if (cause !== undefined) open.push(cause)
      else order.push(open.pop() ?? place)
    }
  }
  return order
}

function previousOfMember(events: readonly TraceEvent[]): readonly (number | undefined)[] {
  const latest = new Map<string, number>()
  return events.map(({ member }, place) => {
    const previous = latest.get(member)
    latest.set(member, place)
    return previous
  })
}
