/** Arguments come out as they went in, with what is shared still shared, or are refused with their place. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import fc from 'fast-check'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { SharedArray } from '../data/shared-array.ts'
import { packArguments, type PackedArguments, unpackArguments, unpackNow } from './arguments.ts'

const shared = [1, 2, 3].map((first) => {
  const array = new SharedArray('int32', 1)
  array.set(0, first)
  return array
})

/** As another thread gets it. */
function sent(packed: PackedArguments, transfer: readonly MessagePort[] = []): PackedArguments {
  const { port1, port2 } = new MessageChannel()
  port1.postMessage(packed, transfer)
  const received = receiveMessageOnPort(port2) as { message: PackedArguments }
  port1.close()
  return received.message
}

const there = (values: readonly unknown[]): Promise<unknown[]> => unpackArguments(sent(packArguments(values)))

/** Shared things as what they hold, so that both sides compare. */
function plain(value: unknown): unknown {
  if (value instanceof SharedArray) return { sharedWith: value.get(0) }
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Map) return new Map([...value].map(([key, part]) => [plain(key), plain(part)]))
  if (value instanceof Set) return new Set([...value].map(plain))
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]))
}

const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(fc.string(), fc.double(), fc.bigInt(), fc.boolean(), fc.constant(null), fc.constant(undefined)),
    fc.constantFrom(...shared),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ maxLength: 4 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 4, noNullPrototype: true }),
    fc.array(tie('value'), { maxLength: 3 }).map((all) => new Set(all)),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((all) => new Map(all)),
  ),
})).value

test('whatever can travel arrives as it was', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(values, { maxLength: 4 }), async (args) => {
      assert.deepEqual((await there(args)).map(plain), args.map(plain))
    }),
  )
})

test('what arrives shares its memory with what was sent', async () => {
  const array = new SharedArray('int32', 1)
  const [{ inner }] = (await there([{ inner: [array] }])) as [{ inner: [SharedArray<'int32'>] }]
  inner[0].set(0, 42)
  assert.equal(array.get(0), 42)
  assert.ok(inner[0] instanceof SharedArray)
})

test('one thing in two places is one thing in two places there', async () => {
  const [array] = shared
  const [first, second] = await there([array, { array }])
  assert.equal(first, (second as { array: unknown }).array)
})

test('a circle stays a circle, also with something shared in it', async () => {
  const circle: Record<string, unknown> = { array: shared[0] }
  circle['self'] = circle
  circle['map'] = new Map([[circle, circle]])
  const [arrived] = (await there([circle])) as [typeof circle]
  assert.equal(arrived['self'], arrived)
  assert.equal((arrived['map'] as Map<unknown, unknown>).get(arrived), arrived)
  assert.ok(arrived['array'] instanceof SharedArray)
})

test('an object that looks like a packed thing is only an object', async () => {
  const forged = { kind: 'sharedArray', state: {}, place: {}, shared: [] }
  assert.deepEqual(await there([forged, shared[0]]).then(([first]) => first), forged)
})

function* yieldsOne(): Generator<number> {
  yield 1
}

class Invoice {
  readonly total = 1
}

for (const [what, value, text] of [
  ['a function', { pages: [() => 1] }, 'argument 2.pages[0] is a function'],
  ['a symbol', [Symbol('s')], 'argument 2[0] is a symbol'],
  ['a promise', { later: Promise.resolve(1) }, 'argument 2.later is a promise'],
  ['an instance of a class', new Map([['a', new Invoice()]]), 'argument 2 value 0 is an instance of Invoice'],
  ['an instance as a key', new Map([[new Invoice(), 1]]), 'argument 2 key 0 is an instance of Invoice'],
  ['an instance in a set', new Set([1, new Invoice()]), 'argument 2[1] is an instance of Invoice'],
  ['an address, which would arrive empty', new URL('http://a/'), 'argument 2 is an instance of URL'],
  ['a generator', [yieldsOne()], 'argument 2[0] is a generator'],
  ['a proxy', new Proxy({}, {}), 'argument 2 is a proxy'],
  ['a function as a cause', new Error('a', { cause: () => 1 }), 'argument 2.cause is a function'],
  ['a shared thing as a cause', new Error('a', { cause: shared[0] }), 'argument 2.cause is a shared thing in an error'],
  ['a class that is named as one of Node', new (class Blob {})(), 'argument 2 is an instance of Blob'],
] as const)
  test(`${what} is refused with its place`, () => {
    assert.throws(
      () => packArguments([1, value]),
      (error) => isCardumenError(error, 'cannot-travel') && error.message.startsWith(text),
    )
  })

test('what is nested too deep is refused, and not with a full stack', () => {
  let deep: unknown = 1
  for (let level = 0; level < 100_000; level++) deep = [deep]
  assert.throws(
    () => packArguments([deep]),
    (error) => isCardumenError(error, 'cannot-travel') && /256 deep/.test(error.message),
  )
})

test('a message port goes along only where it is transferred', async () => {
  const { port1, port2 } = new MessageChannel()
  assert.throws(
    () => packArguments([port2]),
    (error) => isCardumenError(error, 'cannot-travel'),
  )
  const packed = sent(packArguments([{ port: port2, array: shared[0] }], { transfer: [port2] }), [port2])
  const [{ port }] = (await unpackArguments(packed)) as [{ port: MessagePort }]
  port1.postMessage('through')
  assert.deepEqual(receiveMessageOnPort(port), { message: 'through' })
  port1.close()
})

test('errors keep their text, and their cause', async () => {
  const [error] = (await there([new RangeError('far', { cause: { page: 7 } })])) as [RangeError]
  assert.deepEqual([error.name, error.message, error.cause], ['RangeError', 'far', { page: 7 }])
})

test('a kind that nobody knows is refused where it arrives', async () => {
  const packed: PackedArguments = { values: [], shared: [{ place: {}, kind: 'constructor', state: {} }] }
  await assert.rejects(unpackArguments(packed), (error) => isCardumenError(error, 'input-refused'))
  assert.throws(
    () => unpackNow(packed),
    (error) => isCardumenError(error, 'thread-state'),
  )
})
