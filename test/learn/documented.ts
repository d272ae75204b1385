/**
 * What docs/learn/threads.md says that the teaching programs print: after the command that runs a program, the next block of text.
 *
 * Figures differ from run to run and from machine to machine, and so does the order of lines of threads that run side by side: what is
 * compared is the words of each line.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../scripts/tools.ts'

export interface DocumentedProgram {
  /** Relative to the root of the clone. */
  readonly program: string
  readonly output: readonly string[]
}

const runAndOutput = /```sh\nnode (examples\/\S+)\n```\n\n```text\n([^]*?)\n```/g

/** All programs that a document shows with their output, in its order. */
export function documentedIn(document: string): readonly DocumentedProgram[] {
  const text = readFileSync(join(root, document), 'utf8')
  return [...text.matchAll(runAndOutput)].map(([, program = '', output = '']) => ({
    program,
    output: output.split('\n'),
  }))
}

/** @param lines - that the program printed. */
export function assertDocumented(program: string, lines: readonly string[]): void {
  const found = documentedIn('docs/learn/threads.md').find((each) => each.program === program)
  assert.ok(found !== undefined, `docs/learn/threads.md shows nothing of ${program}`)
  assert.deepEqual(wordsOf(found.output), wordsOf(lines))
}

function wordsOf(lines: readonly string[]): readonly string[] {
  return lines
    .map((line) => line.replaceAll(/\d+(?:\.\d+)?(?: (?:ns|µs|ms)\b)?/g, '#').replaceAll(/ {2,}/g, '  '))
    .toSorted()
}
