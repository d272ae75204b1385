/** What the lock's server and the counter's store can be asked. A *token* is the number of a grant: it only grows. */
import { defineService } from 'cardumen'
import { z } from 'zod'

const token = z.int().positive()

export const Lock = defineService('lock', {
  /** The token of the grant, or null: somebody else has the lock. */
  acquire: { output: token.nullable() },
  /** Frees the lock where this grant still holds it. */
  release: { input: z.object({ token }) },
})

export const Counter = defineService('counter', {
  /** Null: refused, the token is out of date. */
  read: { input: z.object({ token }), output: z.int().nullable() },
  /** False: refused, and nothing was written. */
  write: { input: z.object({ token, value: z.int() }), output: z.boolean() },
})
