/** Jobs and programs that run on other members, under faults. SEEDS=5000 runs so many seeds. */
import { describe, it } from 'node:test'
import { assertFound, assertHolds, assertMet, assertRepeats } from './fixtures/swarm.ts'
import { runs, runScenario } from './run.ts'

describe('jobs and programs on members that crash, pause and lose each other', () => {
  it('run as often as they may, give their own results, and go on once faults are over', async () => {
    const ends = new Map<string, number>()
    await assertHolds(runScenario('right', ends), 40)
    assertMet(ends, [
      ...['once ok', 'again ok', 'fail handler-failed yes', 'map ok', 'program ok'],
      ...['once member-died unknown', 'once cancelled unknown', 'once timed-out unknown', 'program ended by SIGKILL'],
      ...['exit worker-exited unknown', 'once worker-exited unknown'],
    ])
  })

  it('go the same way in two runs of one seed', () => assertRepeats(runs))

  it('are found broken where a job runs twice', () => assertFound(runScenario('runs-twice'), ['at-most-once'], 3))
  it('are found broken where a result is that of another call', () =>
    assertFound(runScenario('wrong-result'), ['own-result'], 3))
  it('are found broken where the end of an output is lost', () =>
    assertFound(runScenario('cut-output'), ['own-result'], 3))
  it('are found broken where a job never ends', () => assertFound(runScenario('never-ends'), ['progress'], 3))
})
