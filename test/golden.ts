/**
 * Golden texts: what a run should read like, kept in a file beside the test.
 *
 * `UPDATE=1` in the environment writes the file anew; a person reads the difference before it is kept.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'

/** Compares the text with the golden file, or writes that where `UPDATE` is set. */
export function assertGolden(path: string, text: string): void {
  if (process.env['UPDATE'] !== undefined) {
    if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text)
    return
  }
  assert.ok(existsSync(path), `${path} is not there; UPDATE=1 writes it`)
  assert.equal(text, readFileSync(path, 'utf8'), `${path} tells another story; UPDATE=1 writes it anew`)
}
