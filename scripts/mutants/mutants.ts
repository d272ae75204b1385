/**
 * All planted bugs, in the order in which they are run. The list was fixed before it was first run.
 */
import { capabilityMutants } from './capability-mutants.ts'
import { directoryMutants } from './directory-mutants.ts'
import { kernelMutants } from './kernel-mutants.ts'
import type { Mutant } from './mutant.ts'
import { protocolMutants } from './protocol-mutants.ts'
import { serverMutants } from './server-mutants.ts'

export const mutants: readonly Mutant[] = [
  ...protocolMutants,
  ...kernelMutants,
  ...capabilityMutants,
  ...serverMutants,
  ...directoryMutants,
]
