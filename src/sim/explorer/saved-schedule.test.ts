/** Counterexamples that are saved, read and run again, and headers that somebody forged. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeTrace, encodeTrace } from '../traces/saved-trace.ts'
import type { ScheduleHeader } from '../traces/trace-header.ts'
import { explore } from './explore.ts'
import { builtInModel } from './models/built-in-models.ts'
import { replaySchedule, scheduleHeader } from './saved-schedule.ts'

function brokenLock(): { readonly header: ScheduleHeader; readonly text: string } {
  const { make, members, bounds } = builtInModel('broken-lock')
  const { counterexample } = explore(make(members.usual, bounds), { nowMs: () => 0 })
  assert.ok(counterexample)
  const header = scheduleHeader('broken-lock', { members: members.usual, bounds }, counterexample)
  return { header, text: encodeTrace(header, counterexample.events) }
}

test('a counterexample that was saved and read again runs to the same violation, with the same trace', () => {
  const { text } = brokenLock()
  const { header, events } = decodeTrace(text)
  assert.equal(header?.kind, 'schedule')
  const steps = [...replaySchedule(header)]
  assert.equal(steps.at(-1)?.violation, header.violation?.text)
  assert.deepEqual(
    steps.slice(0, -1).map((step) => step.violation),
    steps.slice(0, -1).map(() => undefined),
  )
  assert.deepEqual(
    steps.flatMap((step) => step.events),
    events,
  )
})

test('each message of a trace is received under the number that it was sent under', () => {
  const { events } = decodeTrace(brokenLock().text)
  const sent = new Set<string>()
  for (const { input, effects } of events) {
    if (input.kind === 'message') assert.ok(sent.has(input.id), `${input.id} was received before it was sent`)
    for (const effect of effects) if (effect.kind === 'send') sent.add(effect.id)
  }
  assert.ok(sent.size > 0)
})

test('a choice that the model does not offer is refused by its number, after all before it have run', () => {
  const { header } = brokenLock()
  for (const forged of [null, 7, { kind: 'crash', member: 'm1', kept: 0 }, { kind: 'deliver', from: 'm9#1' }]) {
    const steps = replaySchedule({ ...header, choices: [...header.choices.slice(0, 3), forged] })
    for (let number = 1; number <= 3; number++) assert.equal(steps.next().value?.number, number)
    assert.throws(() => steps.next(), { code: 'option-invalid', message: /Choice 4 cannot happen/ })
  }
})

test('settings that cannot be are refused', () => {
  const { header } = brokenLock()
  for (const settings of [{ members: 1_000 }, { members: 'three' }, { bounds: null }, { bounds: { lossesMax: -1 } }]) {
    assert.throws(() => replaySchedule({ ...header, settings }), { code: 'option-invalid' })
  }
  assert.throws(() => replaySchedule({ ...header, model: 'no-such-model' }), { code: 'option-invalid' })
})
