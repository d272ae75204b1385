/** That what other programs are given says the same as the trace: clocks, arrows, and no markup of a trace's own. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TraceEvent } from '../../edges/trace.ts'
import type { Address } from '../../lib/identifiers.ts'
import { exportKinds, exportTrace } from './export-trace.ts'
import { generatedTrace } from './fixtures/generated-trace.ts'
import type { PerfettoEvent } from './perfetto.ts'
import { rowsMax } from './space-time-html.ts'
import { spaceTimeOf, worldName } from './space-time.ts'

const events = generatedTrace({ seed: 11, members: 5, events: 600 })
const picture = spaceTimeOf(events)

interface ShivizEvent {
  readonly event: string
  readonly host: string
  readonly clock: Readonly<Record<string, number>>
}

/** As ShiViz reads a file: the first line is the expression, the second the delimiter. */
function readShiviz(log: string): readonly ShivizEvent[] {
  const [pattern = '', delimiter, ...lines] = log.split('\n')
  assert.equal(delimiter, '')
  return [...lines.join('\n').matchAll(new RegExp(pattern, 'gm'))].map(({ groups }) => {
    const { event = '', host = '', clock = '{}' } = groups ?? {}
    return { event, host, clock: JSON.parse(clock) as Record<string, number> }
  })
}

function dominates(later: ShivizEvent, earlier: ShivizEvent): boolean {
  return Object.entries(earlier.clock).every(([host, time]) => (later.clock[host] ?? 0) >= time)
}

describe('a ShiViz log', () => {
  const read = readShiviz(exportTrace('shiviz', events, 'a run'))

  it('has every event, each with a clock that counts its host on by one', () => {
    assert.equal(read.length, events.length)
    const counts = new Map<string, number>()
    for (const { host, clock, event } of read) {
      counts.set(host, (counts.get(host) ?? 0) + 1)
      assert.equal(clock[host], counts.get(host), event)
    }
  })

  it('never names a moment of a host that the log does not have', () => {
    const last = new Map(read.map(({ host, clock }) => [host, clock[host] ?? 0]))
    for (const { clock } of read)
      for (const [host, time] of Object.entries(clock)) assert.ok(time >= 1 && time <= (last.get(host) ?? 0))
  })

  it('has each receipt after its sending, and in no order with what is concurrent', () => {
    let arrivals = 0
    for (const message of picture.messages)
      for (const place of message.arrivals) {
        const [sent, received] = [read[message.sentAt ?? -1], read[place]]
        assert.ok(sent !== undefined && received !== undefined)
        assert.ok(dominates(received, sent) && !dominates(sent, received))
        arrivals++
      }
    assert.ok(arrivals > 200)
    const concurrent = read.filter((one) => read.some((other) => !dominates(one, other) && !dominates(other, one)))
    assert.ok(concurrent.length > 100, 'vector clocks that order everything would be Lamport times')
  })
})

