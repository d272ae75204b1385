/** Histories are read strictly: what is wrong is refused by its line. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { modelOf } from './fixtures/histories.ts'
import { randomHistory } from './fixtures/random-history.ts'
import { HistoryReader, lineCharactersMax, pairEvents, readHistory } from './history.ts'

const register = modelOf('register')
const invoke = '{"index":0,"time":1,"process":0,"type":"invoke","f":"write","value":1}'
const ok = '{"index":1,"time":2,"process":0,"type":"ok","f":"write","value":1}'

const refused: readonly (readonly [fact: string, lines: readonly string[], message: RegExp])[] = [
  [
    'two invocations without a completion',
    [invoke, invoke.replace('"index":0', '"index":1')],
    /Line 2 .*before its write has completed/,
  ],
  ['a completion without an invocation', [ok], /Line 1 .*not invoked/],
  ['two completions of one call', [invoke, ok, ok.replace('"index":1', '"index":2')], /Line 3 .*not invoked/],
  ['a completion of another operation', [invoke, ok.replace('write', 'read')], /Line 2 .*invoked write/],
  ['a completion with another key', [invoke, ok.replace('"f"', '"key":"x","f"')], /Line 2 .*key/],
  ['a completion with another value', [invoke, ok.replace('"value":1', '"value":2')], /Line 2 .*another value/],
  [
    'a completion after an info',
    [invoke, ok.replace('"ok"', '"info"'), ok.replace('"index":1', '"index":2')],
    /Line 3 .*after an info/,
  ],
  [
    'an invocation after an info',
    [invoke, ok.replace('"ok"', '"info"'), invoke.replace('"index":0,"time":1', '"index":2,"time":9')],
    /Line 3 .*after an info/,
  ],
  ['a time that runs back', [invoke, ok.replace('"time":2', '"time":0')], /Line 2 .*runs back/],
  ['an index that does not grow', [invoke, ok.replace('"index":1', '"index":0')], /Line 2 .*index/],
  ['an unknown operation', [invoke.replace('write', 'increment')], /Line 1 .*no operation "increment"/],
  ['an operation named as a method of objects', [invoke.replace('write', 'constructor')], /no operation "constructor"/],
  ['an unknown type', [invoke.replace('"invoke"', '"begin"')], /Line 1 .*type/],
  ['a cas without its pair', ['{"process":0,"type":"invoke","f":"cas","value":1}'], /Line 1 .*\[expected, new\]/],
  [
    'a name that a terminal would obey, which it spells out',
    ['{"process":"\\u001b[31m","type":"ok","f":"read"}'],
    /^Line 1 of the history: process "\\u001b\[31m" completes/,
  ],
  ['what is no JSON', ['', '{"index":'], /Line 2 .*no JSON/],
  ['what is no object', ['[1]'], /Line 1 .*no JSON object/],
  ['a process that is an object', ['{"process":{},"type":"invoke","f":"read"}'], /Line 1 .*process/],
  [
    'a value that is nested without end',
    [`{"process":0,"type":"invoke","f":"write","value":${'['.repeat(5_000)}${']'.repeat(5_000)}}`],
    /Line 1 .*nested/,
  ],
]

describe('a history is refused for', () => {
  for (const [fact, lines, message] of refused) {
    it(fact, () => {
      assert.throws(
        () => readHistory(lines.join('\n'), register),
        (error) => isCardumenError(error, 'history-invalid') && message.test(error.message),
      )
    })
  }

  it('a line that has no end', () => {
    const reader = new HistoryReader(register)
    const piece = ' '.repeat(65_536)
    assert.throws(() => {
      for (let length = 0; length <= lineCharactersMax; length += piece.length) reader.addText(piece)
    }, /Line 1 .*longer/)
  })

  it('a kv operation without a key', () => {
    assert.throws(() => readHistory('{"process":0,"type":"invoke","f":"get"}', modelOf('kv')), /no key/)
  })
})

describe('a history is read', () => {
  it('with what it does not know passed over, and what never completed as unknown', () => {
    const lines = [
      invoke.replace('"f"', '"node":"n1","f"'),
      '{"process":"nemesis","type":"info","f":"partition"}',
      '',
      '{"process":1,"type":"invoke","f":"read"}',
      ok,
    ]
    const [write, read] = readHistory(lines.join('\r\n'), register)
    assert.deepEqual(
      [write?.type, write?.value, write?.invokedAt, write?.returnedAt, write?.returnedTime],
      ['ok', 1, 0, 2, 2],
    )
    assert.deepEqual([read?.type, read?.returnedAt], ['info', undefined])
  })

  it('with null for whatever is not known: index, time, and the key of a completion', () => {
    const lines = [
      '{"index":null,"time":null,"process":"a","type":"invoke","f":"get","key":"x"}',
      '{"index":null,"time":1700000000123456789.5,"process":"a","type":"ok","f":"get","key":null}',
    ]
    const [get] = readHistory(lines.join('\n'), modelOf('kv'))
    assert.deepEqual([get?.type, get?.key, get?.result], ['ok', 'x', null])
  })

  it('the same however its text is cut', () => {
    const events = randomHistory('kv', { seed: 4, operations: 30, processes: 4, keys: 3, unknown: 0.2 })
    const text = events.map((each) => JSON.stringify(each)).join('\n')
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 60 }), (sizes) => {
        const reader = new HistoryReader(modelOf('kv'))
        let at = 0
        for (const size of sizes) {
          reader.addText(text.slice(at, at + size))
          at += size
        }
        reader.addText(text.slice(at))
        assert.deepEqual(reader.end(), pairEvents(events, modelOf('kv')))
      }),
    )
  })

  it('or refused with its code, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.array(fc.constantFrom(invoke, ok, '{}', '{"process":"__proto__"}')).map((lines) => lines.join('\n')),
        ),
        (text) => {
          try {
            readHistory(text, register)
          } catch (error) {
            assert.ok(isCardumenError(error, 'history-invalid'))
          }
        },
      ),
    )
  })
})
