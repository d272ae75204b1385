/** How a member's life ends, and what its calls are told by then. */
import { CardumenError } from '../lib/cardumen-error.ts'

/**
 * `expelled`: its lease ended while it could not run. `engine-failed`: the engine of its process failed, `engine.failure`
 * says how. `broken`: an invariant of ours did not hold, and the member stopped.
 */
export type Ending = 'left' | 'expelled' | 'engine-failed' | 'broken'

export const farewells: Readonly<Record<Ending, CardumenError>> = {
  left: new CardumenError('closed', 'this member has left its system.'),
  expelled: new CardumenError(
    'lease-lost',
    'this member lost its lease: it was taken for dead while it could not run.',
  ),
  'engine-failed': new CardumenError('engine-failed', 'this member ended, since the engine of its process failed.'),
  broken: new CardumenError('closed', 'this member stopped, since an invariant of its own did not hold.'),
}
