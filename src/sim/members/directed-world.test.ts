/** What the director of a simulation can do to its world, wait for and check in it, and what it is told when it errs. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import type { Fault } from '../faults/fault.ts'
import type { Report } from '../scenario.ts'
import { historiesMax } from './directed-world.ts'
import { memberScenario } from './member-scenario.ts'
import type { Director, MemberProgram, World } from './world.ts'

interface PlayOptions {
  readonly faults?: readonly Fault[]
  readonly program?: MemberProgram
  readonly seed?: number
}

async function play(director: Director, { faults = [], program, seed = 1 }: PlayOptions = {}): Promise<Report> {
  const scenario = memberScenario({ name: 'directed', members: 2, ...(program && { program }) }, director)
  const macrotask = (turn: () => void): void => void setImmediate(turn)
  return scenario.run({ seed, members: 2, durationMs: 1_000, faults }, { macrotask })
}

/** Fails where a claim is broken. */
async function playWell(director: Director, options?: PlayOptions): Promise<Report> {
  const report = await play(director, options)
  assert.deepEqual(report.violations, [])
  return report
}

function isError(code: string, executed?: 'no' | 'unknown') {
  return (error: unknown): boolean =>
    isCardumenError(error, code as 'member-died') && (executed === undefined || error.executed === executed)
}

const answer = (world: World): Promise<number> => world.on('m1', () => 42)

describe('the director of a world', () => {
  it('runs things on a member, and is told whether what failed with its death may have run', async () => {
    await playWell(async (world) => {
      assert.equal(await answer(world), 42)
      const underWay = world.on('m1', (system) => system.sleep(500))
      const died = assert.rejects(underWay, isError('member-died', 'unknown'))
      await world.sleep(10)
      world.crash('m1')
      await died
      assert.equal(world.isUp('m1'), false)
      await assert.rejects(answer(world), isError('member-died', 'no'))
      assert.throws(() => world.system('m1'), isError('member-died', 'no'))
      const system = await world.restart('m1')
      assert.equal(system, world.system('m1'))
      assert.equal(await world.on('m1', (_system, life) => life.number), 2)
    })
  })

  it('lets go for good of what it paused, whichever life comes next', async () => {
    await playWell(async (world) => {
      world.pause('m1')
      await world.sleep(50)
      world.resume('m1')
      assert.equal(await answer(world), 42)
      world.crash('m1')
      await world.restart('m1')
      assert.equal(await answer(world), 42)
    })
  })

  it('restarts and resumes as well what a script holds', async () => {
    const faults: readonly Fault[] = [
      { kind: 'crash', member: 'm1', how: 'process', atMs: 10 },
      { kind: 'pause', member: 'm2', atMs: 10 },
    ]
    await playWell(
      async (world) => {
        await world.sleep(20)
        await world.restart('m1')
        world.resume('m2')
        assert.deepEqual([await answer(world), await world.on('m2', () => 43)], [42, 43])
      },
      { faults },
    )
  })

  it('keeps down whom it crashed while its next life was on its way', async () => {
    await playWell(async (world) => {
      world.inject({ kind: 'lease-expiry', member: 'm1', atMs: 0 })
      await world.until(() => !world.isUp('m1'), { withinMs: 10_000 })
      world.crash('m1')
      await world.sleep(5_000)
      assert.equal(world.isUp('m1'), false)
      await world.restart('m1')
    })
  })

  it('orders faults whose times count from then, and lifts them before their end', async () => {
    const report = await playWell(async (world) => {
      await world.sleep(100)
      const offset = (): number => Math.round(world.system('m1').clock.wallMs() - world.system('m2').clock.wallMs())
      const fault: Fault = { kind: 'clock-offset', member: 'm1', offsetMs: 7_000, atMs: 50, untilMs: 100 }
      const lift = world.inject(fault)
      world.inject({ ...fault, atMs: 500 - 1, untilMs: 500 })()
      const seen = [offset()]
      await world.sleep(60)
      seen.push(offset())
      lift()
      lift()
      seen.push(offset())
      await world.sleep(1_000)
      assert.deepEqual([...seen, offset()], [0, 7_000, 0, 0])
    })
    // The one that was lifted before it began never was.
    assert.equal(report.faults['clock-offset'], 1)
  })

  it('may order one fault twice, and each has its own end', async () => {
    await playWell(async (world) => {
      const fault: Fault = { kind: 'pause', member: 'm1', atMs: 0 }
      const [one, two] = [world.inject(fault), world.inject(fault)]
      const asked = answer(world)
      let isAnswered = false
      void asked.then(() => (isAnswered = true))
      one()
      await world.sleep(200)
      assert.equal(isAnswered, false)
      two()
      assert.equal(await asked, 42)
    })
  })

  it('waits for a condition in virtual time, and is told by its own words that it did not come true', async () => {
    await playWell(async (world) => {
      const began = world.nowMs
      await world.until(() => world.nowMs >= began + 20, { withinMs: 100 })
      assert.ok(world.nowMs - began < 22)
      await world.until(() => true, { withinMs: 0 })
      const never = world.until(() => false, { withinMs: 30, what: 'the sky to fall' })
      await assert.rejects(never, (error) => isError('timed-out')(error) && /the sky to fall.*30/.test(String(error)))
      assert.ok(world.nowMs - began < 60)
    })
  })

  it('finds no calm while a member has lost its lease and does not know it yet', async () => {
    const faults: readonly Fault[] = [
      { kind: 'pause', member: 'm1', atMs: 100, untilMs: 400 },
      { kind: 'lease-expiry', member: 'm1', atMs: 200, untilMs: 210 },
    ]
    await playWell(
      async (world) => {
        await world.calm()
        assert.equal(await world.on('m1', (_system, life) => life.number), 2)
      },
      { faults },
    )
  })

  it('finds calm once the last fault is over and everybody is up, and not before', async () => {
    const crash = { kind: 'crash', member: 'm1', how: 'process', atMs: 100 } as const
    const offset = { kind: 'clock-offset', member: 'm2', offsetMs: 1, atMs: 0, untilMs: 900 } as const
    await playWell(
      async (world) => {
        await world.calm()
        assert.ok(world.nowMs >= 900 && world.isUp('m1') && world.isUp('m2'))
      },
      { faults: [{ ...crash, untilMs: 200 }, offset] },
    )
    const gone = await play((world) => world.calm({ withinMs: 500 }), { faults: [crash] })
    assert.deepEqual(
      gone.violations.map(({ claim }) => claim),
      ['timed-out'],
    )
    assert.match(gone.violations[0]?.text ?? '', /all members to be ready again/)
  })

  it('is refused what makes no sense, by its name or number', async () => {
    await playWell(async (world) => {
      for (const act of [() => world.system('m7'), () => world.isUp('m7'), () => world.resume('m7')])
        assert.throws(act, isError('name-unknown'))
      await assert.rejects(world.restart('m7'), isError('name-unknown'))
      assert.throws(() => world.crash('m7'), isError('option-invalid'))
      assert.throws(() => world.inject({ kind: 'duplicate', rate: 1, atMs: 0 }), isError('option-invalid'))
      for (const ms of [Number.NaN, -1, Number.POSITIVE_INFINITY])
        await assert.rejects(world.sleep(ms), isError('option-invalid'))
      for (const withinMs of [Number.NaN, -1])
        await assert.rejects(
          world.until(() => true, { withinMs }),
          isError('option-invalid'),
        )
      for (let count = 0; count < historiesMax; count++) world.history()
      assert.throws(() => world.history(), isError('too-large'))
    })
  })

  it('fails the run by what it throws, by a false claim, and by what a checker could not decide', async () => {
    const claimsOf = async (director: Director): Promise<readonly string[]> =>
      (await play(director)).violations.map(({ claim, text }) => `${claim}: ${text.replaceAll(/^[\d.]+ ms/g, 'T')}`)
    assert.deepEqual(await claimsOf(() => Promise.reject(new Error('broken'))), ['program: Error: broken'])
    assert.deepEqual(
      await claimsOf(async (world) => {
        world.expect(true, 'first', 'not told')
        world.expect(false, 'second', 'it is so')
        world.check({ holds: true })
        world.check({ holds: false, claim: 'third', text: 'found' })
        world.check({ holds: undefined, text: 'too long' })
      }),
      ['second: T: it is so', 'third: found', 'undecided: too long'],
    )
  })

  it('counts as checked what it recorded and what it claimed', async () => {
    const { checked } = await playWell(async (world) => {
      await world.history().record('ann', { f: 'read' }, () => Promise.resolve(null))
      world.expect(true, 'claim', '')
    })
    assert.equal(checked, 2)
  })
})

