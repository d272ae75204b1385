/**
 * The service of the scenario `register`: keys with values, kept in the engine, so that a server's death loses none.
 *
 * A handler does one engine request and keeps nothing in memory; so any member may serve, and several at once. The
 * stale variant answers from memory what it has read before, which no linearizable register may do.
 */
import { defineService, type Handlers } from '../../kernel/service.ts'
import { fromUtf8, toUtf8 } from '../../lib/text.ts'
import { objectOf, optional, text, truth } from '../../kernel/schemas.ts'
import type { System } from '../../servers/system.ts'

const charactersMax = 200
const key = text(charactersMax)
const value = text(charactersMax)

export const Register = defineService('register', {
  read: { input: objectOf({ key }), output: optional(value), idempotent: true },
  write: { input: objectOf({ key, value }) },
  /** Whether it matched. */
  cas: { input: objectOf({ key, expected: optional(value), next: value }), output: truth() },
})

/** What our own code does wrong on purpose. */
export type RegisterVariant = 'right' | 'stale' | 'careless-cas'

const prefix = 'register/'
/** Reads that the stale variant answers from one look. */
const staleReads = 5

export function registerHandlers(
  { member: { engine } }: System,
  variant: RegisterVariant,
): Handlers<(typeof Register)['operations']> {
  const seen = new Map<string, { readonly value: string | undefined; reads: number }>()
  const look = async (of: string): Promise<string | undefined> => {
    const entry = await engine.get(prefix + of)
    return entry && fromUtf8(entry.value)
  }
  return {
    read: async (input) => {
      if (variant !== 'stale') return look(input.key)
      const known = seen.get(input.key)
      if (known !== undefined && known.reads++ < staleReads) return known.value
      const found = await look(input.key)
      seen.set(input.key, { value: found, reads: 0 })
      return found
    },
    write: async (input) => void (await engine.put(prefix + input.key, toUtf8(input.value))),
    cas: async (input) => {
      const at = prefix + input.key
      const isAsExpected =
        input.expected === undefined
          ? { kind: 'absent' as const, key: at }
          : { kind: 'value' as const, key: at, equals: toUtf8(input.expected) }
      const put = { kind: 'put' as const, key: at, value: toUtf8(input.next) }
      if (variant !== 'careless-cas')
        return (await engine.transact({ conditions: [isAsExpected], then: [put] })).succeeded
      if ((await look(input.key)) !== input.expected) return false
      await engine.put(at, put.value)
      return true
    },
  }
}
