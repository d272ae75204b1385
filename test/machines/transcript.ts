/**
 * Writes down what happens in a world, a line for each thing, so that a run reads as documentation.
 *
 *     12.0 ms  a -> b   REQ 0/1 …          a message leaves (and where it does not arrive in the usual time, what becomes of it)
 *     13.0 ms  b        …                  an input that is no message, or an outcome
 *
 * A golden transcript is such a text in a file. A test compares; `UPDATE=1` in the environment writes it anew, and
 * the difference is then read by a person before it is kept.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { type Address, memberOf } from '../../src/lib/identifiers.ts'
import type { Sight } from './world.ts'

/** How a machine's messages and so on read. Undefined: not worth a line. */
export interface Wording<Message, Timer, Call, Outcome> {
  message(message: Message): string
  timer(timer: Timer): string
  call(call: Call): string | undefined
  outcome(outcome: Outcome): string | undefined
}

export class Transcript<Message, Timer, Call, Outcome> {
  readonly #lines: string[] = []
  readonly #wording: Wording<Message, Timer, Call, Outcome>
  readonly #usualDelayMs: number

  constructor(wording: Wording<Message, Timer, Call, Outcome>, usualDelayMs: number) {
    this.#wording = wording
    this.#usualDelayMs = usualDelayMs
  }

  get text(): string {
    return this.#lines.map((line) => `${line}\n`).join('')
  }

  note(nowMs: number, sight: Sight<Message, Timer, Call, Outcome>): void {
    switch (sight.kind) {
      case 'sent': {
        const way = `${nameOf(sight.from)} -> ${nameOf(sight.to)}`
        return this.#line(nowMs, way, this.#wording.message(sight.message) + this.#fate(nowMs, sight.delaysMs))
      }
      case 'input':
        if (sight.input.kind === 'call')
          return this.#line(nowMs, nameOf(sight.member), this.#wording.call(sight.input.call))
        if (sight.input.kind !== 'timer') return
        return this.#line(nowMs, nameOf(sight.member), `timer ${this.#wording.timer(sight.input.timer)} fires`)
      case 'outcome':
        return this.#line(nowMs, nameOf(sight.member), this.#wording.outcome(sight.outcome))
      case 'timer': {
        const at = (nowMs + sight.delayMs).toFixed(1)
        return this.#line(nowMs, nameOf(sight.member), `timer ${this.#wording.timer(sight.timer)} is set for ${at} ms`)
      }
      case 'started':
        return this.#line(nowMs, nameOf(sight.member), `starts as ${sight.member}`)
      case 'crashed':
      case 'paused':
      case 'resumed':
        return this.#line(nowMs, nameOf(sight.member), sight.kind === 'crashed' ? 'crashes' : `is ${sight.kind}`)
      case 'stepped':
    }
  }

  #line(nowMs: number, who: string, what: string | undefined): void {
    if (what !== undefined) this.#lines.push(`${nowMs.toFixed(1).padStart(8)} ms  ${who.padEnd(8)} ${what}`)
  }

  #fate(nowMs: number, delaysMs: readonly number[]): string {
    if (delaysMs.length === 0) return '   (lost)'
    if (delaysMs.length === 1 && delaysMs[0] === this.#usualDelayMs) return ''
    return `   (arrives at ${delaysMs.map((delayMs) => `${(nowMs + delayMs).toFixed(1)} ms`).join(' and at ')})`
  }
}

/** Compares the text with the golden file, or writes that where `UPDATE` is set. */
export function assertGolden(path: string, text: string): void {
  if (process.env['UPDATE'] !== undefined) {
    if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text)
    return
  }
  assert.ok(existsSync(path), `${path} is not there; UPDATE=1 writes it`)
  assert.equal(text, readFileSync(path, 'utf8'), `${path} tells another story; UPDATE=1 writes it anew`)
}

function nameOf(address: Address): string {
  return memberOf(address)
}
