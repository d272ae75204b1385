/** What a teaching program prints when it is run as a reader would run it; it must end well, and say nothing on standard error. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const timeoutMs = 90_000

/** @param program - its URL. @returns the lines, without the spaces at their ends. */
export async function linesOf(program: URL, args: readonly string[] = []): Promise<readonly string[]> {
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined }
  const command = [fileURLToPath(program), ...args]
  const { stdout, stderr } = await promisify(execFile)(process.execPath, command, { env, timeout: timeoutMs })
  assert.equal(stderr, '')
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd())
}

/** The cells of each line of a table; cells stand at least two spaces apart. */
export function cellsOf(lines: readonly string[]): readonly (readonly string[])[] {
  return lines.map((line) => line.trim().split(/ {2,}/))
}
