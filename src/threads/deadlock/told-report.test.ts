/** What another process tells of its threads, where it tells nonsense. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { ThreadsReport } from './threads-report.ts'
import { describeThreads } from './threads-text.ts'
import { asThreadsReport } from './told-report.ts'

const report: ThreadsReport = {
  pid: 1,
  command: 'node main.ts',
  threads: [
    {
      name: 'A',
      kind: 'thread',
      pid: 1,
      state: 'blocked',
      holds: [{ kind: 'lock', name: 'L1', units: 1 }],
      waits: [
        { waitsFor: 'lock "L2"', heldBy: ['B'], isAwaited: false, hasDeadline: true, lastsMs: 3, stack: 'at work' },
      ],
    },
  ],
  deadlocks: [{ certainty: 'certain', text: 'text', summary: 'summary', cycle: [] }],
  stopped: ['C'],
}

/** Each place in it, as the keys that lead there. */
function placesOf(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([key, inner]) => placesOf(inner, [...path, key]))]
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by
  const copy = structuredClone(value) as Record<string, unknown>
  copy[key] = replaced(copy[key], rest, by)
  return copy
}

describe('a report from another process', () => {
  it('is taken where it is one, also with more in it than this version knows', () => {
    assert.equal(asThreadsReport(report), report)
    assert.ok(asThreadsReport({ ...report, more: 1 }) !== undefined)
  })

  it('is refused with anything else in the place of any of its parts', () => {
    const nothing = [null, undefined, Symbol('no value of any field')]
    for (const place of placesOf(report))
      for (const by of nothing) assert.equal(asThreadsReport(replaced(report, place, by)), undefined, place.join('.'))
  })

  it('can be printed whenever it is taken', () => {
    const place = fc.constantFrom(...placesOf(report))
    fc.assert(
      fc.property(place, fc.anything(), (at, by) => {
        const taken = asThreadsReport(replaced(report, at, by))
        if (taken !== undefined) assert.equal(typeof describeThreads(taken), 'string')
      }),
    )
  })
})
