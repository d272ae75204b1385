/** The contract: what may be asked, and what comes back. Server and client both follow from it. */
import { defineService } from 'cardumen'
import { z } from 'zod'

export const Greeter = defineService('greeter', {
  /** It may run twice without harm, so a call that a death interrupts goes to another server by itself. */
  greet: { input: z.object({ name: z.string().min(1) }), output: z.string(), idempotent: true },
  /** Counts down, a number at a time. */
  countDown: { input: z.object({ from: z.int().max(1_000) }), output: z.int(), stream: true },
})
