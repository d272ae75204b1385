/** Work inside one process under the cooperative scheduler: who runs when, and what is refused. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { CooperativeScheduler } from './cooperative-scheduler.ts'
import { drawSchedule } from './draw-schedule.ts'
import type { Turn } from './scheduled-job.ts'

const deadline = { timeout: 10_000 }

/** Computes for so long without telling anybody. */
function busy(durationMs: number): void {
  const untilMs = performance.now() + durationMs
  while (performance.now() < untilMs);
}

function noting(notes: string[], name: string, count: number): () => Generator<undefined, string> {
  return function* () {
    for (let step = 1; step <= count; step++) {
      notes.push(`${name}${step}`)
      yield
    }
    return name
  }
}

describe('the cooperative scheduler', deadline, () => {
  it('runs the more urgent first, by the priority of the process and that relative to it', async () => {
    const scheduler = new CooperativeScheduler()
    scheduler.setProcessPriority('low', 10)
    scheduler.setProcessPriority('high', 20)
    const notes: string[] = []
    const all = [
      scheduler.start(noting(notes, 'a', 1), { process: 'low', priority: 5 }),
      scheduler.start(noting(notes, 'b', 1), { process: 'high' }),
      scheduler.start(noting(notes, 'c', 1), { process: 'high', priority: -12 }),
      scheduler.start(noting(notes, 'd', 1), { process: 'low', priority: 11 }),
    ]
    assert.deepEqual(await Promise.all(all.map((work) => work.result)), ['a', 'b', 'c', 'd'])
    assert.deepEqual(notes, ['d1', 'b1', 'a1', 'c1'])
    assert.equal(scheduler.size, 0)
  })

  it('lets equals below the threshold take turns, and those above it run on', async () => {
    for (const [priority, expected] of [
      [0, ['a1', 'b1', 'a2', 'b2']],
      [100, ['a1', 'a2', 'b1', 'b2']],
    ] as const) {
      const scheduler = new CooperativeScheduler({ quantumMs: 1 })
      const notes: string[] = []
      const work = (name: string) =>
        function* () {
          for (const step of [1, 2]) {
            notes.push(`${name}${step}`)
            busy(2)
            yield
          }
        }
      const all = ['a', 'b'].map((name) => scheduler.start(work(name), { priority }))
      await Promise.all(all.map(({ result }) => result))
      assert.deepEqual(notes, expected)
    }
  })

  it('ends a turn that is longer than the event loop has to wait for its own', async () => {
    const scheduler = new CooperativeScheduler({ quantumMs: 5, isRecorded: true })
    const generator = function* () {
      for (let step = 0; step < 40; step++) {
        busy(0.5)
        yield
      }
    }
    const asynchronous = async (turn: Turn) => {
      for (let step = 0; step < 40; step++) {
        busy(0.5)
        await turn.offer()
      }
    }
    await Promise.all([generator, asynchronous, generator].map((work) => scheduler.start(work).result))
    // 20 ms of computing each, in turns of 5 ms and a little more.
    for (const { switches } of scheduler.schedule.tasks.values()) assert.ok(switches >= 3, `${switches} turns`)
  })

  it('lets what has become more urgent go first after the event loop had its turn', async () => {
    const scheduler = new CooperativeScheduler({ quantumMs: 1_000 })
    const notes: string[] = []
    let isUrgentDone = false
    const hog = scheduler.start(function* () {
      const untilMs = performance.now() + 5_000
      while (!isUrgentDone && performance.now() < untilMs) yield
      notes.push('hog')
    })
    const urgent = scheduler.start(
      function* () {
        yield new Promise((resolve) => setTimeout(resolve, 2))
        notes.push('urgent')
        isUrgentDone = true
      },
      { priority: 100 },
    )
    await Promise.all([hog.result, urgent.result])
    assert.deepEqual(notes, ['urgent', 'hog'])
  })

  it('goes on without a switch where a turn is not over', async () => {
    const scheduler = new CooperativeScheduler({ quantumMs: 10_000, isRecorded: true })
    const notes: string[] = []
    const all = ['a', 'b'].map((name) => scheduler.start(noting(notes, name, 3)))
    await Promise.all(all.map(({ result }) => result))
    assert.deepEqual(notes, ['a1', 'a2', 'a3', 'b1', 'b2', 'b3'])
    assert.deepEqual(
      [...scheduler.schedule.tasks.values()].map((task) => task.switches),
      [1, 1],
    )
  })

  it('lets others run while work waits, and gives it what it waited for', async () => {
    const scheduler = new CooperativeScheduler()
    const { promise, resolve } = Promise.withResolvers<string>()
    const waiting = scheduler.start(function* () {
      const text: string = yield promise
      return `got ${text}`
    })
    const other = scheduler.start(async (turn) => {
      resolve('it')
      await turn.offer()
      return 'ran'
    })
    assert.deepEqual([await other.result, await waiting.result], ['ran', 'got it'])
  })

  it('throws into work what it waited for in vain', async () => {
    const scheduler = new CooperativeScheduler()
    const generator = scheduler.start(function* () {
      yield Promise.reject(new Error('no disk'))
    })
    const asynchronous = scheduler.start((turn) => turn.wait(Promise.reject(new Error('no net'))))
    await assert.rejects(generator.result, /no disk/)
    await assert.rejects(asynchronous.result, /no net/)
    assert.equal(scheduler.size, 0)
  })

  it('takes turns between async functions at the points where they offer', async () => {
    const scheduler = new CooperativeScheduler({ rule: 'round-robin', quantumMs: 1 })
    const notes: string[] = []
    const work = (name: string) => async (turn: Turn) => {
      for (const step of [1, 2]) {
        notes.push(`${name}${step}`)
        busy(2)
        await turn.offer()
      }
    }
    await Promise.all(['a', 'b'].map((name) => scheduler.start(work(name)).result))
    assert.deepEqual(notes, ['a1', 'b1', 'a2', 'b2'])
  })

  it('follows a change of priority at the next point at which somebody could stop', async () => {
    const scheduler = new CooperativeScheduler()
    const notes: string[] = []
    const first = scheduler.start(
      function* () {
        notes.push('first')
        second.setPriority(9)
        yield
        notes.push('first again')
      },
      { priority: 5 },
    )
    const second = scheduler.start(noting(notes, 'second', 1))
    await Promise.all([first.result, second.result])
    second.setPriority(3)
    assert.deepEqual(notes, ['first', 'second1', 'first again'])
  })

  it('looks after the timers of the program while work keeps offering', async () => {
    const scheduler = new CooperativeScheduler()
    let hasFired = false
    setTimeout(() => {
      hasFired = true
    }, 1)
    const untilMs = performance.now() + 5_000
    const generator = scheduler.start(function* () {
      while (!hasFired && performance.now() < untilMs) yield
      return hasFired
    })
    assert.equal(await generator.result, true)
    hasFired = false
    setTimeout(() => {
      hasFired = true
    }, 1)
    const asynchronous = scheduler.start(async (turn) => {
      while (!hasFired && performance.now() < untilMs) await turn.offer()
      return hasFired
    })
    assert.equal(await asynchronous.result, true)
  })

  it('with ageing lets work run that the more urgent would keep waiting for ever', async () => {
    const scheduler = new CooperativeScheduler({ ageingMs: 1, quantumMs: 1 })
    let isServed = false
    const untilMs = performance.now() + 5_000
    const hog = scheduler.start(
      function* () {
        while (!isServed && performance.now() < untilMs) yield
      },
      { priority: 3 },
    )
    const starving = scheduler.start(function* () {
      isServed = true
    })
    await Promise.all([hog.result, starving.result])
    assert.ok(performance.now() < untilMs)
  })

  it('draws what it recorded', async () => {
    const scheduler = new CooperativeScheduler({ rule: 'round-robin', quantumMs: 1, isRecorded: true })
    const work = function* () {
      for (let step = 0; step < 3; step++) {
        busy(2)
        yield
      }
    }
    await Promise.all(['one', 'two'].map((name) => scheduler.start(work, { name }).result))
    const chart = drawSchedule(scheduler.schedule, { width: 60 })
    assert.match(chart, /^one +█+░+█/)
    assert.match(chart, /\ntwo +░+█+░+█/)
    assert.match(chart, /\none .* 4\ntwo .* 4\nmean/)
  })

  const refused: readonly (readonly [what: string, code: string, act: () => unknown])[] = [
    ['a rule that there is not', 'option-invalid', () => new CooperativeScheduler({ rule: 'fair' as 'chorus' })],
    ['a threshold that is no number', 'option-invalid', () => new CooperativeScheduler({ sliceThreshold: Number.NaN })],
    ['a quantum of nothing', 'option-invalid', () => new CooperativeScheduler({ quantumMs: 0 })],
    [
      'a priority over the greatest',
      'option-invalid',
      () => new CooperativeScheduler().start(noting([], '', 0), { priority: 192 }),
    ],
    ['half a ticket', 'option-invalid', () => new CooperativeScheduler().start(noting([], '', 0), { tickets: 0.5 })],
    ['a schedule that was not recorded', 'option-invalid', () => new CooperativeScheduler().schedule],
  ]
  for (const [what, code, act] of refused)
    it(`refuses ${what}`, () => assert.throws(act, (error) => isCardumenError(error) && error.code === code))

  it('leaves nothing of work that it has refused in the schedule', async () => {
    const scheduler = new CooperativeScheduler({ isRecorded: true })
    assert.throws(() => scheduler.start(noting([], '', 0), { priority: 999 }))
    await scheduler.start(noting([], 'a', 1), { name: 'taken' }).result
    assert.deepEqual(
      [...scheduler.schedule.tasks.values()].map((task) => task.name),
      ['taken'],
    )
  })

  it('keeps the priority of a process that has no work left', async () => {
    const scheduler = new CooperativeScheduler()
    scheduler.setProcessPriority('screen', 80)
    await scheduler.start(noting([], '', 1), { process: 'screen' }).result
    const notes: string[] = []
    const all = ['main', 'screen'].map((process) => scheduler.start(noting(notes, process, 1), { process }))
    await Promise.all(all.map((work) => work.result))
    assert.deepEqual(notes, ['screen1', 'main1'])
  })

  it('knows at most 10,000 processes by name', () => {
    const scheduler = new CooperativeScheduler()
    for (let number = 0; number < 10_000; number++) scheduler.setProcessPriority(`process ${number}`, 1)
    assert.throws(() => scheduler.setProcessPriority('one more', 1), { code: 'capacity-reached' })
  })

  it('bears work that ends without awaiting its offer or its wait', async () => {
    const scheduler = new CooperativeScheduler()
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiting = scheduler.start(async (turn) => {
      void turn.wait(promise)
      return 'ended'
    })
    const offering = scheduler.start(async (turn) => {
      busy(2)
      void turn.offer()
      return 'ended'
    })
    assert.deepEqual(await Promise.all([waiting.result, offering.result]), ['ended', 'ended'])
    resolve()
    // What would be thrown now would end this test as an unhandled rejection.
    await new Promise((done) => setImmediate(() => setImmediate(done)))
    assert.equal(scheduler.size, 0)
  })

  it('bears a promise of a stranger that settles twice', async () => {
    const scheduler = new CooperativeScheduler()
    const twice = {
      then: (settle: (value: string) => void) => {
        settle('first')
        settle('second')
      },
    }
    const work = scheduler.start(function* (): Generator<unknown, unknown, never> {
      return yield twice
    })
    assert.equal(await work.result, 'first')
  })

  it('refuses work that is no generator function and no async one', async () => {
    const scheduler = new CooperativeScheduler()
    for (const work of [() => 5, () => undefined, 7])
      await assert.rejects(scheduler.start(work as never).result, { code: 'option-invalid' })
    assert.equal(scheduler.size, 0)
  })

  it('refuses work that offers a second time before it has its turn again', async () => {
    const scheduler = new CooperativeScheduler({ rule: 'round-robin', quantumMs: 1e-3 })
    const other = scheduler.start(noting([], 'b', 1))
    const twice = scheduler.start(async (turn) => {
      busy(1)
      const offers = [turn.offer(), turn.wait(Promise.resolve()), turn.offer()]
      return Promise.allSettled(offers)
    })
    await other.result
    const settled = await twice.result
    assert.ok(settled.some((each) => each.status === 'rejected' && isCardumenError(each.reason, 'thread-state')))
  })
})
