/** Threads in user space: how they switch, wait, end and get stuck. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import { ruleNames } from '../../protocols/scheduling/messages.ts'
import { drawSchedule } from '../scheduling/draw-schedule.ts'
import { measureBlockingCall, measureCreation, measureSwitching } from './measure.ts'
import { coded, notesOf } from './fixtures/notes.ts'
import { UserThreads } from './user-threads.ts'
import type { ThreadBody } from './user-thread.ts'

function counting(note: (text: string) => void, name: string, count: number): ThreadBody<string> {
  return function* () {
    for (let step = 1; step <= count; step++) {
      note(`${name}${step}`)
      yield
    }
    return name
  }
}

describe('threads in user space', { timeout: 20_000 }, () => {
  it('take turns at each yield', async () => {
    const notes = await notesOf((threads, note) => {
      for (const name of ['a', 'b', 'c']) threads.start(name, counting(note, name, 2))
    })
    assert.equal(notes, 'a1 b1 c1 a2 b2 c2')
  })

  it('run by the priority that they have now, where the rule goes by it', async () => {
    const notes = await notesOf(
      (threads, note) => {
        const low = threads.start('low', counting(note, 'low', 2), { priority: 1 })
        threads.start(
          'high',
          function* () {
            note('high1')
            low.setPriority(6)
            yield
            note('high2')
          },
          { priority: 5 },
        )
      },
      { rule: 'priority' },
    )
    assert.equal(notes, 'low1 high1 low2 high2')
  })

  it('start others while they run, and get their results by joining them', async () => {
    const notes = await notesOf((threads, note) => {
      threads.start('parent', function* () {
        const child = threads.start('child', counting(note, 'child', 1))
        note(`joined ${yield* child.join()}`)
        note(`and again ${yield* child.join()}`)
      })
    })
    assert.equal(notes, 'child1 joined child and again child')
  })

  it('hand their error to whoever joins them', async () => {
    const threads = new UserThreads()
    const failing = threads.start('failing', function* () {
      yield
      throw new Error('no paper')
    })
    const joining = threads.start('joining', function* () {
      try {
        yield* failing.join()
      } catch (error) {
        return error as CardumenError
      }
      return undefined
    })
    await threads.run()
    assert.ok(coded('thread-failed', /"failing".*no paper/)(joining.result()))
    assert.equal((joining.result()?.cause as Error | undefined)?.message, 'no paper')
  })

  it('that fail without being joined make the run fail, by their name, after all others have ended', async () => {
    const threads = new UserThreads()
    threads.start('printer', function* () {
      throw new Error('no paper')
    })
    const other = threads.start(
      'other',
      counting(() => {}, 'x', 3),
    )
    await assert.rejects(threads.run(), coded('thread-failed', /"printer"/))
    assert.equal(other.result(), 'x')
  })

  it('sleep while others run', async () => {
    const notes = await notesOf((threads, note) => {
      threads.start('sleeper', function* () {
        const startedMs = performance.now()
        yield* threads.sleep(20)
        note(performance.now() - startedMs >= 19 ? 'slept' : 'woke too early')
      })
      threads.start('other', counting(note, 'other', 2))
    })
    assert.equal(notes, 'other1 other2 slept')
  })

  it('wait for promises, and get what they give or throw', async () => {
    const threads = new UserThreads()
    const good = threads.start('good', () => threads.waitFor(Promise.resolve(7)))
    const bad = threads.start('bad', function* () {
      try {
        yield* threads.waitFor(Promise.reject(new Error('gone')))
      } catch (error) {
        return (error as Error).message
      }
      return 'nothing'
    })
    await threads.run()
    assert.deepEqual([good.result(), bad.result()], [7, 'gone'])
  })

  it('begin, and are woken, from outside while all others sleep', async () => {
    const threads = new UserThreads()
    const semaphore = threads.semaphore(0)
    const woken = Promise.withResolvers<string>()
    const begun = Promise.withResolvers<string>()
    threads.start('sleeper', () => threads.waitFor(Promise.all([woken.promise, begun.promise])))
    threads.start('waiter', function* () {
      yield* semaphore.acquire()
      woken.resolve('woken')
    })
    const running = threads.run()
    await new Promise((resolve) => setImmediate(resolve))
    semaphore.release()
    assert.equal(await woken.promise, 'woken')
    await new Promise((resolve) => setImmediate(resolve))
    threads.start('late', function* () {
      begun.resolve('begun')
    })
    assert.equal(await begun.promise, 'begun')
    await running
  })

  it('that yield a value are told that nobody looks at it: the star was forgotten', async () => {
    const threads = new UserThreads()
    threads.start('hasty', function* (): Generator<undefined, void, undefined> {
      yield threads.sleep(60_000) as never
    })
    await assert.rejects(threads.run(), coded('thread-failed', /"hasty" yields a value/))
  })

  it('leave the event loop its turns', async () => {
    const threads = new UserThreads()
    let hasFired = false
    setTimeout(() => {
      hasFired = true
    }, 1)
    const untilMs = performance.now() + 10_000
    threads.start('busy', function* () {
      while (!hasFired && performance.now() < untilMs) yield
    })
    await threads.run()
    assert.ok(hasFired)
  })

  it('all stand still while one of them makes a call that blocks', async () => {
    const { longestStandstillMs, siblingSteps } = await measureBlockingCall(3, 50)
    assert.ok(longestStandstillMs >= 49, `${longestStandstillMs} ms`)
    assert.ok(siblingSteps > 10)
  })

  it('are measured by what they do', async () => {
    const { switches, nsPerSwitch } = await measureSwitching('round-robin', 10, 1_000)
    assert.equal(switches, 1_010)
    assert.ok(nsPerSwitch > 0)
    assert.ok((await measureCreation(100)).nsPerThread > 0)
  })

  it('are drawn, where their schedule is recorded', async () => {
    const threads = new UserThreads({ isRecorded: true })
    for (const name of ['a', 'b'])
      threads.start(
        name,
        counting(() => {}, name, 3),
      )
    await threads.run()
    assert.match(drawSchedule(threads.schedule), /^a .*\nb [^]*\na .* 4\nb .* 4\nmean/)
    assert.throws(() => drawSchedule(threads.schedule, { width: 3 }), coded('option-invalid'))
  })

  it('by every rule all end, and each has made its steps', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...ruleNames),
        fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 6 }),
        async (rule, counts) => {
          const threads = new UserThreads({ rule })
          let steps = 0
          for (const [index, count] of counts.entries())
            threads.start(
              `t${index}`,
              counting(() => void steps++, 't', count),
              { priority: index, tickets: index + 1 },
            )
          await threads.run()
          assert.equal(
            steps,
            counts.reduce((sum, count) => sum + count, 0),
          )
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('the run-time system of threads in user space', { timeout: 10_000 }, () => {
  const refused: readonly (readonly [what: string, code: string, act: (threads: UserThreads) => unknown])[] = [
    ['a semaphore that counts from less than nothing', 'option-invalid', (threads) => threads.semaphore(-1)],
    ['a channel with half a place', 'option-invalid', (threads) => threads.channel(0.5)],
    ['a function that is no generator', 'option-invalid', (threads) => threads.start('x', (() => 1) as never)],
    ['to sleep outside of a thread', 'thread-state', (threads) => threads.waitFor(Promise.resolve()).next()],
    ['to sleep for less than nothing', 'option-invalid', (threads) => threads.sleep(-1).next()],
  ]
  for (const [what, code, act] of refused)
    it(`refuses ${what}`, () => assert.throws(() => act(new UserThreads()), coded(code)))

  it('refuses to join itself', async () => {
    const threads = new UserThreads()
    const selfish = threads.start('selfish', function* (): Generator<undefined, unknown, undefined> {
      return yield* selfish.join() as Generator<undefined, unknown, undefined>
    })
    await assert.rejects(
      threads.run(),
      (error) => isCardumenError(error) && coded('thread-state', /itself/)(error.cause),
    )
  })

  it('refuses to run twice at once', async () => {
    const threads = new UserThreads()
    const { promise, resolve } = Promise.withResolvers<void>()
    threads.start('waiting', () => threads.waitFor(promise))
    const running = threads.run()
    await assert.rejects(threads.run(), coded('thread-state'))
    resolve()
    await running
  })
})
