/** That a saved trace reads back as it was, and that nothing else is taken for one. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { TraceEffect, TraceEvent, TraceInput } from '../../edges/trace.ts'
import type { ErrorCode } from '../../lib/error-codes.ts'
import { type Address, isMemberId } from '../../lib/identifiers.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { generatedTrace } from './fixtures/generated-trace.ts'
import { decodeTrace, encodeTrace, lineLengthMax, linesMax } from './saved-trace.ts'
import { effectsMax } from './trace-event-check.ts'
import { choicesMax, type TraceHeader } from './trace-header.ts'

const header = {
  kind: 'run',
  scenario: 'rpc-lossy',
  plan: {
    seed: 7,
    members: 3,
    durationMs: 1_000,
    faults: [{ kind: 'crash', member: 'm1', how: 'process', atMs: 10, untilMs: 20 }],
  },
  digest: '0123456789abcdef',
} as const satisfies TraceHeader
const events = generatedTrace({ seed: 1, members: 3, events: 30 })

/** What JSON gives back as it was: no `__proto__`, which is refused, and no negative zero. */
const detail = fc
  .dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.string())))
  .map((fields) => ({ ...fields }))
  .filter((fields) => !Object.hasOwn(fields, '__proto__'))
const address = fc
  .tuple(fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/).filter(isMemberId), fc.nat())
  .map(([name, life]) => `${name}#${life}` as Address)
const type = fc.string({ maxLength: 50 })
const id = fc.tuple(address, fc.nat()).map(([from, lamport]) => `${from}:${lamport}`)
const input: fc.Arbitrary<TraceInput> = fc.oneof(
  fc.record({ kind: fc.constant('message' as const), from: address, id, type, detail }),
  fc.record({
    kind: fc.constantFrom('call', 'timer', 'persisted', 'persist-failed', 'recovered'),
    type,
    detail,
  }),
)
const effect: fc.Arbitrary<TraceEffect> = fc.oneof(
  fc.record({ kind: fc.constant('send' as const), to: address, id, type, detail }),
  fc.record({ kind: fc.constantFrom('set-timer', 'clear-timer', 'persist', 'outcome'), type, detail }),
)
const event: fc.Arbitrary<TraceEvent> = fc.record({
  v: fc.constant(1 as const),
  atMs: fc.double({ min: 0, max: 1e15, noNaN: true }).map((value) => value + 0),
  machine: type,
  member: address,
  sequence: fc.nat(),
  lamport: fc.nat(),
  input,
  effects: fc.array(effect, { maxLength: 4 }),
})

function refused(text: string, code: ErrorCode, pattern: RegExp): void {
  assert.throws(
    () => decodeTrace(text),
    (error) => error instanceof CardumenError && error.code === code && pattern.test(error.message),
    `expected ${code} ${pattern}`,
  )
}

function plain<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value
}

function lineWith(change: (line: Record<string, unknown>) => void): string {
  const line = plain(events[0]) as unknown as Record<string, unknown>
  change(line)
  return `${JSON.stringify(line)}\n`
}

