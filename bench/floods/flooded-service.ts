/**
 * The service that is flooded: an echo with schemas, and a stream that never ends.
 *
 * Two members serve it: the one that the honest call, and a neighbour on the same machine that nobody else needs.
 */
import { z } from 'zod'
import { defineService } from '../../src/cardumen.ts'

export const servers = ['bench-flooded', 'bench-neighbour'] as const
export type ServerName = (typeof servers)[number]

const echo = z.object({ text: z.string() })

export const FloodedService = defineService('bench.flooded', {
  echo: { input: echo, output: echo },
  endless: { output: echo, stream: true },
})
