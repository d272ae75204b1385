/** The scheduler's machine by itself: calls and timers in, outcomes out, and each rule's own promises. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { instant } from '../../lib/identifiers.ts'
import { seededRandom } from '../../lib/random.ts'
import { brokenInvariants } from './invariants.ts'
import { type Call, type NewTask, type Outcome, ruleNames, type Timer } from './messages.ts'
import { scheduling } from './scheduling.ts'
import { initialState, type Settings } from './state.ts'

/** A machine with a clock that a test moves, and timers that fire as it passes them. */
function machineOf(settings: Partial<Settings>) {
  const state = initialState(settings)
  const random = seededRandom(1)
  const timers = new Map<string, { readonly timer: Timer; readonly dueMs: number }>()
  const outcomes: Outcome[] = []
  let nowMs = 0
  const take = (input: Parameters<typeof scheduling.step>[1]): void => {
    scheduling.step(
      state,
      input,
      { now: instant(nowMs), random },
      {
        send: () => assert.fail('it talks to nobody'),
        persist: () => assert.fail('it keeps nothing'),
        setTimer: (timer, delayMs) => timers.set(JSON.stringify(timer), { timer, dueMs: nowMs + delayMs }),
        clearTimer: (timer) => timers.delete(JSON.stringify(timer)),
        outcome: (outcome) => outcomes.push(outcome),
      },
    )
    assert.deepEqual(brokenInvariants(state), [])
  }
  const next = () => [...timers].toSorted((one, other) => one[1].dueMs - other[1].dueMs)[0]
  return {
    state,
    timers,
    outcomes,
    call: (call: Call) => take({ kind: 'call', call }),
    fire: (timer: Timer) => take({ kind: 'timer', timer }),
    add: (...tasks: readonly NewTask[]) => take({ kind: 'call', call: { kind: 'add', tasks } }),
    running: () => state.cores.map((task) => task?.id),
    /** Lets time pass, and fires what is due in it. */
    pass(durationMs: number): void {
      const untilMs = nowMs + durationMs
      for (let due = next(); due !== undefined && due[1].dueMs <= untilMs; due = next()) {
        nowMs = due[1].dueMs
        timers.delete(due[0])
        take({ kind: 'timer', timer: due[1].timer })
      }
      nowMs = untilMs
    },
  }
}

const task = (number: number, priority = 0): NewTask => ({ task: number, process: 0, priority })

