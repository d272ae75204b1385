/**
 * Which of several faults of one kind holds: where their windows overlap, the one that was put in force last.
 *
 * So the end of one is not the end of the others. Worlds ask this when a window ends, of the set of faults that they
 * have in force, in the order in which they began; the one that has just ended is out of it already. What two faults do
 * together (the longer delay of a link, the sum of losses) is not known here: each world has its own way.
 */
import type { Fault, FaultKind } from './fault.ts'

/** @param member - left out for kinds that are no member's. Undefined: none is in force. */
export function lastInForce<Kind extends FaultKind>(
  inForce: ReadonlySet<Fault>,
  kind: Kind,
  member?: string,
): Extract<Fault, { kind: Kind }> | undefined {
  let last: Extract<Fault, { kind: Kind }> | undefined
  for (const fault of inForce)
    if (isOfKind(fault, kind) && (!('member' in fault) || fault.member === member)) last = fault
  return last
}

function isOfKind<Kind extends FaultKind>(fault: Fault, kind: Kind): fault is Extract<Fault, { kind: Kind }> {
  return fault.kind === kind
}
