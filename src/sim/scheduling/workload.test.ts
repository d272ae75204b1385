/** Workloads on the scheduler: what textbooks say of them, and what of a file is refused. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { figuresOf } from '../../protocols/scheduling/figures.ts'
import { ganttOf } from '../../protocols/scheduling/gantt.ts'
import { ruleNames } from '../../protocols/scheduling/messages.ts'
import { playWorkload } from './play-workload.ts'
import { textbookWorkloads } from './textbook-workloads.ts'
import { checkWorkload } from './workload.ts'

type Row = readonly [arriveMs: number, ...bursts: number[]]

function tasksOf(rows: readonly Row[], more: (index: number) => object = () => ({})): object[] {
  return rows.map(([arriveMs, ...bursts], index) => ({ name: `P${index + 1}`, arriveMs, bursts, ...more(index) }))
}

function figures(workload: object): ReturnType<typeof figuresOf> {
  return figuresOf(playWorkload(checkWorkload(workload)))
}

const together: readonly Row[] = [
  [0, 24],
  [0, 3],
  [0, 3],
]
const lengths: readonly Row[] = [
  [0, 6],
  [0, 8],
  [0, 7],
  [0, 3],
]
const staggered: readonly Row[] = [
  [0, 8],
  [1, 4],
  [2, 9],
  [3, 5],
]
const fivePriorities = [3, 1, 4, 5, 2].map((each) => -each)
const five: readonly Row[] = [
  [0, 10],
  [0, 1],
  [0, 2],
  [0, 1],
  [0, 5],
]

/** Of the examples in Silberschatz, Galvin and Gagne, Operating System Concepts, and of two that were reckoned by hand. */
const golden: readonly (readonly [what: string, workload: object, waitingMeanMs: number])[] = [
  ['first come: a long burst first', { rule: 'first-come', tasks: tasksOf(together) }, 17],
  ['first come: a long burst last', { rule: 'first-come', tasks: tasksOf([...together].reverse()) }, 3],
  ['round-robin with a quantum of 4', { rule: 'round-robin', quantumMs: 4, tasks: tasksOf(together) }, 17 / 3],
  ['shortest job first', { rule: 'shortest', tasks: tasksOf(lengths) }, 7],
  ['the same, first come', { rule: 'first-come', tasks: tasksOf(lengths) }, 10.25],
  ['shortest remaining time first', { rule: 'shortest-remaining', tasks: tasksOf(staggered) }, 6.5],
  ['the same without taking the core', { rule: 'shortest', tasks: tasksOf(staggered) }, 7.75],
  ['priority', { rule: 'priority', tasks: tasksOf(five, (at) => ({ priority: fivePriorities[at] })) }, 8.2],
  // Two equals below the threshold take turns as in round-robin: 0-4 P1, 4-7 P2, 7-10 P3, 10-30 P1.
  ['chorus among equals', { rule: 'chorus', quantumMs: 4, tasks: tasksOf(together) }, 17 / 3],
  ['two cores, first come', { rule: 'first-come', cores: 2, tasks: tasksOf(lengths) }, (0 + 0 + 6 + 8) / 4],
]