describe('the scheduler', () => {
  it('says only what changes: a task that goes on is not told to run again', () => {
    const machine = machineOf({ rule: 'round-robin', quantumMs: 5 })
    machine.add(task(1))
    machine.pass(20)
    machine.call({ kind: 'yield', task: 1 })
    assert.deepEqual(machine.outcomes, [{ kind: 'run', task: 1, core: 0 }])
  })

  it('bears a turn that is ended too early by a timer, and ends it when it is over', () => {
    const machine = machineOf({ rule: 'round-robin', quantumMs: 5 })
    machine.add(task(1), task(2))
    machine.pass(3)
    machine.fire({ kind: 'quantum', core: 0 })
    assert.deepEqual(machine.running(), [1])
    machine.pass(2)
    assert.deepEqual(machine.running(), [2])
  })

  it('gives whoever was ousted the rest of its turn, before its equals', () => {
    const machine = machineOf({ rule: 'chorus', quantumMs: 10 })
    machine.add(task(1), task(2))
    machine.pass(4)
    machine.add(task(3, 1))
    assert.deepEqual(machine.running(), [3])
    machine.call({ kind: 'end', task: 3 })
    assert.deepEqual(machine.running(), [1])
    machine.pass(6)
    assert.deepEqual(machine.running(), [2])
  })

  it('moves all tasks of a process when its priority changes, running and ready', () => {
    const machine = machineOf({ rule: 'chorus' })
    machine.add({ task: 1, process: 1 }, { task: 2, process: 2, priority: -2 }, { task: 3, process: 2, priority: -1 })
    assert.deepEqual(machine.running(), [1])
    machine.call({ kind: 'adjust-process', process: 2, priority: 66 })
    assert.deepEqual(machine.running(), [3])
    machine.call({ kind: 'adjust-process', process: 2, priority: 60 })
    assert.deepEqual(machine.running(), [1])
  })

  it('leaves a ready task its place in the queue where its new priority means nothing to the rule', () => {
    const machine = machineOf({ rule: 'round-robin' })
    machine.add(task(1), task(2), task(3))
    machine.call({ kind: 'adjust', task: 2, priority: -5, tickets: 9 })
    machine.call({ kind: 'end', task: 1 })
    assert.deepEqual(machine.running(), [2])
  })

  it('begins to slice a task that comes below the threshold while it runs, and ceases above', () => {
    const machine = machineOf({ rule: 'chorus', sliceThreshold: 100, processPriority: 101, quantumMs: 5 })
    machine.add(task(1))
    assert.equal(machine.timers.size, 0)
    machine.call({ kind: 'adjust', task: 1, priority: -1 })
    assert.equal(machine.timers.size, 1)
    machine.call({ kind: 'adjust', task: 1, priority: 0 })
    assert.equal(machine.timers.size, 0)
  })

  it('stops nobody but at offers, where it is told so', () => {
    const machine = machineOf({ rule: 'chorus', quantumMs: 5, preemption: 'at-offers' })
    machine.add(task(1), task(2))
    machine.add(task(3, 1))
    machine.pass(3)
    assert.deepEqual(machine.running(), [1])
    machine.call({ kind: 'offer', task: 1 })
    assert.deepEqual(machine.running(), [3])
    machine.call({ kind: 'end', task: 3 })
    assert.deepEqual(machine.running(), [1])
    machine.pass(100)
    assert.deepEqual(machine.running(), [1])
    machine.call({ kind: 'offer', task: 1 })
    assert.deepEqual(machine.running(), [2])
  })

  it('counts a turn from where it begins, and lets whoever has come since and is more urgent go before', () => {
    const machine = machineOf({ rule: 'chorus', quantumMs: 5, preemption: 'at-offers' })
    machine.add(task(1), task(2))
    machine.pass(100)
    machine.call({ kind: 'begin', task: 1 })
    machine.pass(4)
    machine.call({ kind: 'offer', task: 1 })
    assert.deepEqual(machine.running(), [1])
    machine.add(task(3, 1))
    machine.call({ kind: 'begin', task: 1 })
    assert.deepEqual(machine.running(), [3])
  })

  it('has one timer for each core that slices, and none when all has ended', () => {
    const machine = machineOf({ rule: 'feedback', cores: 2 })
    machine.add(task(1), task(2), task(3))
    assert.equal(machine.timers.size, 3)
    for (const number of [1, 2, 3]) machine.call({ kind: 'end', task: number })
    machine.pass(10_000)
    assert.equal(machine.timers.size, 0)
    assert.deepEqual([machine.state.tasks.size, machine.state.processes.size], [0, 0])
  })

  it('can be looked at', () => {
    const machine = machineOf({ rule: 'chorus', cores: 2 })
    machine.add(task(1), task(2), task(3))
    machine.call({ kind: 'block', task: 1 })
    machine.call({ kind: 'block', task: 3 })
    assert.equal(
      scheduling.inspect(machine.state),
      [
        'chorus: 3 tasks, 0 of them ready',
        'core 0: idle',
        'core 1: task 2 of process 0, priority 64, level 191',
        'blocked: task 1 of process 0, priority 64, level 191',
        'blocked: task 3 of process 0, priority 64, level 191',
      ].join('\n'),
    )
  })

  const refusals: readonly (readonly [reason: string, call: Call])[] = [
    ['task-unknown', { kind: 'block', task: 9 }],
    ['task-known', { kind: 'add', tasks: [task(1)] }],
    ['too-many-tasks', { kind: 'add', tasks: [task(4)] }],
    ['not-running', { kind: 'yield', task: 2 }],
    ['not-running', { kind: 'offer', task: 3 }],
    ['not-running', { kind: 'begin', task: 3 }],
    ['already-blocked', { kind: 'block', task: 3 }],
    ['not-blocked', { kind: 'unblock', task: 1 }],
    ['number-invalid', { kind: 'unblock', task: 3, burstMs: -1 }],
    ['number-invalid', { kind: 'adjust', task: 1, tickets: 0 }],
    ['priority-out-of-range', { kind: 'adjust', task: 1, priority: 192 }],
    ['priority-out-of-range', { kind: 'adjust-process', process: 0, priority: -1 }],
    ['too-many-processes', { kind: 'adjust-process', process: 7, priority: 1 }],
  ]
  for (const [reason, call] of refusals)
    it(`refuses ${call.kind} without a change: ${reason}`, () => {
      const machine = machineOf({ rule: 'round-robin', tasksMax: 3 })
      machine.add({ task: 1, process: 0 }, { task: 2, process: 1 }, { task: 3, process: 2 })
      machine.call({ kind: 'block', task: 1 })
      machine.call({ kind: 'block', task: 2 })
      machine.call({ kind: 'unblock', task: 1 })
      machine.call({ kind: 'unblock', task: 2 })
      machine.call({ kind: 'block', task: 3 })
      const before = JSON.stringify([...machine.state.tasks.values()])
      machine.outcomes.length = 0
      machine.call(call)
      assert.deepEqual(
        machine.outcomes.map((outcome) => (outcome.kind === 'refused' ? outcome.reason : outcome.kind)),
        [reason],
      )
      assert.equal(JSON.stringify([...machine.state.tasks.values()]), before)
    })

  it('keeps its invariants whatever it is told, by every rule', () => {
    const number = fc.integer({ min: 1, max: 6 })
    const told = fc.oneof(
      fc.record({
        kind: fc.constant('add' as const),
        tasks: fc.array(
          number.map((each) => task(each, each)),
          { maxLength: 3 },
        ),
      }),
      fc.record({
        kind: fc.constantFrom(...(['block', 'yield', 'end', 'offer', 'begin', 'unblock'] as const)),
        task: number,
      }),
      fc.record({ kind: fc.constant('adjust' as const), task: number, priority: fc.integer({ min: -70, max: 200 }) }),
      fc.record({ kind: fc.constant('adjust-process' as const), process: number, priority: number }),
      fc.integer({ min: 0, max: 40 }),
    )
    const preemption = fc.constantFrom('at-once' as const, 'at-offers' as const)
    fc.assert(
      fc.property(
        ...[fc.constantFrom(...ruleNames), number, preemption, fc.array(told, { maxLength: 60 })],
        (rule, cores, when, calls) => {
          const machine = machineOf({ rule, cores, ageingMs: 7, boostMs: 30, preemption: when })
          for (const each of calls) {
            if (typeof each === 'number') machine.pass(each)
            else machine.call(each)
          }
        },
      ),
      { numRuns: 300 },
    )
  })
})