describe('a Perfetto trace', () => {
  const { traceEvents, displayTimeUnit } = JSON.parse(exportTrace('perfetto', events, 'a run')) as {
    readonly displayTimeUnit: string
    readonly traceEvents: readonly PerfettoEvent[]
  }
  const of = (ph: PerfettoEvent['ph']): readonly PerfettoEvent[] => traceEvents.filter((each) => each.ph === ph)
  const covering = (arrow: PerfettoEvent): PerfettoEvent | undefined =>
    of('X').find(
      ({ pid, tid, ts = 0, dur = 0 }) =>
        pid === arrow.pid && tid === arrow.tid && ts <= (arrow.ts ?? -1) && (arrow.ts ?? -1) < ts + dur,
    )

  it('has the fields that each kind of event needs', () => {
    assert.equal(displayTimeUnit, 'ms')
    for (const each of traceEvents) {
      assert.ok(Number.isInteger(each.pid) && Number.isInteger(each.tid) && each.name !== '')
      if (each.ph !== 'M') assert.ok(Number.isFinite(each.ts) && (each.ts ?? -1) >= 0 && each.cat !== undefined)
      if (each.ph === 'X') assert.ok((each.dur ?? 0) > 0)
      if (each.ph === 'i') assert.ok(['t', 'p', 'g'].includes(each.s ?? ''))
    }
  })

  it('has a slice for each step, in microseconds, none over another of its thread', () => {
    const steps = events.filter(({ machine }) => machine !== worldName)
    assert.equal(of('X').length, steps.length)
    const ends = new Map<string, number>()
    for (const { pid, tid, ts = 0, dur = 0 } of of('X')) {
      assert.ok(ts >= (ends.get(`${pid}/${tid}`) ?? 0))
      ends.set(`${pid}/${tid}`, ts + dur)
    }
    assert.ok(Math.abs((of('X').at(-1)?.ts ?? 0) - (steps.at(-1)?.atMs ?? 0) * 1_000) < 1_000)
  })

  it('has an arrow from slice to slice for each arrival, forward in time, and a mark for each loss', () => {
    const arrivals = picture.messages.reduce((count, message) => count + message.arrivals.length, 0)
    assert.equal(of('s').length, arrivals)
    assert.equal(of('f').length, arrivals)
    const ends = new Map(of('f').map((end) => [end.id, end]))
    for (const start of of('s')) {
      const end = ends.get(start.id)
      assert.ok(end !== undefined && (end.ts ?? 0) > (start.ts ?? 0) && end.bp === 'e')
      assert.ok(covering(start) !== undefined && covering(end)?.name === start.name)
    }
    const lost = picture.messages.filter(({ fate }) => fate === 'lost').length
    assert.ok(lost > 0)
    assert.equal(of('i').filter(({ cat }) => cat === 'lost').length, lost)
  })

  it('names members as processes and machines as threads, and draws a fault from end to end', () => {
    const processes = of('M').filter(({ name }) => name === 'process_name')
    assert.deepEqual(
      processes.map(({ args }) => (args as { readonly name: string }).name),
      ['world', 'm1', 'm2', 'm3', 'm4', 'm5'],
    )
    const [begin, end] = [of('b').find(({ name }) => name.startsWith('partition')), of('e')[0]]
    assert.equal(begin?.id, end?.id)
    assert.ok(Math.abs((end?.ts ?? 0) - (begin?.ts ?? 0) - 4_000) < 1)
  })

  it('keeps arrows forward where the clocks of two hosts differ', () => {
    const input = { kind: 'message', from: 'm1#1' as Address, id: 'm1#1:1', type: 'REQ', detail: {} } as const
    const base = { v: 1, machine: 'rpc', sequence: 1, lamport: 1 } as const
    const skewed: readonly TraceEvent[] = [
      { ...base, atMs: 5, member: 'm2#1' as Address, input, effects: [] },
      {
        ...{ ...base, atMs: 9, member: 'm1#1' as Address, input: { kind: 'call', type: 'call', detail: {} } },
        effects: [{ kind: 'send', to: 'm2#1' as Address, id: 'm1#1:1', type: 'REQ', detail: {} }],
      },
    ]
    const written = (
      JSON.parse(exportTrace('perfetto', skewed, '')) as { readonly traceEvents: readonly PerfettoEvent[] }
    ).traceEvents
    const at = (ph: string): number => written.find((each) => each.ph === ph)?.ts ?? Number.NaN
    assert.ok(at('f') > at('s'))
  })
})

describe('the HTML page of a trace', () => {
  it('holds no markup that came from the trace or its title', () => {
    const evil = '</script><img src=x onerror=alert(1)>"\'&'
    const hostile: TraceEvent = {
      ...{ v: 1, atMs: 0, machine: evil, member: 'm1#1' as Address, sequence: 1, lamport: 1 },
      input: { kind: 'message', from: 'm2#1' as Address, id: evil, type: evil, detail: { [evil]: evil } },
      effects: [
        { kind: 'send', to: 'm2#1' as Address, id: 'm1#1:1', type: evil, detail: { evil } },
        { kind: 'outcome', type: evil, detail: {} },
      ],
    }
    const fault: TraceEvent = { ...hostile, machine: worldName, input: { kind: 'call', type: evil, detail: { evil } } }
    const page = exportTrace('html', [hostile, fault], evil)
    assert.doesNotMatch(page, /<img/)
    assert.equal(page.match(/<\/script>/g)?.length, 2)
    assert.equal(page.match(/<script/g)?.length, 2)
  })

  it('names nothing that would be loaded', () => {
    const page = exportTrace('html', events, 'a run')
    assert.doesNotMatch(page, /https?:|url\((?!#)|@import|src=|<link(?! rel="icon" href="data:,")/)
  })

  it('draws the last events of a trace that is too long for a page, and says so', () => {
    const page = exportTrace('html', generatedTrace({ seed: 1, members: 3, events: rowsMax + 500 }), 'long')
    assert.equal(page.match(/ data-r="/g)?.length, rowsMax)
    assert.match(page, /<b>5500<\/b> <span data-t="cut">/)
  })
})

describe('every export', () => {
  for (const kind of exportKinds)
    it(`can be made of nothing, and is the same each time: ${kind}`, () => {
      assert.ok(exportTrace(kind, [], '').length > 0)
      assert.equal(exportTrace(kind, events, 'a run'), exportTrace(kind, events, 'a run'))
    })
})
