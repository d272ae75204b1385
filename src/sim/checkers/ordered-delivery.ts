/**
 * Total order of delivery with no gap and no duplicate: every member delivers the same messages in the same order, and
 * one that has delivered less has delivered a beginning of it. With `isComplete`, nobody may have delivered less.
 */
import { type CertainVerdict, held, violated } from './verdict.ts'

const claim = 'ordered-delivery'

export interface DeliveryLog {
  readonly member: string
  /** Identifiers of the messages, in the order of their delivery. */
  readonly delivered: readonly string[]
}

/** `sent`: all that may be delivered; left out: it is not looked at. */
export function checkOrderedDelivery(
  logs: readonly DeliveryLog[],
  { sent, isComplete = false }: { readonly sent?: readonly string[]; readonly isComplete?: boolean } = {},
): CertainVerdict {
  const possible = sent === undefined ? undefined : new Set(sent)
  const longest = logs.reduce<DeliveryLog | undefined>(
    (best, each) => (best === undefined || each.delivered.length > best.delivered.length ? each : best),
    undefined,
  )
  for (const { member, delivered } of logs) {
    const seen = new Set<string>()
    for (const [place, message] of delivered.entries()) {
      if (seen.has(message))
        return violated(claim, `${member} delivered ${message} twice, the second time as number ${place + 1}.`)
      seen.add(message)
      if (possible?.has(message) === false) return violated(claim, `${member} delivered ${message}, which nobody sent.`)
      const other = longest?.delivered[place]
      if (other !== message)
        return violated(
          claim,
          `As number ${place + 1} ${member} delivered ${message}, but ${longest?.member} delivered ${other}.`,
        )
    }
  }
  if (!isComplete || longest === undefined) return held
  const short = logs.find((each) => each.delivered.length < longest.delivered.length)
  if (short !== undefined)
    return violated(
      claim,
      `${short.member} never delivered ${longest.delivered[short.delivered.length]}, which ${longest.member} did.`,
    )
  const lost = sent?.find((message) => !longest.delivered.includes(message))
  return lost === undefined ? held : violated(claim, `${lost} was sent and never delivered.`)
}
