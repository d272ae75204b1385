/** Watchers of directories under every fault. SEEDS=5000 runs so many seeds. */
import { describe, it } from 'node:test'
import { assertHolds, assertMet, assertRepeats } from './fixtures/swarm.ts'
import { directoryWatch, directoryWatchScenario } from './directory-watch.ts'

describe('watchers of directories', () => {
  it('are told of each change that they may know of, once and in order', async () => {
    const counts = new Map<string, number>()
    await assertHolds(directoryWatchScenario(counts), 40)
    const kinds = ['enter', 'replace', 'chmod', 'remove', 'move', 'install']
    assertMet(counts, ['told', 'moved', 'compacted', ...kinds])
  })

  it('go the same way in two runs of one seed', () => assertRepeats(directoryWatch))
})
