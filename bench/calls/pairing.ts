/**
 * A pair of processes, client and server, of one contender: what both are told when they start.
 *
 *   bench ── starts ──> client's process ── starts ──> server's process
 *
 * A core that the client is pinned to holds the server too, which inherits it.
 */
import type { Contender, Setting } from './contender.ts'

export interface Pairing {
  /** The contender's module, as text since it travels. */
  readonly module: string
  readonly setting: Setting
}

export async function loadContender(pairing: Pairing): Promise<Contender> {
  const { contender } = (await import(pairing.module)) as { contender: Contender }
  return contender
}
