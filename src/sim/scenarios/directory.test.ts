/** The directory under every fault, with its server on the move. SEEDS=5000 runs so many seeds. */
import { describe, it } from 'node:test'
import { assertHolds, assertMet, assertRepeats } from './fixtures/swarm.ts'
import { directory, directoryScenario } from './directory.ts'

describe('names in directories that change under those who look', () => {
  it('are linearizable, and moves, installs and look-ups of many are of one moment', async () => {
    const counts = new Map<string, number>()
    await assertHolds(directoryScenario(counts), 40)
    const kinds = ['enter', 'replace', 'remove', 'chmod', 'move'].map((kind) => `${kind} done`)
    const clashes = ['enter name-exists', 'replace name-clash', 'remove name-unknown', 'move name-exists']
    const installs = ['swap', 'both', 'replace'].map((kind) => `install ${kind}`)
    assertMet(counts, ['lookup', 'setlookup', 'moved', ...kinds, ...clashes, ...installs])
  })

  it('go the same way in two runs of one seed', () => assertRepeats(directory))
})
