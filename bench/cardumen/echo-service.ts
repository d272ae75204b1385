/**
 * The service that our side of the benches calls: schemas checked at both ends, at most once, as any user has it.
 */
import { z } from 'zod'
import { defineService } from '../../src/cardumen.ts'

export const echoName = 'bench-echo'

const echo = z.object({ text: z.string() })

export const EchoService = defineService('bench.echo', {
  echo: { input: echo, output: echo },
  bulk: { raw: true },
})
