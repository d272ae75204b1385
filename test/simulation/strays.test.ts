/** Rejections that nobody handles: inside a simulated world they fail its run, outside of it they stay what they were. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { after, describe, it } from 'node:test'
import { isCardumenError } from '../../src/cardumen.ts'
import { memberScenario } from '../../src/sim/members/member-scenario.ts'
import { planOf } from '../../src/sim/search/plans.ts'
import { type MemberProgram, simulate } from '../../src/simulate.ts'
import { nodeSurroundings } from '../../src/simulation/surroundings.ts'

const folder = mkdtempSync(join(tmpdir(), 'cardumen-strays-'))
const traceFile = join(folder, 'failed.trace.jsonl')
after(() => rmSync(folder, { recursive: true, force: true }))

const rejects: MemberProgram = (system) => {
  void system.sleep(5).then(() => Promise.reject(new RangeError('nobody waits for this')))
}

async function failureOf(program: MemberProgram): Promise<string> {
  const error: unknown = await simulate({ members: 1, program, traceFile, shrink: false }, (world) =>
    world.sleep(10),
  ).catch((thrown: unknown) => thrown)
  assert.ok(isCardumenError(error, 'simulation-failed'), String(error))
  return error.message
}

describe('a rejection that nobody handles in a simulated world', () => {
  it('fails the run, with the member whose it is', async () => {
    const text = await failureOf(rejects)
    assert.match(text, /breaks "program"/)
    assert.match(text, /of m1: RangeError: nobody waits for this/)
  })

  it('fails the run where it comes with the very last event', async () => {
    const error: unknown = await simulate({ members: 1, traceFile, shrink: false }, async (world) => {
      await world.sleep(1)
      void Promise.reject(new RangeError('at the end'))
    }).catch((thrown: unknown) => thrown)
    assert.match(String(error), /of the simulation: RangeError: at the end/)
  })

  it('fails our own scenarios too, which have no guards', async () => {
    const scenario = memberScenario({ name: 'stray', members: 1, program: rejects }, (world) => world.sleep(10))
    const { violations } = await scenario.run(planOf(scenario, 1), nodeSurroundings())
    assert.deepEqual(
      violations.map(({ claim }) => claim),
      ['program'],
    )
  })

  it('fails its own run only, where two are under way at once', async () => {
    const quiet = simulate({ members: 1 }, (world) => world.sleep(1_000))
    const [text] = await Promise.all([failureOf(rejects), quiet])
    assert.match(text, /nobody waits for this/)
  })
})

describe('the listeners of a process', () => {
  it('are those that it had, once the last run has ended', async () => {
    const listeners = (): readonly unknown[] => process.rawListeners('unhandledRejection')
    const before = listeners()
    await failureOf(rejects)
    assert.deepEqual(listeners(), before)
  })

  it('or its default end meet what is rejected outside of the simulation', () => {
    const program = join(import.meta.dirname, 'fixtures', 'stray-outside.ts')
    const { status, stdout, stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8', timeout: 60_000 })
    assert.equal(status, 1, stderr)
    assert.match(stderr, /rejected outside of every simulation/)
    assert.equal(stdout, '')
  })
})
