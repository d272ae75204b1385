/** What is refused, by whom, with which code, and what is said of whether the handler ran. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { z } from 'zod'
import {
  Capability,
  type CallOptions,
  defineService,
  type Handlers,
  type Served,
  type System,
} from '../../src/cardumen.ts'
import { Probe } from './fixtures/probe-service.ts'
import { TestSystem } from './fixtures/test-system.ts'

const Contract = defineService('contract', {
  square: { input: z.number(), output: z.number() },
  anything: { input: z.unknown(), output: z.unknown() },
  bytes: { raw: true },
  nested: { output: z.unknown() },
  whoseObject: { output: z.number() },
})
/** The same operations, as a client or a server that is at fault would have them. */
const Faulty = defineService('contract', {
  square: { input: z.unknown(), output: z.unknown() },
  anything: { input: z.unknown(), output: z.unknown() },
  bytes: { raw: true },
  nested: { output: z.unknown() },
  whoseObject: { output: z.unknown() },
  notThere: { output: z.unknown() },
})

describe('a call', () => {
  let test: TestSystem
  let caller: System
  let server: System
  let served: Served
  let squares = 0
  const handlers: Handlers<(typeof Contract)['operations']> = {
    square: (value) => {
      squares++
      return value * value
    },
    anything: (value) => results[value as string]?.(),
    bytes: (bytes) => bytes,
    nested: () => server.open(Probe, 'nobody-has-this-name').run({ id: 'x', behaviour: 'now' }),
    whoseObject: (_, context) => context.object,
  }
  const results: Readonly<Record<string, () => unknown>> = {
    thrown: () => {
      throw new RangeError('out of range')
    },
    rejected: () => Promise.reject(new RangeError('out of range')),
    unreadable: () => {
      throw Object.create(null)
    },
    aFunction: () => ({ inside: [() => 1] }),
    aPromise: () => ({ inside: Promise.resolve(1) }),
    capability: () => served.capabilityFor(7),
    big: () => new Uint8Array(130 * 1_048_576),
  }

  before(async () => {
    test = await TestSystem.begin()
    caller = await test.join({ name: 'caller' })
    server = await test.join({ name: 'server' })
    served = await server.serve(Contract, handlers, { name: 'contract' })
  })
  after(() => test[Symbol.asyncDispose]())

  it('with an argument that does not fit its schema is refused by the server, and nothing runs', async () => {
    const before = squares
    await assert.rejects(caller.open(Faulty, 'contract').square('four'), { code: 'input-refused', executed: 'no' })
    assert.equal(squares, before)
  })

  it('with a result that does not fit its schema is refused by the client: it ran', async () => {
    await using odd = await server.serve(
      Faulty,
      { ...handlers, square: () => 'sixteen', notThere: () => 1 },
      { name: 'odd' },
    )
    assert.ok(odd.capability)
    await assert.rejects(caller.open(Contract, 'odd').square(4), { code: 'output-refused', executed: 'yes' })
  })

  for (const how of ['thrown', 'rejected']) {
    it(`whose handler’s error is ${how} gives that error with its remote stack`, async () => {
      const call = caller.open(Contract, 'contract').anything(how)
      await assert.rejects(call, (error: { code: string; executed: string; cause: Error }) => {
        assert.deepEqual(
          [error.code, error.executed, error.cause.name, error.cause.message],
          ['handler-failed', 'yes', 'RangeError', 'out of range'],
        )
        assert.match(error.cause.stack ?? '', /refusals\.test/)
        return true
      })
    })
  }

  it('whose handler throws what cannot even be read fails like any other', async () => {
    await assert.rejects(caller.open(Contract, 'contract').anything('unreadable'), {
      code: 'handler-failed',
      executed: 'yes',
    })
  })

  it('whose handler’s own call failed is told that it ran, whatever that call was told', async () => {
    await assert.rejects(
      caller.open(Contract, 'contract').nested(),
      (error: { code: string; executed: string; cause: { code: string } }) => {
        assert.deepEqual([error.code, error.executed, error.cause.code], ['handler-failed', 'yes', 'name-unknown'])
        return true
      },
    )
  })

  for (const what of ['aFunction', 'aPromise']) {
    it(`whose result holds ${what} is told that it ran and its result cannot travel`, async () => {
      await assert.rejects(caller.open(Contract, 'contract').anything(what), { code: 'cannot-travel', executed: 'yes' })
    })
  }

  it('whose argument cannot travel is refused where it is passed, with the path of the culprit', async () => {
    const call = caller.open(Contract, 'contract').anything({ list: [1, { callback: () => 1 }] })
    await assert.rejects(call, { code: 'cannot-travel', executed: 'no', message: /\$\.list\[1\]\.callback/ })
    assert.throws(() => caller.open(Probe, 'probe').count({ id: (() => 1) as unknown as string }), {
      code: 'cannot-travel',
    })
    await assert.rejects(caller.open(Contract, 'contract').bytes('text' as unknown as Uint8Array), {
      code: 'cannot-travel',
    })
  })

  it('with over 128 MiB is refused on either side, and just below it is carried', async () => {
    const probe = caller.open(Contract, 'contract')
    await assert.rejects(probe.bytes(new Uint8Array(128 * 1_048_576)), { code: 'too-large', executed: 'no' })
    await assert.rejects(probe.anything('big'), { code: 'too-large', executed: 'yes' })
    const large = new Uint8Array(128 * 1_048_576 - 2_048)
    assert.equal((await probe.bytes(large)).length, large.length)
  })

  for (const operation of ['notThere', 'constructor', 'then', 'toString', '__proto__', 'hasOwnProperty']) {
    it(`of the operation ${operation}, which no service can have, is refused by the server`, async () => {
      const definition = { notThere: { output: z.unknown() } }.notThere
      const operations = Object.fromEntries([[operation, definition]])
      const client: object = caller.open({ name: 'contract', operations }, 'contract')
      const call = (client as Record<string, () => Promise<unknown>>)[operation]
      assert.ok(call !== undefined)
      await assert.rejects(call(), { code: 'operation-unknown', executed: 'no' })
    })
  }

  for (const operation of [
    'constructor',
    'then',
    'toString',
    '__proto__',
    'valueOf',
    'two words',
    '',
    'x'.repeat(65),
  ]) {
    it(`of an operation named ${JSON.stringify(operation).slice(0, 20)} cannot be defined`, () => {
      assert.throws(() => defineService('service', Object.fromEntries([[operation, {}]])), { code: 'name-invalid' })
    })
  }

  const senseless: readonly CallOptions[] = [
    { timeoutMs: Number.NaN },
    { timeoutMs: -1 },
    { semantics: 'exactly-once' as 'maybe' },
    { priority: 4 as 3 },
    { priority: 0.5 as 1 },
  ]
  for (const options of senseless) {
    it(`with the option ${Object.entries(options).join()} is refused`, async () => {
      await assert.rejects(caller.open(Contract, 'contract').square(2, options), {
        code: 'option-invalid',
        executed: 'no',
      })
    })
  }

  it('with a longer timeout than any timer has waits, and is not late', async () => {
    assert.equal(await caller.open(Contract, 'contract').square(3, { timeoutMs: Number.MAX_SAFE_INTEGER }), 9)
    assert.equal(await caller.open(Contract, 'contract').square(3, { timeoutMs: Number.POSITIVE_INFINITY }), 9)
  })

  it('to a name that nobody has entered is refused, and to one that is no name', async () => {
    await assert.rejects(caller.open(Contract, 'nobody').square(2), { code: 'name-unknown', executed: 'no' })
    assert.throws(() => caller.open(Contract, 'No Name'), { code: 'name-invalid' })
    assert.throws(() => caller.open(Contract, '../member'), { code: 'name-invalid' })
  })

  it('with a forged capability is refused', async () => {
    const forgeries: readonly ((bytes: Uint8Array) => void)[] = [
      (bytes) => new DataView(bytes.buffer).setUint32(17 + 12, 1),
      (bytes) => bytes.fill(0, -32),
      (bytes) => bytes.set([(bytes.at(-1) ?? 0) ^ 1], bytes.length - 1),
    ]
    for (const forge of forgeries) {
      const forged = Capability.toBytes(served.capability)
      forge(forged)
      const capability = Capability.fromBytes(forged)
      assert.ok(capability !== undefined)
      await assert.rejects(caller.open(Contract, capability).whoseObject(), {
        code: 'capability-refused',
        executed: 'no',
      })
    }
  })

  it('with a capability of a port that nobody has is refused', async () => {
    const bytes = Capability.toBytes(served.capability)
    bytes[1] = (bytes[1] ?? 0) ^ 1
    const capability = Capability.fromBytes(bytes)
    assert.ok(capability !== undefined)
    await assert.rejects(caller.open(Contract, capability).whoseObject(), { code: 'address-unknown', executed: 'no' })
  })

  it('by a capability of an object reaches that object, also when it came as a result or as an argument', async () => {
    const capability = await caller.open(Contract, 'contract').anything('capability')
    assert.ok(capability instanceof Capability)
    assert.equal(await caller.open(Contract, capability).whoseObject(), 7)
    assert.equal(await caller.open(Contract, served.capability).whoseObject(), 0)
    const Keeper = defineService('keeper', { ask: { input: z.instanceof(Capability), output: z.number() } })
    await using keeper = await server.serve(
      Keeper,
      { ask: (given) => server.open(Contract, given).whoseObject() },
      { name: 'keeper' },
    )
    assert.ok(keeper.capability)
    assert.equal(await caller.open(Keeper, 'keeper').ask(capability), 7)
  })

  it('is never possible for an object with a number that is none', () => {
    for (const number of [-1, 0.5, Number.NaN, 2 ** 53])
      assert.throws(() => served.capabilityFor(number), { code: 'option-invalid' })
  })

  it('cannot be served with options that make no sense, a missing handler or a bad name', async () => {
    for (const options of [{ concurrency: 0 }, { concurrency: 1.5 }, { concurrency: Number.NaN }, { mailbox: -1 }]) {
      await assert.rejects(server.serve(Contract, handlers, options), { code: 'option-invalid' })
    }
    const { square, ...others } = handlers
    assert.ok(square)
    await assert.rejects(server.serve(Contract, others as typeof handlers), { code: 'option-invalid' })
    await assert.rejects(server.serve(Contract, handlers, { name: 'No Name' }), { code: 'name-invalid' })
  })
})
