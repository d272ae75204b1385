/**
 * Random calls over random networks. `SEED=7 node --test src/protocols/rpc/rpc.simulated.test.ts` runs one seed again,
 * `SEEDS=5000` runs so many of them.
 */
import assert from 'node:assert/strict'
import process from 'node:process'
import { describe, it } from 'node:test'
import { simulate } from './fixtures/simulated-calls.ts'

const only = process.env['SEED']
const seeds =
  only === undefined
    ? Array.from({ length: Number(process.env['SEEDS'] ?? 1_000) }, (_, index) => index + 1)
    : [Number(only)]

describe('calls over a network that loses, repeats and reorders, between members that crash and pause', () => {
  const ends = new Map<string, number>()

  it('never run twice, end by their deadlines, say truthfully whether they ran, and leave nothing behind', () => {
    for (const seed of seeds) {
      const report = simulate(seed)
      for (const [end, count] of report.ends) ends.set(end, (ends.get(end) ?? 0) + count)
      const replay = `SEED=${seed} node --test src/protocols/rpc/rpc.simulated.test.ts`
      assert.deepEqual(report.violations, [], `seed ${seed} fails; run it again with: ${replay}`)
    }
  })

  it('meet every kind of end', { skip: only !== undefined && 'one seed does not meet them all' }, () => {
    const expected = [
      [
        'completed ok',
        'completed failed',
        'abort',
        'silent',
        'heard',
        'reply-lost yes',
        'try-again no',
        'address-unknown no',
      ],
      ['cancelled no', 'cancelled yes', 'cancelled unknown', 'timed-out no', 'timed-out unknown'],
      ['member-died no', 'member-died unknown', 'unreachable no', 'unreachable unknown'],
    ].flat()
    assert.deepEqual(
      expected.filter((end) => !ends.has(end)),
      [],
    )
  })
})
