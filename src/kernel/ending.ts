/** How a member's life ends, and what its calls are told by then. */
import { CardumenError } from '../lib/cardumen-error.ts'

/** `broken`: an invariant of ours did not hold, and the member stopped. */
export type Ending = 'left' | 'expelled' | 'broken'

export const farewells: Readonly<Record<Ending, CardumenError>> = {
  left: new CardumenError('closed', 'this member has left its system.'),
  expelled: new CardumenError(
    'lease-lost',
    'this member lost its lease: it was taken for dead while it could not run, or its engine failed.',
  ),
  broken: new CardumenError('closed', 'this member stopped, since an invariant of its own did not hold.'),
}
