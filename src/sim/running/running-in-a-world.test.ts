/** `system.import` and `system.run` between whole virtual members, through the real server and client of `run`. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { fromUtf8, toUtf8 } from '../../lib/text.ts'
import { capabilitiesVariable, parseCapabilities, rootName } from '../../servers/environment.ts'
import { sleep } from '../../servers/sleep.ts'
import { installGuards } from '../../simulation/guards/guards.ts'
import { memberScenario } from '../members/member-scenario.ts'
import type { Report } from '../scenario.ts'
import type { Director, MemberProgram } from '../members/world.ts'
import type { Programs } from './virtual-processes.ts'
import type { Modules } from './virtual-workers.ts'

interface Jobs {
  whereAmI(): string
  slow(ms: number): Promise<string>
  touch(): number
}

const modules: Modules = {
  'jobs.ts': ({ name, clock }) => ({
    whereAmI: () => name.split(' ')[0],
    slow: (ms: number) => sleep(clock, ms, undefined).then(() => 'slept'),
    touch: () => Date.now(),
  }),
}

const programs: Programs = {
  'shout.ts': async ({ input, writeOutput }) => {
    for await (const chunk of input) await writeOutput(toUtf8((fromUtf8(chunk) ?? '').toUpperCase()))
    return 7
  },
  'tell.ts': async ({ env, writeOutput }) => {
    await writeOutput(toUtf8(env[capabilitiesVariable] ?? 'no such variable'))
    return 0
  },
}

/** Three members; all but the first offer to run things. */
async function run(director: Director, seed = 1): Promise<Report> {
  using guards = installGuards()
  const program: MemberProgram = async (system) => {
    if (system.name !== 'm1') await system.offerRun({ threads: 1 })
  }
  const scenario = memberScenario({ name: 'running', members: 3, program, modules, programs }, director)
  const macrotask = (turn: () => void): void => void setImmediate(turn)
  return await scenario.run({ seed, members: 3, durationMs: 1_000, faults: [] }, { macrotask, guards })
}

describe('running things in a simulated world', () => {
  it('calls functions on the members that offer it, in their own threads', async () => {
    const seen = new Set<string>()
    const report = await run(async (world) => {
      const jobs = world.system('m1').import<Jobs>('file:///anywhere/jobs.ts')
      for (let count = 0; count < 6; count++)
        for (const name of await Promise.all([jobs.whereAmI(), jobs.whereAmI()])) seen.add(name)
      assert.equal(await jobs.slow(500), 'slept')
    })
    assert.deepEqual(report.violations, [])
    assert.ok(seen.size > 0 && [...seen].every((name) => ['m2', 'm3'].includes(name)), [...seen].join())
    assert.ok(report.virtualMs >= 500)
  })

  it('tells of a job whose member died that it may have run', async () => {
    const report = await run(async (world) => {
      world.crash('m3')
      const job = world.system('m1').import<Jobs>('file:///anywhere/jobs.ts').slow(10_000)
      const failed = assert.rejects(
        job,
        (error) => isCardumenError(error, 'member-died') && error.executed === 'unknown',
      )
      await world.sleep(1_000)
      world.crash('m2')
      await failed
    })
    assert.deepEqual(report.violations, [])
  })

  it('runs a program with its input, output and exit code', async () => {
    const report = await run(async (world) => {
      const program = await world.system('m1').run('file:///anywhere/shout.ts', { stdin: 'hello' })
      assert.equal(await program.stdout.text(), 'HELLO')
      assert.equal((await program.exit).code, 7)
    })
    assert.deepEqual(report.violations, [])
  })

  it('gives a program the capabilities of its starter, or those that it is to begin with', async () => {
    const report = await run(async (world) => {
      const system = world.system('m1')
      const inherited = await (await system.run('file:///anywhere/tell.ts')).stdout.text()
      assert.ok(system.environment[rootName]?.equals(parseCapabilities(inherited)[rootName] ?? assert.fail('no root')))
      const alone = await system.run('file:///anywhere/tell.ts', { capabilities: {} })
      assert.equal(await alone.stdout.text(), '')
    })
    assert.deepEqual(report.violations, [])
  })

  it('fails a run whose job touches the real world, and names the member', async () => {
    const report = await run(async (world) => {
      await world
        .system('m1')
        .import<Jobs>('file:///anywhere/jobs.ts')
        .touch()
        .catch(() => undefined)
    })
    assert.equal(report.violations[0]?.claim, 'real-world')
    assert.match(report.violations[0].text, /^m[23] touched Date\.now/)
  })

  it('is the same in two runs of one seed', async () => {
    const director: Director = async (world) => {
      const jobs = world.system('m1').import<Jobs>('file:///anywhere/jobs.ts')
      await Promise.all(Array.from({ length: 20 }, (_, index) => jobs.slow(index)))
    }
    assert.equal((await run(director, 5)).digest, (await run(director, 5)).digest)
  })
})