/** What a task of little urgency gets in 10 s beside a hog that never stops. */
function victimShareMs(settings: Partial<Settings>): number {
  const machine = machineOf({ quantumMs: 5, ...settings })
  machine.add(task(1, 40), task(2))
  let ranMs = 0
  for (let passedMs = 0; passedMs < 10_000; passedMs++) {
    machine.pass(1)
    if (machine.running()[0] === 2) ranMs++
  }
  return ranMs
}

describe('starvation', () => {
  for (const rule of ['priority', 'chorus'] as const) {
    it(`is possible by ${rule}: the less urgent never runs`, () => assert.equal(victimShareMs({ rule }), 0))

    it(`by ${rule} with ageing ends when the wait has made up for the difference of priorities`, () => {
      const shareMs = victimShareMs({ rule, ageingMs: 20 })
      // It waits for 41 steps of 20 ms each time, then has one turn of 5 ms.
      assert.ok(shareMs >= 50 && shareMs <= 100, `${shareMs} ms of 10 s`)
    })
  }

  it('is impossible by feedback also for who has sunk, and new tasks keep coming', () => {
    for (const feedbackLevels of [2, 3, 4]) {
      const machine = machineOf({ rule: 'feedback', quantumMs: 5, boostMs: 200, feedbackLevels })
      machine.add(task(0))
      machine.pass(5 * 2 ** feedbackLevels)
      let ranMs = 0
      for (let comer = 1; comer < 1_000; comer++) {
        machine.add(task(comer))
        machine.pass(1)
        if (machine.running()[0] === 0) ranMs++
        else machine.call({ kind: 'end', task: machine.running()[0] ?? 0 })
      }
      assert.ok(ranMs >= 15 && ranMs <= 50, `${ranMs} ms of 1 s, with ${feedbackLevels} queues`)
    }
  })

  it('by chorus is not ended by ageing where somebody above the threshold keeps the core', () => {
    assert.equal(victimShareMs({ rule: 'chorus', ageingMs: 20, processPriority: 100 }), 0)
  })

  for (const rule of ['round-robin', 'feedback', 'lottery', 'stride'] as const)
    it(`is impossible by ${rule}: equals have about the same`, () => {
      const shareMs = victimShareMs({ rule })
      assert.ok(shareMs > 4_000 && shareMs < 6_000, `${shareMs} ms of 10 s`)
    })

  it('by first come is of all others where one never stops', () =>
    assert.equal(victimShareMs({ rule: 'first-come' }), 0))
})
