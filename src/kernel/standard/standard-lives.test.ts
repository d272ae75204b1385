/** What touching and ageing do to the lives of objects. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { Lives, livesMax, passesOpenMax } from './standard-lives.ts'

describe('the lives of objects', () => {
  it('are 24, one less with each ageing, and the object is destroyed at none', async () => {
    const { lives, destroyed, age } = collection([1, 2])
    for (let round = 1; round < livesMax; round++) {
      await age(() => lives.touch(1))
      assert.deepEqual([destroyed, lives.livesOf(2)], [[], livesMax - round])
    }
    assert.deepEqual(await age(() => lives.touch(1)), { objects: 1, destroyed: 1, failed: 0 })
    assert.deepEqual([destroyed, lives.livesOf(1)], [[2], livesMax - 1])
  })

  it('are all there again after one touch', async () => {
    const { lives, age } = collection([1])
    for (let round = 1; round < livesMax; round++) await age()
    assert.equal(lives.livesOf(1), 1)
    lives.touch(1)
    assert.equal(lives.livesOf(1), livesMax)
  })

  it('are not taken while a pass of touches is open', async () => {
    const { lives, age } = collection([1])
    lives.openPass('slow')
    await assert.rejects(age(), { code: 'touch-unfinished', message: /"slow"/ })
    assert.equal(lives.livesOf(1), livesMax)
    lives.completePass('slow')
    await age()
    assert.equal(lives.livesOf(1), livesMax - 1)
  })

  it('are not taken twice after one pass of touches', async () => {
    const { lives, destroy } = collection([1])
    lives.openPass('only')
    lives.completePass('only')
    await lives.age([1], destroy)
    await assert.rejects(lives.age([1], destroy), { code: 'touch-unfinished' })
    assert.equal(lives.livesOf(1), livesMax - 1)
  })

  it('are not taken before any pass was completed, as after a restart', async () => {
    const { lives, destroy } = collection([1])
    await assert.rejects(lives.age([1], destroy), { code: 'touch-unfinished' })
  })

  it('are not taken by two ageings at once', async () => {
    const { lives, destroy } = collection([1])
    lives.openPass('a')
    lives.completePass('a')
    const first = lives.age([1], destroy)
    await assert.rejects(lives.age([1], destroy), { code: 'try-again' })
    assert.equal((await first).objects, 1)
  })

  it('are saved by a touch that comes while others are being destroyed', async () => {
    const { lives, age, destroyed } = collection([1, 2])
    for (let round = 1; round < livesMax; round++) await age()
    lives.openPass('last')
    lives.completePass('last')
    await lives.age([1, 2], (object) => {
      destroyed.push(object)
      lives.touch(2)
      return Promise.resolve()
    })
    assert.deepEqual([destroyed, lives.livesOf(2)], [[1], livesMax])
  })

  it('cannot be given back to an object that is being destroyed', async () => {
    const { lives, age } = collection([1])
    for (let round = 1; round < livesMax; round++) await age()
    lives.openPass('last')
    lives.completePass('last')
    const answers: boolean[] = []
    await lives.age([1], () => Promise.resolve(void answers.push(lives.touch(1))))
    assert.deepEqual(answers, [false])
  })

  it('of an object that could not be destroyed end at the next ageing', async () => {
    const { lives, age, destroy } = collection([1])
    for (let round = 1; round < livesMax; round++) await age()
    lives.openPass('p')
    lives.completePass('p')
    const refusing = (): Promise<void> => Promise.reject(new CardumenError('directory-not-empty', 'no'))
    assert.deepEqual(await lives.age([1], refusing), { objects: 1, destroyed: 0, failed: 1 })
    lives.openPass('q')
    lives.completePass('q')
    assert.deepEqual(await lives.age([1], destroy), { objects: 0, destroyed: 1, failed: 0 })
  })

  it('of objects that are gone are forgotten', async () => {
    const { lives, destroy } = collection([])
    for (const [round, objects] of [[1, 2], [2]].entries()) {
      lives.openPass(`p${round}`)
      lives.completePass(`p${round}`)
      await lives.age(objects, destroy)
    }
    assert.deepEqual([lives.livesOf(1), lives.livesOf(2)], [livesMax, livesMax - 2])
  })
})

describe('a pass of touches', () => {
  it('that was given up holds up no ageing', async () => {
    const { lives, age } = collection([1])
    lives.openPass('lost')
    lives.abandonPass('lost')
    assert.deepEqual(await age(), { objects: 1, destroyed: 0, failed: 0 })
  })

  it('that is over is not opened again by a late repetition', () => {
    const lives = new Lives()
    lives.openPass('p')
    lives.completePass('p')
    lives.openPass('p')
    assert.equal(lives.passesOpen, 0)
  })

  it('is refused while as many are open as there may be', () => {
    const lives = new Lives()
    for (let pass = 0; pass < passesOpenMax; pass++) lives.openPass(`p${pass}`)
    assert.throws(() => lives.openPass('one more'), { code: 'try-again' })
    lives.openPass('p0')
    assert.equal(lives.passesOpen, passesOpenMax)
  })
})

describe('ageing in any order of touches and passes', () => {
  it('destroys nothing that was touched within the last 23 ageings', async () => {
    const steps = fc.array(fc.oneof(fc.constant('age' as const), fc.integer({ min: 1, max: 4 })), { maxLength: 120 })
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        const lives = new Lives()
        const since = new Map([1, 2, 3, 4].map((object) => [object, 0]))
        for (const [index, step] of plan.entries()) {
          if (step !== 'age') {
            if (lives.touch(step) && since.has(step)) since.set(step, 0)
            continue
          }
          lives.openPass(`p${index}`)
          lives.completePass(`p${index}`)
          for (const [object, ageings] of since) since.set(object, ageings + 1)
          await lives.age([...since.keys()], (object) => {
            assert.equal(since.get(object), livesMax)
            since.delete(object)
            return Promise.resolve()
          })
        }
        for (const ageings of since.values()) assert.ok(ageings < livesMax)
      }),
      { numRuns: 200 },
    )
  })
})

function collection(objects: readonly number[]): {
  readonly lives: Lives
  readonly destroyed: number[]
  readonly destroy: (object: number) => Promise<void>
  readonly age: (touch?: () => unknown) => ReturnType<Lives['age']>
} {
  const lives = new Lives()
  const destroyed: number[] = []
  const destroy = (object: number): Promise<void> => Promise.resolve(void destroyed.push(object))
  let passes = 0
  const age = (touch?: () => unknown): ReturnType<Lives['age']> => {
    const pass = `pass ${++passes}`
    lives.openPass(pass)
    touch?.()
    lives.completePass(pass)
    return lives.age(
      objects.filter((object) => !destroyed.includes(object)),
      destroy,
    )
  }
  return { lives, destroyed, destroy, age }
}
