/** What a simulation of whole members refuses before it runs, whoever wrote it and in whichever language. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { memberScenario, type MemberScenarioOptions } from './member-scenario.ts'

const wrong: readonly { readonly [field: string]: unknown }[] = [
  { members: 0 },
  { members: -1 },
  { members: 1.5 },
  { members: 65 },
  { members: [] },
  { members: ['ann', 'ann'] },
  { members: ['../ann'] },
  { members: 'ann' },
  { membersMin: 0 },
  { membersMin: 'two' },
  { name: '' },
  { name: 'Ünï code' },
  { faultKinds: 'crash' },
  { faultKinds: ['flood'] },
  { network: { delay: 3 } },
  { network: { bytesPerMs: 0 } },
  { program: 3 },
]

describe('a simulation of whole members', () => {
  it('refuses options that make no sense, with a code', () => {
    for (const field of wrong) {
      const options = { name: 'wrong', ...field } as unknown as MemberScenarioOptions
      assert.throws(
        () => memberScenario(options, () => Promise.resolve()),
        (error) => isCardumenError(error, 'option-invalid'),
        JSON.stringify(field),
      )
    }
  })

  it('draws every kind of fault but copies, which streams do not have', () => {
    const { faultKinds, members } = memberScenario({ name: 'usual', membersMin: 9 }, () => Promise.resolve())
    assert.equal(faultKinds.length, 20)
    assert.ok(!faultKinds.includes('duplicate'))
    assert.deepEqual(members, { min: 3, usual: 3, max: 64 })
  })
})
