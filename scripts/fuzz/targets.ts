/** Every way in that bytes from outside can take, by name, from the inner to the outer. */
import { callsTarget } from './calls-target.ts'
import { capabilitiesTarget } from './capabilities-target.ts'
import { codecTarget } from './codec-target.ts'
import { cellsTarget, framesTarget } from './frames-target.ts'
import { handshakeTarget } from './handshake-target.ts'
import { locateTarget } from './locate-target.ts'
import type { Target } from './target.ts'

export const targets: readonly Target[] = [
  codecTarget,
  capabilitiesTarget,
  framesTarget,
  cellsTarget,
  handshakeTarget,
  callsTarget,
  locateTarget,
]
