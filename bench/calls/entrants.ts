/**
 * Who takes part in `calls` and `bulk`, by name: which contender, over which transport.
 */
import type { Transport } from './contender.ts'

/** A contender over one transport; `module` exports it as `contender`. */
export interface Entrant {
  readonly name: string
  readonly module: URL
  readonly transport: Transport
}

export const FLOORS: readonly Entrant[] = [
  entrant('floor (unix)', new URL('./floor.ts', import.meta.url), 'unix'),
  entrant('floor (tcp)', new URL('./floor.ts', import.meta.url), 'tcp'),
]

export const PEERS: readonly Entrant[] = [
  entrant('moleculer', new URL('./moleculer.ts', import.meta.url), 'tcp'),
  entrant('grpc-js', new URL('./grpc.ts', import.meta.url), 'tcp'),
  entrant('capnweb', new URL('./capnweb.ts', import.meta.url), 'tcp'),
]

export const OURS: readonly Entrant[] = [
  entrant('cardumen (unix)', new URL('../cardumen/calls.ts', import.meta.url), 'unix'),
  entrant('cardumen (tcp)', new URL('../cardumen/calls.ts', import.meta.url), 'tcp'),
]

function entrant(name: string, module: URL, transport: Transport): Entrant {
  return { name, module, transport }
}
