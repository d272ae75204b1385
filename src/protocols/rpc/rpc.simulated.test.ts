/**
 * Random calls under random faults. `SEED=7 node --test src/protocols/rpc/rpc.simulated.test.ts` runs one seed again,
 * `SEEDS=5000` runs so many of them.
 */
import assert from 'node:assert/strict'
import process from 'node:process'
import { describe, it } from 'node:test'
import { swarmFaults } from '../../sim/faults/swarm.ts'
import { memberNames, type Plan } from '../../sim/scenario.ts'
import { callMachine } from '../../sim/scenarios/call-machine.ts'
import { runCalls } from '../../sim/scenarios/call-machine-run.ts'

const only = process.env['SEED']
const seeds =
  only === undefined
    ? Array.from({ length: Number(process.env['SEEDS'] ?? 1_000) }, (_, index) => index + 1)
    : [Number(only)]

function planOf(seed: number): Plan {
  const { durationMs, members, faultKinds } = callMachine
  const names = memberNames(members.usual)
  const faults = swarmFaults({ seed, names, durationMs, kinds: faultKinds })
  return { seed, members: members.usual, durationMs, faults }
}

describe('calls over a network that loses, repeats and reorders, between members that crash, pause and are slow', () => {
  const ends = new Map<string, number>()

  it('never run twice, end by their deadlines, say truthfully whether they ran, and leave nothing behind', () => {
    for (const seed of seeds) {
      const run = runCalls(planOf(seed))
      for (const [end, count] of run.ends) ends.set(end, (ends.get(end) ?? 0) + count)
      const replay = `SEED=${seed} node --test src/protocols/rpc/rpc.simulated.test.ts`
      assert.deepEqual(run.report.violations, [], `seed ${seed} fails; run it again with: ${replay}`)
    }
  })

  it('meet every kind of end', { skip: only !== undefined && 'one seed does not meet them all' }, () => {
    const expected = [
      ...['completed ok', 'completed failed', 'abort', 'silent', 'heard'],
      ...['reply-lost yes', 'try-again no', 'address-unknown no'],
      ...['cancelled no', 'cancelled yes', 'cancelled unknown', 'timed-out no', 'timed-out unknown'],
      ...['member-died no', 'member-died unknown', 'unreachable no', 'unreachable unknown'],
    ]
    assert.deepEqual(
      expected.filter((end) => !ends.has(end)),
      [],
    )
  })

  it('go the same way in two runs of one plan, traced or not, and another way from another seed', async () => {
    const plan = planOf(11)
    const macrotask = (run: () => void): void => void setImmediate(run)
    let traced = 0
    const quiet = await callMachine.run(plan, { macrotask })
    const watched = await callMachine.run(plan, { macrotask, onTrace: () => traced++ })
    assert.deepEqual(quiet, watched)
    assert.ok(traced >= quiet.events)
    assert.notEqual((await callMachine.run({ ...plan, seed: 12 }, { macrotask })).digest, quiet.digest)
  })
})
