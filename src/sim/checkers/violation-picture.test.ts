/** The picture of a violation holds what the history said as text, never as markup. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { historyOf, modelOf } from './fixtures/histories.ts'
import { checkLinearizable } from './linearizable.ts'
import { violationPicture } from './violation-picture.ts'

test('a value that looks like a script is drawn as text, and nothing is loaded from elsewhere', () => {
  const history = historyOf('register', ['0 invoke read', '0 ok read "<script>alert(1)</script>\\"&"'])
  const verdict = checkLinearizable(history, modelOf('register'))
  assert.ok(verdict.holds === false)
  const page = violationPicture(verdict, '<b>file</b>')
  assert.doesNotMatch(page, /<script|<b>|https?:\/\/(?!www\.w3\.org)/)
  assert.match(page, /&lt;script&gt;/)
  assert.equal(page.match(/<rect/g)?.length, verdict.part?.length)
})
