/**
 * The service of the scenario `calls`: its contract, its handlers, and the ledger in which they note that they ran.
 *
 * The ledger is no part of any member, so what is counted there is what happened, over all lives. A variant with a
 * fault of its own shows that the checkers find it.
 */
import { defineService, type Handlers } from '../../kernel/service.ts'
import { bytes, objectOf, text, wholeNumber } from '../../kernel/schemas.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { System } from '../../servers/system.ts'
import { contentOf, isContentOf } from './calls-content.ts'

const nameCharactersMax = 100
const bodyBytesMax = 1_048_576
const itemsMax = 1_000
const delayMsMax = 60_000

const order = objectOf({ call: text(nameCharactersMax), delayMs: wholeNumber(delayMsMax), body: bytes(bodyBytesMax) })
/** Its body is as large as that of the order, and another. */
const answer = objectOf({ call: text(nameCharactersMax), body: bytes(bodyBytesMax) })
const streamed = objectOf({
  call: text(nameCharactersMax),
  items: wholeNumber(itemsMax),
  delayMs: wholeNumber(delayMsMax),
})
const item = objectOf({ call: text(nameCharactersMax), number: wholeNumber(itemsMax) })

export const Tally = defineService('tally', {
  append: { input: order, output: answer },
  look: { input: order, output: answer, idempotent: true },
  fail: { input: order, output: answer },
  count: { input: streamed, output: item, stream: true },
})

/** What our own code does wrong on purpose. */
export type TallyVariant = 'right' | 'runs-twice' | 'wrong-answer' | 'skips-item' | 'never-answers' | 'mixes-bodies'

export class Ledger {
  readonly #executions = new Map<string, number>()
  /** Calls whose bodies came otherwise than they were sent. */
  readonly spoilt: string[] = []

  note(call: string): void {
    this.#executions.set(call, this.executionsOf(call) + 1)
  }

  executionsOf(call: string): number {
    return this.#executions.get(call) ?? 0
  }
}

/** Whose content the body of an answer is. */
export function answerTo(call: string): string {
  return `the answer to ${call}`
}

export function tallyHandlers(
  system: System,
  ledger: Ledger,
  variant: TallyVariant,
): Handlers<(typeof Tally)['operations']> {
  const run = async ({ call, delayMs, body }: { call: string; delayMs: number; body: Uint8Array }) => {
    ledger.note(call)
    if (!isContentOf(call, body)) ledger.spoilt.push(call)
    if (delayMs > 0) await system.sleep(delayMs)
    return { call, body: contentOf(variant === 'mixes-bodies' ? call : answerTo(call), body.length) }
  }
  return {
    append: async (input) => {
      if (variant === 'runs-twice') ledger.note(input.call)
      if (variant === 'never-answers') await new Promise<never>(() => undefined)
      return run(input)
    },
    look: async (input) => ({ ...(await run(input)), ...(variant === 'wrong-answer' && { call: 'another' }) }),
    fail: async (input) => {
      await run(input)
      // What a handler throws may say of itself that nothing ran: of this call it says nothing.
      if (input.body.length % 2 === 0) throw new CardumenError('option-invalid', 'no', { executed: 'no' })
      throw new RangeError('no')
    },
    count: async function* ({ call, items, delayMs }) {
      ledger.note(call)
      for (let number = 0; number < items; number++) {
        if (variant === 'skips-item' && number === 2) continue
        yield { call, number }
        if (delayMs > 0) await system.sleep(delayMs)
      }
    },
  }
}