describe('a workload', () => {
  for (const [what, workload, waitingMeanMs] of golden)
    it(`has the mean waiting time of the textbook: ${what}`, () => {
      assert.ok(Math.abs(figures(workload).waitingMeanMs - waitingMeanMs) < 1e-9, `${figures(workload).waitingMeanMs}`)
    })

  it('has the turnaround of the textbook by round-robin with a quantum of 1 ms', () => {
    const { tasks } = figures({
      rule: 'round-robin',
      quantumMs: 1,
      tasks: tasksOf([
        [0, 3],
        [0, 2],
      ]),
    })
    assert.deepEqual(
      tasks.map((task) => task.turnaroundMs),
      [5, 4],
    )
  })

  it('is drawn as a chart that fits its width, with the figures under it', () => {
    const schedule = playWorkload(checkWorkload({ rule: 'round-robin', quantumMs: 4, tasks: tasksOf(together) }))
    assert.equal(
      ganttOf(schedule, { width: 40 }),
      [
        'P1  ████░░░░░░████████████████████',
        'P2  ░░░░███',
        'P3  ░░░░░░░███',
        '    0         10        20        30 ms',
        '█ runs   ░ waits   ╌ is blocked   a column is 1 ms',
        '',
        'TASK  ARRIVED  ENDED  TURNAROUND  WAITING  RESPONSE  RUNNING  BLOCKED  SWITCHES',
        'P1          0     30          30        6         0       24        0         2',
        'P2          0      7           7        4         4        3        0         1',
        'P3          0     10          10        7         7        3        0         1',
        'mean                       15.67    5.667     3.667',
      ].join('\n'),
    )
  })

  it('is drawn within its width, also where the last label of the axis would not fit', () => {
    const spans = fc.integer({ min: 1, max: 100_000 })
    fc.assert(
      fc.property(spans, fc.integer({ min: 30, max: 200 }), (burstMs, width) => {
        const chart = ganttOf(playWorkload(checkWorkload({ tasks: [{ bursts: [burstMs] }] })), { width })
        for (const line of chart.split('\n').slice(0, 2)) assert.ok(line.length <= width, line)
      }),
    )
  })

  it('is drawn in columns whatever letters its names have, and with none that a terminal obeys', () => {
    const names = [
      '日本語の長い名前です',
      '👩‍👩‍👧‍👦'.repeat(3),
      '\u001B[31mred',
      'e\u0301te\u0301',
      '\u202Egnp.exe',
      '😀'.repeat(20),
    ]
    const tasks = names.map((name) => ({ name, bursts: [1] }))
    const [first, second, third, fourth, fifth, sixth] = ganttOf(playWorkload(checkWorkload({ tasks }))).split('\n')
    assert.match(first ?? '', /^日本語の長い名…  █/)
    assert.match(second ?? '', /^👩👩👧👦👩👩👧…  ░/)
    assert.match(third ?? '', /^\[31mred {8} {2}░/)
    assert.match(fourth ?? '', /^e\u0301te\u0301 {12} {2}░/)
    assert.match(fifth ?? '', /^gnp\.exe {8} {2}░/)
    assert.match(sixth ?? '', /^(😀){7}…  ░/u)
  })

  it('by Chorus: above the threshold nobody is time-sliced, and the more urgent takes the core', () => {
    const { tasks } = figuresOf(playWorkload(checkWorkload(textbookWorkloads['threads'])))
    const ends = Object.fromEntries(tasks.map((task) => [task.name, [task.endedMs, task.switches]]))
    // B from 8; A, more urgent, from 12 to 24; B to 32. C and D share the rest in quanta of 5, whose rest is kept.
    assert.deepEqual(ends['A'], [24, 1])
    assert.deepEqual(ends['B'], [32, 2])
    assert.equal(Math.max(...tasks.map((task) => task.endedMs ?? 0)), 64)
  })

  it('by stride gets shares as its tickets are, to within a quantum', () => {
    const { tasks } = figuresOf(playWorkload(checkWorkload(textbookWorkloads['shares'])))
    for (const task of tasks) assert.ok((task.endedMs ?? 0) >= 60 - 12, `${task.name} ended at ${task.endedMs}`)
  })

  it('by lottery goes another way with another seed, and the same way with the same', () => {
    const workload = checkWorkload({
      rule: 'lottery',
      quantumMs: 1,
      tasks: tasksOf([
        [0, 30],
        [0, 30],
        [0, 30],
      ]),
    })
    const chart = (seed: number): string => ganttOf(playWorkload(workload, seed))
    assert.equal(chart(1), chart(1))
    assert.notEqual(chart(1), chart(2))
  })

  it('by feedback: what waits for people answers at once although much is computed', () => {
    const hogs: readonly Row[] = [
      [0, 200],
      [0, 200],
      [0, 200],
    ]
    const editor: Row = [0, ...new Array<number[]>(19).fill([1, 9]).flat(), 1]
    const waiting = (rule: string): number =>
      figures({ rule, quantumMs: 4, tasks: tasksOf([...hogs, editor]) }).tasks[3]?.waitingMs ?? 0
    assert.ok(waiting('feedback') * 4 < waiting('round-robin'), `${waiting('feedback')} ${waiting('round-robin')}`)
  })

  it('by any rule and on any number of cores: all tasks end, all is computed, and nothing takes longer than it must', () => {
    fc.assert(
      fc.property(workloads, (workload) => {
        const { tasks, ended } = figuresOf(playWorkload(workload))
        assert.equal(ended, workload.tasks.length)
        tasks.forEach((task, index) => {
          const bursts = workload.tasks[index]?.bursts ?? []
          const computingMs = bursts.filter((_, at) => at % 2 === 0).reduce((sum, each) => sum + each, 0)
          const waitingMs = bursts.filter((_, at) => at % 2 === 1).reduce((sum, each) => sum + each, 0)
          assert.ok(Math.abs(task.runningMs - computingMs) < 1e-6)
          assert.ok(Math.abs(task.blockedMs - waitingMs) < 1e-6)
        })
      }),
      { numRuns: 200 },
    )
  })
})

const burst = fc.integer({ min: 1, max: 20 })
const workloads = fc
  .record({
    rule: fc.constantFrom(...ruleNames),
    cores: fc.integer({ min: 1, max: 3 }),
    quantumMs: fc.integer({ min: 1, max: 6 }),
    ageingMs: fc.option(fc.integer({ min: 5, max: 50 })),
    boostMs: fc.integer({ min: 20, max: 200 }),
    isLengthKnown: fc.boolean(),
    tasks: fc.array(
      fc.record({
        arriveMs: fc.integer({ min: 0, max: 40 }),
        bursts: fc
          .array(fc.tuple(burst, burst), { maxLength: 3 })
          .chain((pairs) => burst.map((last) => [...pairs.flat(), last])),
        priority: fc.integer({ min: -64, max: 150 }),
        tickets: fc.integer({ min: 1, max: 9 }),
      }),
      { minLength: 1, maxLength: 8 },
    ),
  })
  .map(checkWorkload)

describe('a workload from a file', () => {
  const task = { bursts: [1] }
  const refused: readonly (readonly [what: string, workload: unknown, says: RegExp])[] = [
    ['that is no object', [], /the workload is an object/],
    ['with a field that there is not', { quantum: 3, tasks: [task] }, /no field "quantum"/],
    ['with a rule that there is not', { rule: 'fair', tasks: [task] }, /rule is one of/],
    ['without tasks', {}, /tasks is a list/],
    ['with half a core', { cores: 1.5, tasks: [task] }, /cores is a whole number/],
    ['with a quantum of nothing', { quantumMs: 0, tasks: [task] }, /quantumMs is a number above 0/],
    ['with turns without end', { quantumMs: 1e-9, tasks: [task] }, /at most 200000 turns/],
    [
      'with turns too short to move the clock',
      { quantumMs: 1e-9, tasks: [{ arriveMs: 1e9, bursts: [1e-5] }] },
      /quantumMs is not so short/,
    ],
    ['that ages without end', { ageingMs: 0.01, tasks: [{ bursts: [1, 1e9, 1] }] }, /ageingMs comes at most 200000/],
    [
      'that is boosted without end',
      { rule: 'feedback', boostMs: 0.01, tasks: [{ bursts: [1, 1e9, 1] }] },
      /boostMs comes at most 200000/,
    ],
    ['with a field that a terminal would obey', { 'a\u001b[31m': 1, tasks: [task] }, /"a\\u001b\[31m"/],
    ['with a burst that ends in waiting', { tasks: [{ bursts: [1, 2] }] }, /tasks\[0\]\.bursts is a list of 1, 3, 5/],
    ['with a negative burst', { tasks: [{ bursts: [-1] }] }, /tasks\[0\]\.bursts\[0\]/],
    [
      'with two tasks of one name',
      {
        tasks: [
          { name: 'A', ...task },
          { name: 'A', ...task },
        ],
      },
      /names that differ/,
    ],
    ['with a priority that is too great', { tasks: [{ priority: 200, ...task }] }, /priority of "T1"/],
    ['with a process of no priority', { processes: { a: 'high' }, tasks: [task] }, /processes\.a/],
  ]
  for (const [what, workload, says] of refused)
    it(`${what} is refused`, () => {
      assert.throws(
        () => checkWorkload(workload),
        (error) => isCardumenError(error, 'option-invalid') && says.test(error.message),
      )
    })

  it('of any JSON at all is either played or refused with a code', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        try {
          checkWorkload(value)
        } catch (error) {
          assert.ok(isCardumenError(error, 'option-invalid'))
        }
      }),
    )
  })
})
