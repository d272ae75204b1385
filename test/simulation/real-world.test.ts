/** Programs of users that touch the real world in a simulation: refused by name, wherever they do it and however they hide it. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, it, mock } from 'node:test'
import { isCardumenError, type CardumenError } from '../../src/cardumen.ts'
import { simulate } from '../../src/simulate.ts'
import { type Place, places, simulateTouching, type Touch, touches } from './fixtures/touching-program.ts'

const who: Readonly<Record<Place, string>> = { program: 'm2', handler: 'm2', job: 'm2', director: 'the simulation' }

/** What programs do that mean well. */
function swallowing(touch: Touch): Touch {
  return async () => {
    try {
      return await touch()
    } catch {
      return undefined
    }
  }
}

describe('a program under simulation that touches the real world', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cardumen-real-world-'))
  const traceFile = join(folder, 'failed.trace.jsonl')
  after(() => rmSync(folder, { recursive: true, force: true }))

  async function refusalOf(place: Place, touch: Touch): Promise<CardumenError> {
    const error: unknown = await simulateTouching(place, touch, { traceFile }).catch((thrown: unknown) => thrown)
    assert.ok(isCardumenError(error, 'simulation-failed'), String(error))
    return error
  }

  for (const place of places) {
    for (const [what, [named, touch]] of Object.entries(touches)) {
      it(`is refused ${what} by name in the ${place}, also when it swallows the error`, async () => {
        const sentence = `${who[place]} touched ${named}, which is of the real world; under simulation use `
        const open = await refusalOf(place, touch)
        assert.ok(open.message.includes(`breaks "real-world"`), open.message)
        assert.ok(open.message.includes(sentence), open.message)
        const hidden = await refusalOf(place, swallowing(touch))
        assert.ok(hidden.message.includes(`breaks "real-world"`), hidden.message)
        assert.ok(hidden.message.includes(sentence), hidden.message)
      })
    }
  }

  it('is refused it although it touched it a thousand times, in each run anew', async () => {
    const often = (): void => {
      for (let count = 0; count < 1_000; count++) {
        try {
          Date.now()
        } catch {
          // It goes on as if nothing were wrong.
        }
      }
    }
    const shrunk = await simulateTouching('handler', often, { traceFile, shrink: true, faults: 'swarm' }).catch(
      (thrown: unknown) => thrown,
    )
    assert.ok(isCardumenError(shrunk, 'simulation-failed'), String(shrunk))
    assert.match(shrunk.message, /breaks "real-world"\n {2}m2 touched Date\.now/)
    assert.match(shrunk.message, /with 2 members, 0 faults/)
  })

  it('is told so once it runs without: the same program holds', async () => {
    const totals = await simulateTouching('program', () => undefined, { seeds: 3 })
    assert.equal(totals.seeds, 3)
  })
})

describe('code beside a simulation', () => {
  it('has its own world meanwhile, in the test that awaits it', async () => {
    let isRunning = true
    const simulation = simulate({ members: 3, seeds: 5 }, (world) => world.sleep(10_000)).finally(() => {
      isRunning = false
    })
    let looks = 0
    const startedMs = Date.now()
    while (isRunning) {
      assert.ok(Math.random() < 1 && performance.now() > 0 && Date.now() >= startedMs)
      assert.ok(new Date().getTime() >= startedMs)
      assert.ok(readFileSync(import.meta.filename, 'utf8').length > 0)
      await new Promise((resolve) => setTimeout(resolve, 0))
      looks++
    }
    assert.ok(looks > 1)
    await simulation
  })

  it('finds every function as it was when the last simulation has ended', async () => {
    const before = [Date, Date.now, Math.random, setTimeout, fetch, readFileSync]
    await simulate({ members: 1 }, (world) => world.sleep(1))
    assert.deepEqual([Date, Date.now, Math.random, setTimeout, fetch, readFileSync], before)
  })
})

describe('a test that has put false timers in the place of the real ones', () => {
  it('runs simulations all the same, in which they are refused', async () => {
    mock.timers.enable()
    try {
      await simulate({ members: 2 }, (world) => world.sleep(10_000))
      const traceFile = join(mkdtempSync(join(tmpdir(), 'cardumen-false-timers-')), 'failed.trace.jsonl')
      await assert.rejects(
        simulateTouching('handler', () => Date.now(), { traceFile }),
        /m2 touched Date\.now/,
      )
      rmSync(dirname(traceFile), { recursive: true })
    } finally {
      mock.timers.reset()
    }
  })
})

describe('two simulations at once in one process', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cardumen-two-worlds-'))
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('each hear only of what their own programs touch', async () => {
    const [sound, faulty, alsoSound] = await Promise.allSettled([
      simulateTouching('handler', () => undefined, { seeds: 5 }),
      simulateTouching('handler', () => Date.now(), { traceFile: join(folder, 'failed.trace.jsonl') }),
      simulateTouching('job', () => undefined, { seeds: 10, faults: 'none' }),
    ])
    assert.equal(sound.status, 'fulfilled')
    assert.equal(alsoSound.status, 'fulfilled')
    assert.ok(faulty.status === 'rejected' && /m2 touched Date\.now/.test(String(faulty.reason)))
  })

  it('run as each of them does alone', async () => {
    const alone = await simulateTouching('job', () => undefined, { seeds: 2 })
    const together = await Promise.all([1, 2].map(() => simulateTouching('job', () => undefined, { seeds: 2 })))
    assert.deepEqual(together, [alone, alone])
  })
})
