/** The classical locks as their users meet them, in one thread: what they refuse, how waits end, what is left behind. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { kinds } from '../travel/kinds.ts'
import { pack, type Shareable } from '../travel/shareable.ts'
import { BakeryLock } from './bakery-lock.ts'
import { DekkerLock } from './dekker-lock.ts'
import { PetersonLock } from './peterson-lock.ts'
import { hiddenLife, ownLife } from './process-life.ts'
import { RegisterFile } from './register-file.ts'
import { TestAndSetLock } from './test-and-set-lock.ts'
import { TicketLock } from './ticket-lock.ts'

type AnyLock = Shareable & Pick<BakeryLock, 'customer' | 'customers'>

const locks: readonly (readonly [name: string, make: () => AnyLock])[] = [
  ['BakeryLock', () => new BakeryLock({ customers: 2 })],
  ['PetersonLock', () => new PetersonLock()],
  ['DekkerLock', () => new DekkerLock()],
  ['TicketLock', () => new TicketLock({ customers: 2 })],
  ['TestAndSetLock', () => new TestAndSetLock({ customers: 2 })],
]

for (const [name, make] of locks) {
  describe(name, () => {
    it('lets one task in, and the next one when that leaves', async () => {
      const lock = make()
      const [first, second] = [lock.customer(1), lock.customer(2)]
      await first.acquireAsync()
      const waiting = second.acquireAsync()
      assert.deepEqual([first.isInside, second.isInside], [true, false])
      first.release()
      await waiting
      assert.equal(second.isInside, true)
      second.release()
    })

    it('releases at the end of a block', async () => {
      const customer = make().customer(1)
      {
        using _held = await customer.holdAsync()
        assert.equal(customer.isInside, true)
      }
      assert.equal(customer.isInside, false)
    })

    it('refuses to block the main thread, and names the form that awaits', () => {
      assert.throws(() => make().customer(1).acquire(), { code: 'would-block', hint: /acquireAsync/ })
    })

    it('refuses an identifier that is not one, and one that is taken', () => {
      const lock = make()
      for (const identifier of [0, 3, 1.5, Number.NaN]) {
        assert.throws(() => lock.customer(identifier), { code: 'option-invalid' })
      }
      lock.customer(1)
      assert.throws(() => lock.customer(1), { code: 'not-owner' })
    })

    it('refuses a customer that enters twice, and one that releases what it does not hold', async () => {
      const lock = make()
      const [first, second] = [lock.customer(1), lock.customer(2)]
      await first.acquireAsync()
      await assert.rejects(first.acquireAsync(), { code: 'deadlock' })
      assert.throws(() => second.release(), { code: 'not-owner' })
      assert.throws(() => first.close(), { code: 'thread-state' })
      first.release()
      assert.throws(() => first.release(), { code: 'not-owner' })
    })

    it('gives an identifier that was given back to another object of the same lock', async () => {
      const lock = make()
      const { kind, state } = lock[pack]()
      const unpack = await kinds[kind]?.()
      const other = unpack?.(structuredClone(state) as never) as unknown as AnyLock
      const customer = lock.customer(1)
      assert.throws(() => other.customer(1), { code: 'not-owner' })
      customer.close()
      const again = other.customer(1)
      await again.acquireAsync()
      assert.equal(again.isInside, true)
    })
  })
}

for (const [name, make] of locks.filter(([each]) => each !== 'TicketLock')) {
  describe(`${name}, whose customers may give up`, () => {
    it('ends a wait by its time and by a signal, and nothing of it is left', async () => {
      const lock = make()
      const [first, second] = [lock.customer(1), lock.customer(2)]
      await first.acquireAsync()
      await assert.rejects(second.acquireAsync({ timeoutMs: 20 }), { code: 'timed-out' })
      await assert.rejects(second.acquireAsync({ timeoutMs: -1 }), { code: 'option-invalid' })
      const ending = new AbortController()
      const waiting = second.acquireAsync({ signal: ending.signal })
      ending.abort()
      await assert.rejects(waiting, { code: 'cancelled' })
      await assert.rejects(second.acquireAsync({ signal: ending.signal }), { code: 'cancelled' })
      first.release()
      assert.equal(first.tryAcquire(), true)
      assert.equal(second.tryAcquire(), false)
      first.release()
      assert.equal(second.tryAcquire(), true)
    })
  })
}

describe('TicketLock', () => {
  it('refuses to give up, since its number would be called all the same', async () => {
    const customer = new TicketLock({ customers: 1 }).customer(1)
    await assert.rejects(customer.acquireAsync({ timeoutMs: 5 }), { code: 'option-invalid' })
    assert.throws(() => customer.tryAcquire(), { code: 'option-invalid' })
    await customer.acquireAsync()
    assert.equal(customer.isInside, true)
  })
})

describe('locks whose registers are reset', () => {
  for (const [name, make] of [
    ['BakeryLock', () => new BakeryLock({ customers: 2 })],
    ['PetersonLock', () => new PetersonLock()],
    ['DekkerLock', () => new DekkerLock()],
  ] as const) {
    it(`let the others go on after a thread died inside: ${name}`, async () => {
      const lock = make()
      const source = `const { workerData } = require('node:worker_threads')
        import(workerData.module).then(async ({ kinds }) => {
          const lock = (await kinds[workerData.lock.kind]())(workerData.lock.state)
          lock.customer(1).acquire()
          process.exit(0)
        })`
      const module = new URL('../travel/kinds.ts', import.meta.url).href
      await once(new Worker(source, { eval: true, workerData: { module, lock: lock[pack]() } }), 'exit')
      const own = lock.customer(2)
      assert.equal(own.tryAcquire(), false)
      assert.throws(() => lock.customer(1), { code: 'not-owner' })
      lock.reset(1)
      await own.acquireAsync({ timeoutMs: 10_000 })
      own.release()
      assert.equal(lock.customer(1).tryAcquire(), true)
    })
  }
})

describe('a lock for processes', () => {
  it('holds in a file what threads have in shared memory', async () => {
    using lock = new BakeryLock({ customers: 3, processes: true })
    const [first, second] = [lock.customer(1), lock.customer(3)]
    assert.equal(first.tryAcquire(), true)
    assert.equal(second.tryAcquire(), false)
    first.release()
    await second.acquireAsync()
    second.release()
  })

  it('is refused for locks that need an instruction which a file does not have', () => {
    const options = { customers: 2, processes: true }
    assert.throws(() => new TicketLock(options), { code: 'option-invalid', hint: /BakeryLock/ })
    assert.throws(() => new TestAndSetLock(options), { code: 'option-invalid' })
  })

  it('takes a file that is given, and leaves it open', () => {
    using file = new RegisterFile({ registers: 1 + 2 + 4 })
    {
      using lock = new BakeryLock({ customers: 2, processes: file })
      using same = new BakeryLock({ customers: 2, processes: file })
      assert.equal(lock.customer(1).tryAcquire(), true)
      assert.equal(same.customer(2).tryAcquire(), false)
    }
    assert.equal(file.read(1 + 2 + 2), 1)
    assert.throws(() => new BakeryLock({ customers: 3, processes: file }), { code: 'memory-too-small' })
  })

  it('names a process that others could not look up so that nobody takes it for dead', () => {
    using file = new RegisterFile({ registers: 1 + 2 + 4 })
    file.write(0, 1)
    const lock = new BakeryLock({ customers: 2, processes: file })
    lock.customer(1)
    assert.equal(file.read(1), hiddenLife())
    file.write(2, ownLife() + 1)
    assert.throws(() => lock.customer(2), { code: 'not-owner' })
    lock.reset(2)
    assert.equal(lock.customer(2).tryAcquire(), true)
  })

  it('gives an identifier to one customer of a process, until that gives it back', () => {
    using lock = new BakeryLock({ customers: 2, processes: true })
    const first = lock.customer(1)
    assert.throws(() => lock.customer(1), { code: 'not-owner' })
    first.close()
    assert.equal(lock.customer(1).tryAcquire(), true)
  })

  it('goes on for those that have its file open when the file is removed', async () => {
    using lock = new BakeryLock({ customers: 2, processes: true })
    const { path } = lock[pack]().state as { readonly path: string }
    using other = new BakeryLock({ customers: 2, path })
    const [first, second] = [lock.customer(1), other.customer(2)]
    await first.acquireAsync()
    rmSync(path)
    assert.equal(second.tryAcquire(), false)
    first.release()
    assert.equal(second.tryAcquire(), true)
    assert.throws(() => new BakeryLock({ customers: 2, path }), { code: 'state-unwritable' })
  })

  it('is refused over the memory of another one', () => {
    using lock = new BakeryLock({ customers: 2, processes: true })
    const { path } = lock[pack]().state as { readonly path: string }
    assert.throws(() => new BakeryLock({ customers: 3, path }), { code: 'memory-too-small' })
  })
})

describe('a bakery', () => {
  it('whose numbers do not fit any more refuses, and is as before', () => {
    const lock = new BakeryLock({ customers: 2 })
    const [first, second] = [lock.customer(1), lock.customer(2)]
    const { buffer } = lock[pack]().state as { readonly buffer: SharedArrayBuffer }
    const words = new Int32Array(buffer)
    // Two identities, choosing[1] and [2], number[1].
    words[4] = 2 ** 31 - 1
    assert.throws(() => second.tryAcquire(), { code: 'capacity-reached' })
    assert.deepEqual([...words.slice(2)], [0, 0, 2 ** 31 - 1, 0])
    words[4] = 0
    assert.equal(second.tryAcquire(), true)
    assert.equal(first.tryAcquire(), false)
  })

  it('tells its phases to who watches', () => {
    const phases: string[] = []
    const customer = new BakeryLock({ customers: 2 }).customer(1, { onPhase: (phase) => phases.push(phase) })
    customer.tryAcquire()
    customer.release()
    assert.deepEqual(phases, ['doorway', 'waiting', 'inside', 'leaving', 'outside'])
  })

  it('has between 1 and 1,024 customers', () => {
    for (const customers of [0, 1_025, 1.5]) {
      assert.throws(() => new BakeryLock({ customers }), { code: 'option-invalid' })
    }
  })
})
