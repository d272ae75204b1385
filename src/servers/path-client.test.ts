/** How a client of a path finds what the path leads to, and when it looks again. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Capability, encodeHeader } from '../kernel/capabilities/capability.ts'
import { wholeNumber } from '../kernel/schemas.ts'
import { type CallOptions, type Client, defineService, type Operations } from '../kernel/service.ts'
import { CardumenError } from '../lib/cardumen-error.ts'
import type { ErrorCode } from '../lib/error-codes.ts'
import { port } from '../lib/identifiers.ts'
import { pathClient } from './path-client.ts'

const Counter = defineService('counter', {
  count: { output: wholeNumber() },
  each: { output: wholeNumber(), stream: true },
})

describe('a client of a path', () => {
  it('looks nothing up before its first call, and keeps what it found', async () => {
    const world = worldOf([[1]])
    const client = world.client()
    assert.equal(world.lookups.length, 0)
    assert.deepEqual([await client.count(), await client.count()], [1, 1])
    assert.deepEqual(world.lookups, ['/counter'])
  })

  for (const code of ['capability-revoked', 'address-unknown', 'object-unknown', 'capability-refused'] as const) {
    it(`looks the path up again when what it led to answers ${code}`, async () => {
      const world = worldOf([[1], [2]])
      const client = world.client()
      await client.count()
      world.fail(1, code)
      assert.deepEqual([await client.count(), world.lookups.length], [2, 2])
    })
  }

  it('asks the next replica where one is gone', async () => {
    const world = worldOf([[1, 2]])
    world.fail(1, 'address-unknown')
    assert.equal(await world.client().count(), 2)
    assert.equal(world.lookups.length, 1)
  })

  it('says what the last of the replicas said where none is left', async () => {
    const world = worldOf([[1, 2]])
    world.fail(1, 'address-unknown')
    world.fail(2, 'capability-revoked')
    await assert.rejects(world.client().count(), { code: 'capability-revoked' })
  })

  it('makes no call again that may have run, or that was refused for what it asked', async () => {
    for (const [code, executed] of [
      ['member-died', 'unknown'],
      ['right-missing', 'no'],
      ['handler-failed', 'yes'],
    ] as const) {
      const world = worldOf([[1, 2]])
      world.fail(1, code, executed)
      await assert.rejects(world.client().count(), { code, executed })
      assert.deepEqual(world.calls, [1])
    }
  })

  it('fails where the row is empty', async () => {
    await assert.rejects(worldOf([[]]).client().count(), { code: 'name-unknown', executed: 'no' })
  })

  it('gives look-up and all tries together no more time than the caller has', async () => {
    const world = worldOf([[1, 2]], 30)
    world.fail(1, 'address-unknown')
    await world.client().count(undefined, { timeoutMs: 100 })
    assert.deepEqual(world.times, [100, 70, 40])
  })

  it('begins a stream elsewhere only where none of its items came', async () => {
    const early = worldOf([[1, 2]])
    early.fail(1, 'address-unknown')
    assert.deepEqual(await itemsOf(early.client().each()), [2, 2])
    const late = worldOf([[1, 2]])
    late.fail(1, 'address-unknown', 'no', 1)
    await assert.rejects(itemsOf(late.client().each()), { code: 'address-unknown' })
    assert.deepEqual(late.calls, [1])
  })
})

interface PathWorld {
  readonly lookups: string[]
  /** Numbers of the objects called. */
  readonly calls: number[]
  /** What each look-up and each call had left. */
  readonly times: (number | undefined)[]
  fail(object: number, code: ErrorCode, executed?: 'no' | 'yes' | 'unknown', afterItems?: number): void
  client(): Client<(typeof Counter)['operations']>
}

/** @param rows - what each look-up in turn gives, as numbers of objects; the last one for ever. */
function worldOf(rows: readonly (readonly number[])[], takesMs = 0): PathWorld {
  const failures = new Map<number, { readonly error: CardumenError; readonly afterItems: number }>()
  const world = { lookups: [] as string[], calls: [] as number[], times: [] as (number | undefined)[] }
  let nowMs = 0
  const took = (timeoutMs: number | undefined): void => {
    world.times.push(timeoutMs)
    nowMs += takesMs
  }
  const lookup = (path: string, { timeoutMs }: CallOptions): Promise<{ capabilities: readonly Capability[] }> => {
    took(timeoutMs)
    const row = rows[Math.min(world.lookups.length, rows.length - 1)] ?? []
    world.lookups.push(path)
    return Promise.resolve({ capabilities: row.map(capabilityOf) })
  }
  const open = (_: unknown, capability: Capability): Client<Operations> => {
    const { object } = Capability.partsOf(capability)
    const failure = (items: number): CardumenError | undefined => {
      const known = failures.get(object)
      return known !== undefined && items >= known.afterItems ? known.error : undefined
    }
    const client = {
      count: (_input: unknown, { timeoutMs }: CallOptions) => {
        world.calls.push(object)
        took(timeoutMs)
        const error = failure(0)
        return error === undefined ? Promise.resolve(object) : Promise.reject(error)
      },
      each: async function* () {
        world.calls.push(object)
        for (let item = 0; item < 2; item++) {
          const error = failure(item)
          if (error !== undefined) throw error
          yield await Promise.resolve(object)
        }
      },
    }
    return client as unknown as Client<Operations>
  }
  return {
    ...world,
    fail: (object, code, executed = 'no', afterItems = 0) =>
      void failures.set(object, { error: new CardumenError(code, code, { executed }), afterItems }),
    client: () => pathClient(Counter, '/counter', { directory: () => ({ lookup }), now: () => nowMs, open }),
  }
}

function capabilityOf(object: number): Capability {
  const header = encodeHeader({ port: port('00'.repeat(16)), object, generation: 0, rights: 0xff, keyId: 1 })
  return Capability.fromHeader(header, new Uint8Array(32))
}

async function itemsOf(items: AsyncIterable<number>): Promise<readonly number[]> {
  const all: number[] = []
  for await (const item of items) all.push(item)
  return all
}
