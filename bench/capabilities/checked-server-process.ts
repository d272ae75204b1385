/**
 * Measured process: serves the operation of `checked-service.ts` in both ways, and issues capabilities in bulk.
 */
import { Capability, join, type Served } from '../../src/cardumen.ts'
import { answer, childArgument } from '../harness/answer.ts'
import { cpuHereUs } from '../harness/load.ts'
import { BareService, CheckedService } from './checked-service.ts'

/** As text: each with all rights, for others to narrow. */
export interface Offered {
  readonly checked: string
  readonly bare: string
}

export type CheckedServerMethods = {
  offered(argument: null): Offered
  cpuUs(argument: null): number
}

const system = await join({ home: childArgument<string>(), name: 'server' })
const checked: Served = await system.serve(CheckedService, {
  echo: (argument) => argument,
  issue: ({ first, count }) => Array.from({ length: count }, (_, index) => checked.capabilityFor(first + index)),
})
const bare = await system.member.serve(BareService, { echo: (argument) => argument }, { isBare: true })

const methods: CheckedServerMethods = {
  offered: () => ({ checked: Capability.toText(checked.capability), bare: Capability.toText(bare.capability) }),
  cpuUs: () => cpuHereUs(),
}

answer(methods, () => system.close())
