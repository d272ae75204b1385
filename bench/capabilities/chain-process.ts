/**
 * Measured process: a server's check of capabilities that it has never seen, from their bytes to what they grant.
 *
 * Nothing is sent: the server opens them for itself, which is the check that a request meets. A chain has one link more
 * than caveats: the first belongs to the header, and the object's key is made for it.
 */
import { Capability, join } from '../../src/cardumen.ts'
import { answer, childArgument } from '../harness/answer.ts'
import { CheckedService } from './checked-service.ts'

const HOUR_MS = 3_600_000
const USE = { operation: 'echo' }

export type ChainMethods = {
  /** Microseconds that the check of one takes, over `count` of them. */
  verifyUs(argument: { caveats: number; count: number }): number
}

const system = await join({ home: childArgument<string>() })
const served = await system.serve(CheckedService, { echo: (argument) => argument, issue: () => [] })
let lastObject = 0

const methods: ChainMethods = {
  verifyUs: ({ caveats, count }) => {
    const shown = Array.from({ length: count }, () => Capability.toBytes(chain(++lastObject, caveats)))
    const start = performance.now()
    for (const bytes of shown) {
      const capability = Capability.fromBytes(bytes)
      if (capability === undefined || served.opens(capability, USE) === undefined)
        throw new Error('the server does not know what it made')
    }
    return ((performance.now() - start) * 1_000) / count
  },
}

answer(methods, () => system.close())

/** Rights, operations and expiry in turn. */
function chain(object: number, caveats: number): Capability {
  let capability = served.capabilityFor(object)
  for (let caveat = 0; caveat < caveats; caveat++) capability = capability.restrict(restriction(caveat % 3))
  return capability
}

function restriction(kind: number): Parameters<Capability['restrict']>[0] {
  if (kind === 0) return { rights: 'read' }
  return kind === 1 ? { operations: ['echo'] } : { expiresAt: Date.now() + HOUR_MS }
}
