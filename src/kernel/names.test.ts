/** When a server that could not be reached, and was set aside for it, is found again. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Engine, Entry, Listing } from '../edges/engine.ts'
import { toHex } from '../lib/bytes.ts'
import { CardumenError } from '../lib/cardumen-error.ts'
import { port, revision } from '../lib/identifiers.ts'
import { toUtf8 } from '../lib/text.ts'
import { Capability } from './capability.ts'
import { HandClock } from './fixtures/hand-clock.ts'
import { Names } from './names.ts'

function entryOf(digit: number): Entry {
  const its = port(String(digit).repeat(32))
  const capability = new Capability({ port: its, object: 0, check: new Uint8Array(16) })
  const value = toUtf8(`${toHex(Capability.toBytes(capability))} m${digit}#1`)
  const at = revision(5)
  return { key: `name/beast/${its}`, value, revision: at, createdRevision: at, lease: undefined }
}

/** Two servers of one name; what the next listings come to is the test's affair. */
async function started(listings: (Listing | CardumenError)[]): Promise<{ names: Names; clock: HandClock }> {
  const entries = [entryOf(1), entryOf(2)]
  const whole: Listing = { entries, revision: revision(5), more: false }
  const waitsForEver = { next: () => new Promise<never>(() => undefined) }
  const engine = {
    list: async () => {
      const next = listings.shift() ?? whole
      if (next instanceof CardumenError) throw next
      return next
    },
    watch: () => ({ [Symbol.asyncIterator]: () => waitsForEver }),
  } as unknown as Engine
  const clock = new HandClock()
  const names = new Names({ engine, clock })
  listings.unshift(whole)
  await names.start()
  return { names, clock }
}

describe('a server that was set aside, of a name that has another', () => {
  const old: Listing = { entries: [entryOf(1)], revision: revision(4), more: false }
  const away = new CardumenError('engine-failed', 'away')
  for (const [what, listings] of [
    ['the engine is away', [away, away]],
    ['the engine answers with what was once', [old, old]],
  ] as const)
    it(`is looked for until it is found, though ${what} meanwhile`, async () => {
      const { names, clock } = await started([...listings])
      const [first] = names.servers('beast')
      assert(first !== undefined)
      names.forgetServer('beast', first)
      await clock.advance(2_500)
      assert.equal(names.servers('beast').length, 1)
      await clock.advance(1_000)
      assert.equal(names.servers('beast').length, 2)
    })
})
