/**
 * What can go from one process to another on its own: plain data, and nothing that would arrive as something else.
 *
 * Of what is shared, only arguments of a process take things along (`process-arguments.ts`); results and messages do not.
 */
import { packArguments } from '../travel/arguments.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'

/**
 * @param what - begins the path that a refusal names: `the result`.
 * @throws CardumenError `cannot-travel`
 */
export function checkTravels(value: unknown, what: string): void {
  const { shared } = packArguments([value], { what: () => what, to: 'process' })
  const [first] = shared
  if (first === undefined) return
  throw new CardumenError('cannot-travel', `${what} holds a ${first.kind}, which only arguments can take to a process.`)
}
