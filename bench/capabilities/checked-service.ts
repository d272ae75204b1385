/**
 * What the suite calls: the same operation twice, once behind a capability and once behind nothing but its port.
 *
 * The second is the yardstick: it is served and called with `isBare`, which no other service may be. Schemas are checked
 * at both ends of both, as of any service.
 */
import { z } from 'zod'
import { Capability, defineService, type Service } from '../../src/cardumen.ts'

const echo = z.object({ text: z.string() })

export const CheckedService = defineService('bench.checked', {
  echo: { input: echo, output: echo, right: 'read' },
  /** Capabilities of the objects from `first` on. */
  issue: {
    input: z.object({ first: z.number(), count: z.number() }),
    output: z.array(z.instanceof(Capability)),
  },
})

const bare = defineService('bench.bare', { echo: { input: echo, output: echo } })

export const BareService: Service<(typeof bare)['operations']> = { ...bare, isBare: true }