describe('a director that waits for ever', () => {
  const never = (): Promise<void> => new Promise(() => undefined)
  const stuck = async (director: Director, program?: MemberProgram): Promise<string> => {
    const { violations } = await play(director, program && { program })
    assert.equal(violations.length, 1)
    return `${violations[0]?.claim}: ${violations[0]?.text}`
  }

  it('is told for what: an operation, a sleep, a promise of its own', async () => {
    assert.match(
      await stuck(async (world) => void (await Promise.all([world.on('m1', never), world.on('m1', never)]))),
      /^stuck: .*nothing is left.*\n.*waits for an operation on m1 \(2 times\)\nm1: ready, operations .* under way: 2\n/,
    )
    assert.match(await stuck((world) => world.sleep(1e9)), /^stuck: .*its time is over.*\nthe simulation sleeps\n/)
    assert.match(await stuck(never), /^stuck: .*\nthe simulation waits for a promise of its own\n/)
  })

  it('and one that goes in a circle without letting time pass, are ended', async () => {
    const circle = await stuck(async (world) => {
      for (;;) await world.sleep(0)
    })
    assert.match(circle, /^stuck: The world runs in a circle at/)
  })

  it('never begins where a program does not become ready, which is told', async () => {
    assert.match(await stuck(never, never), /^progress: .*\nm1: its program has not become ready\n/)
  })
})

describe('chance in a world', () => {
  it('is the same for the same seed, for the director and for every member', async () => {
    const drawn = async (seed: number): Promise<string> => {
      const numbers: number[] = []
      const report = await playWell(
        async (world) => {
          for (let count = 0; count < 10; count++) {
            numbers.push(world.random.next(), await world.on('m1', (system) => system.random.next()))
            await world.sleep(world.random.next() * 10)
          }
        },
        { seed },
      )
      return [...numbers, report.digest].join()
    }
    assert.equal(await drawn(5), await drawn(5))
    assert.notEqual(await drawn(5), await drawn(6))
  })
})
