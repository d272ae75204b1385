/**
 * Measured process: a member that is flooded, with the limits that every service has by default.
 */
import { join } from '../../src/cardumen.ts'
import { NULL_CALL } from '../calls/contender.ts'
import { answer, childArgument } from '../harness/answer.ts'
import { FloodedService, type ServerName } from './flooded-service.ts'

export interface ServerArgument {
  readonly home: string
  readonly name: ServerName
}

export type ServerMethods = {
  /** Its address, once it serves. */
  ready(argument: null): string
  /** What it has refused so far. */
  refused(argument: null): number
}

const { home, name } = childArgument<ServerArgument>()
const system = await join({ home, name })
await system.serve(
  FloodedService,
  {
    echo: (argument) => argument,
    endless: async function* () {
      for (;;) yield NULL_CALL
    },
  },
  { name },
)

const methods: ServerMethods = {
  ready: () => system.member.address,
  refused: () => system.member.status().refusals.total,
}

answer(methods, () => system.close())