describe('a saved trace', () => {
  it('reads back as it was written, whatever machines put into it', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 8 }), (generated) => {
        const read = decodeTrace(encodeTrace(header, generated))
        assert.deepEqual(plain(read), plain({ header, events: generated }))
      }),
      { numRuns: 200 },
    )
  })

  it('keeps a path of the explorer, with its violation and where it came from', () => {
    const schedule: TraceHeader = {
      kind: 'schedule',
      model: 'token-ring',
      settings: { members: 3 },
      choices: [{ kind: 'deliver', from: 'm1', to: 'm2', index: 0 }, 4],
      digest: 'abc',
      violation: { claim: 'mutual-exclusion', text: 'm1 and m2 are both in' },
      module: './lock.ts',
      nodeVersion: 'v24.1.0',
    }
    assert.deepEqual(decodeTrace(encodeTrace(schedule, [])).header, schedule)
  })

  it('may be what "cardumen trace" prints, which has no header', () => {
    const text = events.map((each) => `${JSON.stringify(each)}\n`).join('')
    assert.deepEqual(decodeTrace(text), { header: undefined, events })
  })

  it('leaves out what a later writer added inside the same version', () => {
    const text = lineWith((line) => (line['colour'] = 'red'))
    assert.deepEqual(decodeTrace(text).events, [events[0]])
  })

  it('is refused where it is cut off, wherever that is', () => {
    const text = encodeTrace(header, events)
    fc.assert(
      fc.property(fc.integer({ min: 0, max: text.length - 2 }), (length) => {
        assert.throws(
          () => decodeTrace(text.slice(0, length)),
          (error) => error instanceof CardumenError && error.code === 'trace-invalid',
        )
      }),
    )
    refused(text.slice(0, -20), 'trace-invalid', /Line 31 .* ends in the middle/)
    refused(`${text.split('\n').slice(0, 9).join('\n')}\n`, 'trace-invalid', /has 8 events.*says 30/)
  })

  it('of a newer version is told apart from a broken one', () => {
    refused('{"format":"cardumen-trace","v":2}\n', 'trace-newer', /Line 1 .*version 2/)
    refused(
      lineWith((line) => (line['v'] = 9)),
      'trace-newer',
      /Line 1 .*version 9/,
    )
    refused(
      lineWith((line) => (line['v'] = '2')),
      'trace-invalid',
      /"v"/,
    )
    refused(
      lineWith((line) => (line['v'] = 0)),
      'trace-invalid',
      /"v"/,
    )
  })

  const wrongLines: readonly (readonly [what: string, text: string, pattern: RegExp])[] = [
    ['nothing', '', /empty/],
    ['no JSON', 'PK\u0003\u0004', /Line 1 .*no JSON/],
    ['a number', '5\n', /Line 1 .*no object/],
    ['a list', '[]\n', /no object/],
    ['an empty line', `\n${lineWith(() => {})}`, /Line 1/],
    ['another format', '{"format":"pcap","v":1}\n', /format/],
    [
      'a line of a million characters',
      `${lineWith(() => {})}"${'a'.repeat(1_000_000)}"`,
      /Line 2 .* has 1000002 characters/,
    ],
    ['a time that is no number', lineWith((line) => (line['atMs'] = Number.NaN)), /"atMs" has to be a finite number/],
    ['a time that is a text', lineWith((line) => (line['atMs'] = '12')), /"atMs"/],
    ['a time beyond numbers', lineWith(() => {}).replace(/"atMs":[^,]+/, '"atMs":1e999'), /"atMs"/],
    ['a sequence with a fraction', lineWith((line) => (line['sequence'] = 1.5)), /"sequence"/],
    ['a negative lamport', lineWith((line) => (line['lamport'] = -1)), /"lamport"/],
    ['a member without a life', lineWith((line) => (line['member'] = 'm1')), /"member"/],
    ['a member with markup', lineWith((line) => (line['member'] = '<b>#1')), /"member"/],
    [
      'an unknown kind of input',
      lineWith((line) => (line['input'] = { kind: 'dream', type: 'x', detail: {} })),
      /input.kind/,
    ],
    [
      'a kind that every object has',
      lineWith((line) => (line['input'] = { kind: 'toString', type: 'x', detail: {} })),
      /input.kind/,
    ],
    ['an input without detail', lineWith((line) => (line['input'] = { kind: 'call', type: 'x' })), /"detail"/],
    ['effects that are no list', lineWith((line) => (line['effects'] = {})), /"effects"/],
    [
      'an unknown kind of effect',
      lineWith((line) => (line['effects'] = [{ kind: 'x', type: 'x', detail: {} }])),
      /effects/,
    ],
    ['too many effects', lineWith((line) => (line['effects'] = new Array(effectsMax + 1).fill(0))), /"effects"/],
    ['a trap', lineWith(() => {}).replace('"detail":{', '"detail":{"a":[{"__proto__":{"admin":true}}],'), /__proto__/],
    [
      'deep nesting',
      lineWith(() => {}).replace('"detail":{', `"detail":{"a":${'['.repeat(5_000)}${']'.repeat(5_000)},`),
      /deeper/,
    ],
  ]
  for (const [what, text, pattern] of wrongLines)
    it(`is refused with ${what}`, () => refused(text, 'trace-invalid', pattern))

  const wrongHeaders: readonly (readonly [what: string, change: object, pattern: RegExp])[] = [
    ['an unknown kind', { kind: 'dream' }, /"kind"/],
    ['no scenario', { scenario: undefined }, /"scenario"/],
    ['a plan that is a text', { plan: 'all' }, /"plan"/],
    ['no members', { plan: { ...header.plan, members: 0 } }, /"members"/],
    ['a seed with a fraction', { plan: { ...header.plan, seed: 0.5 } }, /"seed"/],
    ['an unknown fault', { plan: { ...header.plan, faults: [{ kind: 'meteor', atMs: 0 }] } }, /"meteor"/],
    ['an unbounded script', { plan: { ...header.plan, faults: new Array(10_001).fill(0) } }, /"faults"/],
    ['a fault without a time', { plan: { ...header.plan, faults: [{ kind: 'pause', member: 'm1' }] } }, /"atMs"/],
    ['a violation that is a text', { violation: 'bad' }, /"violation"/],
    ['a wrong count', { events: 31 }, /has 30 events.*says 31/],
    [
      'too many choices',
      { kind: 'schedule', model: 'm', settings: {}, choices: new Array(choicesMax + 1).fill(0) },
      /Line 1 .*(choices|characters)/,
    ],
  ]
  for (const [what, change, pattern] of wrongHeaders)
    it(`is refused with a header that has ${what}`, () => {
      const [first = '', ...rest] = encodeTrace(header, events).split('\n')
      const changed = JSON.stringify({ ...(JSON.parse(first) as object), ...change })
      refused([changed, ...rest].join('\n'), 'trace-invalid', pattern)
    })

  it('never changes what all objects have, and never throws anything but its refusal', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.array(fc.json()).map((lines) => lines.join('\n')),
        ),
        (text) => {
          try {
            decodeTrace(text)
          } catch (error) {
            assert.ok(error instanceof CardumenError, String(error))
          }
          assert.equal(({} as { readonly admin?: unknown }).admin, undefined)
        },
      ),
    )
  })

  it('has bounds that an ordinary run is far below', () => {
    const longest = Math.max(
      ...encodeTrace(header, events)
        .split('\n')
        .map((line) => line.length),
    )
    assert.ok(longest * 100 < lineLengthMax)
    assert.throws(() => encodeTrace(header, new Array<TraceEvent>(linesMax + 1)), { code: 'trace-invalid' })
  })
})
