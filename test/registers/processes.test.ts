/** The bakery between processes, over a file in memory: under load, and when customers are killed. */
import assert from 'node:assert/strict'
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { BakeryLock } from '../../src/threads/registers/bakery-lock.ts'
import { RegisterFile } from '../../src/threads/registers/register-file.ts'
import { pack } from '../../src/threads/travel/shareable.ts'

const rounds = 1_500
const deadlineMs = 30_000
const program = fileURLToPath(new URL('./fixtures/hammer-process.ts', import.meta.url))

describe('a bakery between processes', { timeout: 120_000 }, () => {
  it('keeps three processes apart under load', async () => {
    await using shop = new Shop(3)
    const customers = [1, 2, 3].map((identifier) => shop.start(identifier, rounds))
    await shop.open()
    const ends = await Promise.all(customers.map((customer) => customer.ended))
    assert.deepEqual(ends, [0, 0, 0])
    assert.equal(shop.counts.read(0), 3 * rounds)
  })

  it('lets the others go on when one is killed under load, and loses no count', async () => {
    await using shop = new Shop(3)
    const customers = [1, 2, 3].map((identifier) => shop.start(identifier, identifier === 2 ? 1_000_000 : rounds))
    await shop.open()
    await until(() => shop.counts.read(2) > 20)
    customers[1]?.child.kill('SIGKILL')
    const ends = await Promise.all(customers.map((customer) => customer.ended))
    assert.deepEqual(ends, [0, null, 0])
    const finished = [1, 2, 3].reduce((sum, identifier) => sum + shop.counts.read(identifier), 0)
    // The one that was killed may have counted for all, and not yet for itself.
    assert.ok([0, 1].includes(shop.counts.read(0) - finished), `${shop.counts.read(0)} of ${finished}`)
  })

  it('finds out by itself that the process inside was killed, and lets in who waits', async () => {
    await using shop = new Shop(2)
    const first = shop.start(1, 0)
    await first.said('inside')
    const own = shop.lock.customer(2)
    await assert.rejects(own.acquireAsync({ timeoutMs: 50 }), { code: 'timed-out' })
    first.child.kill('SIGKILL')
    await own.acquireAsync({ timeoutMs: deadlineMs })
    assert.equal(own.isInside, true)
    own.release()
  })

  it('waits for a process that is stopped in its doorway, and passes it once it is killed', async () => {
    await using shop = new Shop(2)
    const first = shop.start(1, -1)
    await first.said('choosing')
    await until(() => isStopped(first.child.pid))
    const own = shop.lock.customer(2)
    await assert.rejects(own.acquireAsync({ timeoutMs: 100 }), { code: 'timed-out' })
    first.child.kill('SIGKILL')
    await own.acquireAsync({ timeoutMs: deadlineMs })
    assert.equal(own.isInside, true)
    own.release()
  })

  it('gives the identifier of a killed process to the next one, which waits like any other', async () => {
    await using shop = new Shop(2)
    const first = shop.start(1, 0)
    await first.said('inside')
    const own = shop.lock.customer(2)
    first.child.kill('SIGKILL')
    await own.acquireAsync({ timeoutMs: deadlineMs })
    const next = shop.start(1, 0)
    await next.said('ready')
    assert.deepEqual(next.lines, ['ready'])
    own.release()
    await next.said('inside')
    assert.throws(() => shop.lock.reset(1), { code: 'not-owner' })
  })

  it('refuses an identifier that a live process has', async () => {
    await using shop = new Shop(2)
    const first = shop.start(1, 0)
    await first.said('ready')
    assert.throws(() => shop.lock.customer(1), { code: 'not-owner' })
  })
})

/** A lock, a file of counters, and the processes that use them. */
class Shop {
  readonly lock: BakeryLock
  readonly counts: RegisterFile
  readonly #path: string
  readonly #customers: StartedCustomer[] = []

  constructor(customers: number) {
    this.lock = new BakeryLock({ customers, processes: true })
    this.#path = (this.lock[pack]().state as { readonly path: string }).path
    this.counts = new RegisterFile({ registers: customers + 2 })
  }

  start(identifier: number, times: number): StartedCustomer {
    const { lock, counts } = this
    const args = [this.#path, lock.customers, identifier, counts.path, times].map(String)
    const started = new StartedCustomer(args)
    this.#customers.push(started)
    return started
  }

  /** All that were started are ready: now they begin. */
  async open(): Promise<void> {
    for (const customer of this.#customers) await customer.said('ready')
    this.counts.write(this.counts.count - 1, 1)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child } of this.#customers) child.kill('SIGKILL')
    await Promise.all(this.#customers.map(({ ended }) => ended))
    this.lock.close()
    this.counts.close()
  }
}

class StartedCustomer {
  readonly child: ChildProcessByStdio<null, Readable, null>
  /** Its exit code; null: it was killed. */
  readonly ended: Promise<number | null>
  readonly lines: string[] = []

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    this.ended = once(this.child, 'exit').then(([code]) => code as number | null)
    createInterface(this.child.stdout).on('line', (line) => this.lines.push(line))
  }

  async said(line: string): Promise<void> {
    await until(() => this.lines.includes(line))
  }
}

function isStopped(pid = 0): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T')
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + deadlineMs
  while (!holds()) {
    assert.ok(performance.now() < deadline, 'it came in time')
    await setImmediate()
  }
}
