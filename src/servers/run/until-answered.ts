/**
 * A question about a program, asked again until it is answered or nobody can answer it any more.
 *
 * A call by capability can fail though its server lives on: the engine, which knows where that is, was away for a
 * moment, or no link could be made. Such a failure says nothing of the program, so it is no answer to the question how
 * it ended. That its member died is one, and so is that the asking member has left. This is for one object at one
 * member; work that may go elsewhere is `remote-call.ts`.
 */
import type { Clock } from '../../edges/clock.ts'
import { afterEarlierTries, eitherExecuted } from '../../kernel/calls/call-failure.ts'
import type { CallOptions } from '../../kernel/service.ts'
import { CardumenError, type Executed } from '../../lib/cardumen-error.ts'
import { sleep } from '../sleep.ts'

const againMsMin = 50
const againMsMax = 1_000

export interface Asker {
  readonly clock: Clock
  /** Nothing that it asks is answered any more. */
  hasLeft(): boolean
}

export interface Asking {
  /** False: asked again only where it surely did not run. */
  readonly mayRunTwice: boolean
  /** Over all tries. Default Infinity. */
  readonly timeoutMs?: number
}

/** @throws CardumenError that of the last try, which says also what the earlier ones may have done. */
export async function untilAnswered<Answer>(
  asker: Asker,
  { mayRunTwice, timeoutMs = Number.POSITIVE_INFINITY }: Asking,
  ask: (options: CallOptions) => Promise<Answer>,
): Promise<Answer> {
  const { clock } = asker
  const deadline = clock.now() + timeoutMs
  let ran: Executed = 'no'
  for (let againMs = againMsMin; ; againMs = Math.min(againMsMax, 2 * againMs)) {
    try {
      return await ask({ timeoutMs: Math.max(0, deadline - clock.now()) })
    } catch (error) {
      if (!(error instanceof CardumenError)) throw error
      const mayAskAgain = passing.has(error.code) && (mayRunTwice || error.executed === 'no')
      if (!mayAskAgain || asker.hasLeft() || clock.now() + againMs >= deadline) throw afterEarlierTries(error, ran)
      ran = eitherExecuted(ran, error.executed)
    }
    await sleep(clock, againMs, undefined)
  }
}

/** What says nothing of the program. Where its member is out of reach, it is not known to be dead. */
const passing: ReadonlySet<string> = new Set(['engine-failed', 'disk-full', 'unreachable', 'reply-lost'])
