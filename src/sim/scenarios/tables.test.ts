/** What the machines cost is what theory says, for each size and row of the tables. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { costRows, tableNames } from './tables.ts'

for (const table of tableNames) {
  describe(`the costs of ${table} are those of its formulas`, () => {
    for (const { what, members, formula, expected, measured } of costRows(table)) {
      it(`${what}, ${members} members: ${formula}`, () => assert.equal(measured, expected))
    }
  })
}
