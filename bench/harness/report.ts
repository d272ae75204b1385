/**
 * Prints a suite's rows as a table, for people and for pipes alike.
 *
 * Columns are padded with spaces, so the table reads the same on a terminal, in a log and in a document.
 * Colour marks the verdict on a terminal only.
 */
import { styleText } from 'node:util'
import { type Row, type SuiteResult, verdict } from './suite.ts'

const WHAT_WIDTH = 66
const VALUE_WIDTH = 16
const BOUND_WIDTH = 14

export function printSuite(name: string, result: SuiteResult): void {
  console.log(`\n${styleText('bold', name)}`)
  for (const row of result.rows) console.log(line(row))
  for (const reason of result.skipped) console.log(`  skipped: ${reason}`)
}

/** One line to end on; returns how many bounds were missed. */
export function printSummary(results: readonly SuiteResult[]): number {
  const verdicts = results.flatMap((result) => result.rows.map(verdict))
  const missed = verdicts.filter((one) => one === 'MISS').length
  const passed = verdicts.filter((one) => one === 'pass').length
  const skipped = results.reduce((sum, result) => sum + result.skipped.length, 0)
  console.log(`\n${passed} bounds kept, ${missed} missed, ${skipped} things skipped`)
  return missed
}

function line(row: Row): string {
  const mark = verdict(row)
  const shown = mark === 'MISS' ? styleText('red', mark) : mark === 'pass' ? styleText('green', mark) : ''
  const value = `${format(row.value)} ${row.unit}`
  return `  ${row.what.padEnd(WHAT_WIDTH)}${value.padStart(VALUE_WIDTH)}${boundText(row).padStart(BOUND_WIDTH)}  ${shown}`.trimEnd()
}

function boundText(row: Row): string {
  if (row.bound === undefined) return ''
  return 'atMost' in row.bound ? `<= ${format(row.bound.atMost)}` : `>= ${format(row.bound.atLeast)}`
}

function format(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US')
  if (Math.abs(value) >= 100 || Number.isInteger(value)) return value.toFixed(0)
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2)
}
