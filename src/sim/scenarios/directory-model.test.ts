/** What the model of the directory allows where rows share a version: histories by hand, one operation after the other. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type HistoryEvent, pairEvents } from '../checkers/history.ts'
import type { Json } from '../checkers/json-value.ts'
import { checkLinearizable } from '../checkers/linearizable.ts'
import { type Change, directoryModel, done, shownOf } from './directory-model.ts'

const model = directoryModel({ p: 'A', q: 'B' }, 'self')
const whole = 0xffff_ffff
const narrow = 0xffff

type Step = readonly [f: string, value: Json, result: Json]

const install = (...changes: readonly Change[]): Step => ['install', changes, done]
const change = (only: Change): Step => ['change', [only], done]
const seen = (path: string, shown: string): Step => ['lookup', [path], [shown]]

/** The last of them writes `y` in both directories; the mask of the one in A is kept. */
const bothWritten: readonly Step[] = [
  change(['enter', 'p/y', 'v1']),
  change(['enter', 'q/y', 'v2']),
  change(['chmod', 'p/y', narrow]),
  install(['replace', 'p/y', 'v3', shownOf('v1', narrow)], ['replace', 'q/y', "v3'", shownOf('v2', whole)]),
]
/** The links change places. */
const swapped = install(['replace', 'p', 'B', shownOf('A', whole)], ['replace', 'q', 'A', shownOf('B', whole)])

describe('the model of the directory', () => {
  it('lets a replace through that expects the version of another row of the same install, whatever its mask', () => {
    const replaced = change(['replace', 'q/y', 'v4', shownOf("v3'", whole)])
    assert.ok(isAllowed([...bothWritten, swapped, replaced, seen('q/y', shownOf('v4', narrow))]))
  })

  it('refuses one where the row has been changed since that install', () => {
    const since = change(['chmod', 'q/y', 0x1_ffff])
    const replaced = change(['replace', 'q/y', 'v4', shownOf("v3'", whole)])
    assert.ok(!isAllowed([...bothWritten, swapped, since, replaced]))
  })

  it('refuses one that expects what the other row became since that install', () => {
    const since = change(['chmod', 'q/y', 0x1_ffff])
    const replaced = change(['replace', 'q/y', 'v4', shownOf("v3'", 0x1_ffff)])
    assert.ok(!isAllowed([...bothWritten, since, swapped, replaced]))
  })
})

function isAllowed(steps: readonly Step[]): boolean {
  const events = steps.flatMap(([f, value, result], at): readonly HistoryEvent[] => [
    { index: 2 * at, time: 2 * at, process: 0, type: 'invoke', f, value },
    { index: 2 * at + 1, time: 2 * at + 1, process: 0, type: 'ok', f, value: result },
  ])
  const { holds } = checkLinearizable(pairEvents(events, model), model)
  assert.notEqual(holds, undefined)
  return holds === true
}
