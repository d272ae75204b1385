/** Whole members that call each other under faults. SEEDS=5000 runs so many seeds. */
import { describe, it } from 'node:test'
import { calls, callsScenario } from './calls.ts'
import { assertFound, assertHolds, assertMet, assertRepeats } from './fixtures/swarm.ts'

describe('calls between members that crash, pause and lose each other', () => {
  it('run as often as they promise, say truthfully whether they ran, and reach everyone in the end', async () => {
    const ends = new Map<string, number>()
    await assertHolds(callsScenario('right', ends), 40)
    const semantics = ['at-most-once', 'at-least-once', 'maybe']
    const everyKind = ['append', 'look', 'count'].flatMap((kind) => semantics.map((each) => `${kind} ${each} ok`))
    assertMet(ends, [
      ...everyKind,
      ...['fail at-most-once handler-failed yes', 'count at-most-once left', 'append maybe timed-out unknown'],
      ...[
        'append at-most-once member-died unknown',
        'append at-most-once cancelled no',
        'append at-most-once timed-out unknown',
      ],
    ])
  })

  it('go the same way in two runs of one seed', () => assertRepeats(calls))

  it('are found broken where a handler runs twice', () =>
    assertFound(callsScenario('runs-twice'), ['at-most-once', 'maybe'], 3))
  it('are found broken where an answer is that of another call', () =>
    assertFound(callsScenario('wrong-answer'), ['own-answer'], 3))
  it('are found broken where the bodies of answers are those of others', () =>
    assertFound(callsScenario('mixes-bodies'), ['own-content'], 3))
  it('are found broken where a stream leaves an item out', () =>
    assertFound(callsScenario('skips-item'), ['stream-order'], 3))
  it('are found broken where a handler never answers', () =>
    assertFound(callsScenario('never-answers'), ['progress'], 3))
})
