/**
 * What the fuzzer can aim at: a way in for bytes from outside, valid inputs for it, and what must hold of any bytes.
 *
 * A target is a function of its input alone, so that the bytes of a failure are all that is needed to see it again.
 * What it claims is in its `run`; that nothing is thrown which is no documented refusal, is claimed of every one.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { root } from '../tools.ts'
import { crc32 } from '../../src/lib/crc32.ts'

/** Longer ones go to a file, which the command then names. */
const shownBytesMax = 2_000
const folder = join('build', 'fuzz')

export interface Target {
  readonly name: string
  /** Made by our own encoders; mutations begin from them. */
  readonly seeds: readonly Uint8Array[]
  /** Undefined, or the claim that does not hold and how. What it throws breaks a claim too. */
  run(input: Uint8Array): Verdict | Promise<Verdict>
}

export type Verdict = string | undefined

/** Runs a target, and makes a verdict of what it throws. A promise only where the target needs turns to settle. */
export function judge(target: Target, input: Uint8Array): Verdict | Promise<Verdict> {
  try {
    const verdict = target.run(input)
    return verdict instanceof Promise ? verdict.catch(unexpected) : verdict
  } catch (error) {
    return unexpected(error)
  }
}

function unexpected(error: unknown): string {
  return `threw what is no refusal: ${error instanceof Error ? (error.stack ?? error.message) : inspect(error)}`
}

/** The command that shows a failure again. A long input is written to a file of `build/fuzz/` for it. */
export function replayCommand(target: Target, input: Uint8Array): string {
  return `npm run fuzz -- --target ${target.name} --input ${input.length > shownBytesMax ? saved(target, input) : hexOf(input)}`
}

function hexOf(input: Uint8Array): string {
  return input.length === 0 ? '""' : Buffer.from(input).toString('hex')
}

function saved(target: Target, input: Uint8Array): string {
  const path = join(folder, `${target.name}-${crc32(input).toString(16)}.bin`)
  mkdirSync(join(root, folder), { recursive: true })
  writeFileSync(join(root, path), input)
  return `@${path}`
}
