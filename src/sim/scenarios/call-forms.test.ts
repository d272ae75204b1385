/** What the 81 forms of a call cost beside each other, and that their runs follow from the seed. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { swarmFaults } from '../faults/swarm.ts'
import { memberNames } from '../scenario.ts'
import { type CallForm, callForms } from './call-forms-form.ts'
import { callFormFigures, callFormsScenario, type FormFigures, runForm } from './call-forms.ts'

const terms = { seed: 1, lossRate: 0.05 }
const figures = callFormFigures(terms)

function sum(of: (figures: FormFigures) => number, which: Partial<CallForm>): number {
  const rows = figures.filter(({ form }) => Object.entries(form).every(([key, value]) => isEqual(which, key, value)))
  assert.ok(rows.length > 0)
  return rows.reduce((total, row) => total + of(row), 0)
}

function isEqual(which: Partial<CallForm>, key: string, value: string): boolean {
  const wanted = Object.entries(which).find(([name]) => name === key)
  return wanted === undefined || wanted[1] === value
}

describe('the 81 forms of a call, over a network that loses one message in twenty', () => {
  it('are all different, and make the same number of calls', () => {
    assert.equal(new Set(callForms.map((form) => Object.values(form).join())).size, 81)
    assert.deepEqual([...new Set(figures.map(({ calls }) => calls))], [300])
  })

  it('run no call twice, though copies of requests come', () => {
    assert.equal(
      sum((row) => row.duplicatesExecuted, {}),
      0,
    )
    assert.ok(sum((row) => row.duplicatesFiltered, {}) > 81)
  })

  it('account for every call: completed, or failed, of which some are lost', () => {
    for (const { calls, completed, failed, lost } of figures) {
      assert.equal(completed + failed, calls)
      assert.ok(lost <= failed)
    }
  })

  it('lose most where nothing is asked, and then need the fewest messages', () => {
    const [none, asked] = [{ reliability: 'none' }, { reliability: 'request-reply-ack' }] as const
    assert.ok(sum((row) => row.lost, none) > 4 * sum((row) => row.lost, asked))
    assert.ok(sum((row) => row.messagesPerCall, none) < sum((row) => row.messagesPerCall, asked))
  })

  it('need more messages where all is acknowledged', () => {
    const all = sum((row) => row.messagesPerCall, { reliability: 'request-ack-reply-ack' })
    assert.ok(all > 1.2 * sum((row) => row.messagesPerCall, { reliability: 'request-reply-ack' }))
  })

  it('answer sooner the longer a request may wait: mailbox, then hold, then discard', () => {
    const [mailbox = 0, hold = 0, discard = 0] = (['mailbox', 'hold', 'discard'] as const).map((buffering) =>
      sum((row) => row.latencyMeanMs, { buffering, reliability: 'request-reply-ack' }),
    )
    assert.ok(mailbox < hold && hold < discard, `${mailbox} ${hold} ${discard}`)
  })

  it('fail most where the program knows a machine that the service has left', () => {
    const failed = (addressing: CallForm['addressing']): number =>
      sum((row) => row.failed, { addressing, reliability: 'request-reply-ack' })
    assert.ok(failed('machine-number') > 3 * failed('name-server'))
    assert.ok(failed('machine-number') > 3 * failed('sparse-address'))
  })

  it('let the processor stand still longest where sending blocks, and cost most where it copies', () => {
    const usual = { buffering: 'mailbox', reliability: 'request-reply-ack' } as const
    const [blocking = 0, interrupting = 0] = (['blocking', 'interrupting'] as const).map((each) =>
      sum((row) => row.idleMsPerCall, { ...usual, blocking: each }),
    )
    assert.ok(blocking > interrupting, `${blocking} ${interrupting}`)
    const costs = (['blocking', 'interrupting', 'copied'] as const).map((each) =>
      sum((row) => row.overheadMsPerCall, { blocking: each }),
    )
    assert.deepEqual(
      costs,
      costs.toSorted((left, right) => left - right),
    )
  })

  it('cost the same in two runs of one seed, and not the same in another', () => {
    const [form] = callForms
    assert.ok(form !== undefined)
    assert.deepEqual(runForm(form, terms), figures[0])
    assert.notDeepEqual(runForm(form, { ...terms, seed: 2 }), figures[0])
  })
})

describe('docs/call-forms.md', () => {
  const page = readFileSync(new URL('../../../docs/call-forms.md', import.meta.url), 'utf8')

  it('shows what is measured; where it does not any more, put in what `cardumen tables calls` prints', () => {
    const lines = page.split('\n').map((line) => line.trim().split(/\s+/).join(' '))
    for (const row of figures) {
      const counts = [row.completed, row.lost, row.messagesPerCall.toFixed(2), row.latencyMeanMs.toFixed(1)]
      const times = [row.latencyP99Ms.toFixed(0), row.duplicatesFiltered, row.duplicatesExecuted]
      const idle = [row.idleMsPerCall.toFixed(1), row.overheadMsPerCall.toFixed(1)]
      const expected = [...Object.values(row.form), ...counts, ...times, ...idle].join(' ')
      assert.ok(lines.includes(expected), expected)
    }
  })
})

describe('without loss, where the service does not hurry', () => {
  it('every call completes but those that its move meets', () => {
    for (const form of callForms) {
      if (form.buffering !== 'mailbox' || form.reliability === 'none') continue
      const { failed, lost } = runForm(form, { seed: 3, lossRate: 0 })
      assert.ok(lost <= 10, 'no more are lost than were under way')
      if (form.addressing !== 'machine-number') assert.ok(failed <= 30, `${failed} failed`)
    }
  })
})

describe('the scenario of the forms', () => {
  it('goes the same way in two runs of one plan, traced or not, and another way from another seed', async () => {
    const { durationMs, faultKinds: kinds } = callFormsScenario
    const names = memberNames(5)
    const plan = { seed: 5, members: 5, durationMs, faults: swarmFaults({ seed: 5, names, durationMs, kinds }) }
    const macrotask = (run: () => void): void => void setImmediate(run)
    let traced = 0
    const quiet = await callFormsScenario.run(plan, { macrotask })
    assert.deepEqual(await callFormsScenario.run(plan, { macrotask, onTrace: () => traced++ }), quiet)
    assert.ok(traced >= quiet.events)
    assert.notEqual((await callFormsScenario.run({ ...plan, seed: 6 }, { macrotask })).digest, quiet.digest)
  })
})
