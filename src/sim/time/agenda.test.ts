/** What is to happen happens in the order of time, however it was entered and cancelled. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { seededRandom } from '../../lib/random.ts'
import { Agenda, type AgendaEntry } from './agenda.ts'

const action = fc.oneof(
  fc.record({ kind: fc.constant('enter' as const), atMs: fc.integer({ min: 0, max: 20 }), isBackground: fc.boolean() }),
  fc.record({ kind: fc.constant('cancel' as const), which: fc.nat(30) }),
  fc.record({ kind: fc.constant('take' as const) }),
)

describe('an agenda', () => {
  it('behaves as a sorted list would, and counts what is in the foreground', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const agenda = new Agenda(seededRandom(1))
        const entries: AgendaEntry[] = []
        const waiting = new Set<AgendaEntry>()
        const ran: number[] = []
        for (const each of actions) {
          if (each.kind === 'enter') {
            const number = entries.length
            const entry = agenda.enter(each.atMs, () => ran.push(number), each.isBackground)
            entries.push(entry)
            waiting.add(entry)
          } else if (each.kind === 'cancel') {
            const entry = entries[each.which]
            if (entry === undefined) continue
            agenda.cancel(entry)
            waiting.delete(entry)
          } else {
            const first = Math.min(...[...waiting].map((entry) => entry.atMs))
            const taken = agenda.take()
            assert.equal(taken?.atMs ?? Number.POSITIVE_INFINITY, first)
            taken?.run()
            const entry = entries[ran.at(-1) ?? -1]
            if (taken !== undefined && entry !== undefined) assert.ok(waiting.delete(entry))
          }
          assert.equal(agenda.size, waiting.size)
          assert.equal(agenda.foreground, [...waiting].filter((entry) => !entry.isBackground).length)
        }
      }),
    )
  })

  it('orders what happens at one moment by the seed', () => {
    const orderOf = (seed: number): string => {
      const agenda = new Agenda(seededRandom(seed))
      const ran: number[] = []
      for (let number = 0; number < 20; number++) agenda.enter(5, () => ran.push(number))
      for (let next = agenda.take(); next !== undefined; next = agenda.take()) next.run()
      return ran.join()
    }
    assert.equal(orderOf(1), orderOf(1))
    assert.equal(new Set([1, 2, 3, 4, 5].map(orderOf)).size, 5)
  })

  it('stays as small as what is still to happen when timers are set and cancelled for ever', () => {
    const agenda = new Agenda(seededRandom(1))
    let latest = agenda.enter(1, () => undefined)
    for (let atMs = 2; atMs < 100_000; atMs++) {
      agenda.cancel(latest)
      latest = agenda.enter(atMs, () => undefined)
      assert.ok(agenda.heldEntries <= 130)
    }
  })
})
