/** The banker as a manager of resources for tasks that await. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { ResourceManager } from './safe-resources.ts'

const code = (expected: Parameters<typeof isCardumenError>[1]) => (error: unknown) => isCardumenError(error, expected)

/** Two clients that want both units at the end, and hold one between them: to give the other the second is unsafe. */
async function contended() {
  const resources = new ResourceManager({ unit: 2 })
  const [one, other] = [resources.claim({ unit: 2 }, { name: 'one' }), resources.claim({ unit: 2 }, { name: 'other' })]
  await one.requestAsync({ unit: 1 })
  return { resources, one, other }
}

describe('the manager of resources', { timeout: 60_000 }, () => {
  it('grants what is safe at once, and shows who has what', async () => {
    const { resources } = await contended()
    assert.deepEqual(resources.report(), {
      free: { unit: 1 },
      clients: [
        { name: 'one', claim: { unit: 2 }, held: { unit: 1 } },
        { name: 'other', claim: { unit: 2 }, held: { unit: 0 } },
      ],
      waiting: [],
    })
  })

  it('lets wait what is unsafe until it is safe', async () => {
    const { resources, one, other } = await contended()
    const wanted = other.requestAsync({ unit: 1 })
    assert.deepEqual(resources.report().waiting, [{ client: 'other', amounts: { unit: 1 } }])
    one.release({ unit: 1 })
    await wanted
    assert.deepEqual(resources.report().free, { unit: 1 })
  })

  it('fails a request at its deadline, which then is granted no more', async () => {
    const { resources, one, other } = await contended()
    await assert.rejects(other.requestAsync({ unit: 1 }, { timeoutMs: 1 }), code('timed-out'))
    one.release({ unit: 1 })
    assert.deepEqual(resources.report().free, { unit: 2 })
  })

  it('fails a request that is cancelled before or while it waits', async () => {
    const { resources, other } = await contended()
    await assert.rejects(other.requestAsync({ unit: 1 }, { signal: AbortSignal.abort() }), code('cancelled'))
    const controller = new AbortController()
    const wanted = other.requestAsync({ unit: 1 }, { signal: controller.signal })
    controller.abort()
    await assert.rejects(wanted, code('cancelled'))
    assert.deepEqual(resources.report().waiting, [])
  })

  it('gives a cancelled request to nobody, and goes on with those behind it', async () => {
    const { resources, one, other } = await contended()
    const controller = new AbortController()
    const given = other.requestAsync({ unit: 2 }, { signal: controller.signal })
    const behind = one.requestAsync({ unit: 1 })
    await behind
    controller.abort()
    await assert.rejects(given, code('cancelled'))
    one.release({ unit: 2 })
    assert.deepEqual(resources.report().free, { unit: 2 })
  })

  it('takes everything back from a client that leaves, and fails what it waits for', async () => {
    const { resources, one, other } = await contended()
    const wanted = other.requestAsync({ unit: 1 })
    other.leave()
    await assert.rejects(wanted, code('closed'))
    one[Symbol.dispose]()
    assert.deepEqual(resources.report(), { free: { unit: 2 }, clients: [], waiting: [] })
  })

  it('refuses claims over what there is and requests over the claim', async () => {
    const resources = new ResourceManager({ printer: 1 })
    assert.throws(() => resources.claim({ printer: 2 }), code('claim-exceeded'))
    using client = resources.claim({ printer: 1 })
    await assert.rejects(client.requestAsync({ printer: 2 }), code('claim-exceeded'))
    assert.throws(() => client.release({ printer: 1 }), code('not-held'))
  })

  it('refuses numbers of units, times and bounds that make no sense', async () => {
    assert.throws(() => new ResourceManager({ printer: -1 }), code('option-invalid'))
    assert.throws(() => new ResourceManager(undefined as never), code('option-invalid'))
    assert.throws(() => new ResourceManager({ printer: 1 }).claim(null as never), code('option-invalid'))
    assert.throws(() => new ResourceManager({ printer: 1 }, { waitingMax: 0 }), code('option-invalid'))
    using client = new ResourceManager({ printer: 1 }).claim({ printer: 1 })
    await assert.rejects(client.requestAsync({ printer: 1 }, { timeoutMs: -1 }), code('option-invalid'))
  })

  it('has a bound on those who wait', async () => {
    const resources = new ResourceManager({ unit: 1 }, { waitingMax: 1 })
    const clients = ['a', 'b', 'c'].map((name) => resources.claim({ unit: 1 }, { name }))
    await clients[0]?.requestAsync({ unit: 1 })
    const waiting = clients[1]?.requestAsync({ unit: 1 })
    await assert.rejects(async () => clients[2]?.requestAsync({ unit: 1 }), code('capacity-reached'))
    clients[0]?.leave()
    await waiting
  })
})
