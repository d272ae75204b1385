/**
 * The capability of the root directory, as a process gets it that nobody of the system started.
 *
 * Only the key of the directory's identity can make it. It stands in the engine, in the row `root`, so that a process that
 * begins reads one row and neither that key nor what was ever revoked; the first in a new system makes it, before
 * anybody serves the directory. Whoever can open the engine's file can read the row, as `docs/security.md` says.
 */
import type { Engine } from '../edges/engine.ts'
import { Capability } from '../kernel/capabilities/capability.ts'
import type { Member } from '../kernel/member.ts'
import { CardumenError } from '../lib/cardumen-error.ts'
import { directoryIdentity, rootObject } from './directory/interface.ts'

const rootKey = 'root'

/** @throws CardumenError `engine-failed` (the row is none), and what the engine throws. */
export async function readRoot(member: Pick<Member, 'engine' | 'keptCapability'>): Promise<Capability> {
  const entry = await member.engine.get(rootKey)
  return entry === undefined ? makeRoot(member) : rootIn(entry.value)
}

/** For the directory's server, once every earlier capability of the root was revoked. */
export async function writeRoot(engine: Engine, root: Capability): Promise<void> {
  await engine.put(rootKey, Capability.toBytes(root))
}

/** Of two that make it at once, one is first. */
async function makeRoot(member: Pick<Member, 'engine' | 'keptCapability'>): Promise<Capability> {
  const { engine } = member
  const root = await member.keptCapability(directoryIdentity, rootObject)
  const { succeeded, reads } = await engine.transact({
    conditions: [{ kind: 'absent', key: rootKey }],
    then: [{ kind: 'put', key: rootKey, value: Capability.toBytes(root) }],
    otherwise: [{ kind: 'get', key: rootKey }],
  })
  return succeeded ? root : rootIn(reads[0]?.value)
}

function rootIn(value: Uint8Array | undefined): Capability {
  const root = value && Capability.fromBytes(value)
  if (root !== undefined) return root
  throw new CardumenError('engine-failed', 'The row of the root directory cannot be read.')
}
