/** Random histories of members and faults: what was acknowledged stays, watches see each change once, equal seeds agree. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { revision as revisionOf } from '../../lib/identifiers.ts'
import { fromUtf8, toUtf8 } from '../../lib/text.ts'
import { Digest } from '../digest.ts'
import { randomStream } from '../random-streams.ts'
import { TestClient, TestTime } from './fixtures/test-time.ts'
import type { VirtualEngine } from './virtual-engine.ts'
import { VirtualEngineStore } from './virtual-engine-store.ts'

const membersCount = 3
const actsCount = 300
const keysCount = 8

interface Written {
  readonly key: string
  readonly value: string
  readonly revision: number
}

interface Run {
  readonly digest: string
  readonly acknowledged: readonly Written[]
  /** Of the writes that failed, how many turned out to have happened. */
  readonly happened: number
  readonly failed: number
  /** By a watcher that was never cut off: every change of the run. */
  readonly seen: readonly Written[]
  readonly final: ReadonlyMap<string, string>
}

/** Members write single keys with values that are never used twice, while the engine and the ways to it fail. */
async function run(seed: number): Promise<Run> {
  const time = new TestTime(seed)
  const digest = new Digest()
  const note = (text: string): void => digest.add(`${time.nowMs} ${text}`)
  const onEvent = (type: string, detail: object, client: string): void =>
    note(`${type} ${client} ${JSON.stringify(detail)}`)
  const store = new VirtualEngineStore({ time, seed, onEvent })
  const names = Array.from({ length: membersCount }, (_, index) => `m${index}`)
  const engines = names.map((name) => store.connect(new TestClient(name, time)))
  const watcher = store.connect(new TestClient('watcher', time))
  const random = randomStream(seed, 'history')
  const acknowledged: Written[] = []
  const failedValues = new Set<string>()
  const writes: Promise<void>[] = []
  const seen: Written[] = []
  const write = async (engine: VirtualEngine, key: string, value: string): Promise<void> => {
    try {
      const revision = await engine.put(key, toUtf8(value))
      acknowledged.push({ key, value, revision })
      note(`ok ${value} ${revision}`)
    } catch (error) {
      assert(error instanceof CardumenError)
      if (error.executed === 'unknown') failedValues.add(value)
      note(`${error.code} ${error.executed} ${value}`)
    }
  }
  const watching = { isDone: false }
  const reading = readAll(watcher, time, seen, watching)
  for (let act = 0; act < actsCount; act++) {
    const engine = engines[random.below(membersCount)]
    assert(engine !== undefined)
    writes.push(write(engine, `key/${random.below(keysCount)}`, `v${act}`))
    const chance = random.next()
    const name = names[random.below(membersCount)] ?? ''
    if (chance < 0.05) store.crash()
    else if (chance < 0.15) store.restart()
    else if (chance < 0.2) store.setUnreachable(name, true)
    else if (chance < 0.3) store.setUnreachable(name, false)
    await time.runUntil(time.nowMs + random.next() * 2)
  }
  store.restart()
  for (const name of names) store.setUnreachable(name, false)
  await time.settled(Promise.all(writes))
  await time.runUntil(time.nowMs + 10_000)
  const { entries, revision } = await time.settled(watcher.list(''))
  await time.runUntil(time.nowMs + 1_000)
  assert.equal(seen.at(-1)?.revision, revision)
  watching.isDone = true
  await time.settled(watcher.close())
  await reading
  const final = new Map(entries.map((entry) => [entry.key, fromUtf8(entry.value) ?? '']))
  const happened = seen.filter(({ value }) => failedValues.has(value)).length
  return { digest: digest.text, acknowledged, happened, failed: failedValues.size, seen, final }
}

/** As members follow a prefix: after a failure the watch is opened again from where it was. */
async function readAll(
  engine: VirtualEngine,
  time: TestTime,
  seen: Written[],
  watching: { isDone: boolean },
): Promise<void> {
  for (let from = 1; !watching.isDone; ) {
    try {
      for await (const batch of engine.watch('', { from: revisionOf(from) })) {
        for (const change of batch.changes)
          if (change.kind === 'put')
            seen.push({ key: change.key, value: fromUtf8(change.value) ?? '', revision: batch.revision })
        from = batch.revision + 1
      }
    } catch (error) {
      assert(error instanceof CardumenError)
      if (error.code === 'closed') return
      await new Promise<void>((resolve) => time.after(20, resolve))
    }
  }
}

describe('random histories', () => {
  it('nothing acknowledged is lost, no revision is given twice, and a watch sees each change once in order', async () => {
    let happened = 0
    let failed = 0
    for (let seed = 1; seed <= 25; seed++) {
      const { acknowledged, seen, final, ...counts } = await run(seed)
      happened += counts.happened
      failed += counts.failed
      const bySeen = new Map(seen.map((written) => [written.revision, written]))
      assert.equal(bySeen.size, seen.length, `seed ${seed}: a revision was given twice`)
      assert.deepEqual(
        seen.map((written) => written.revision),
        seen.map((_, index) => index + 1),
        `seed ${seed}: a change is missing, or out of order`,
      )
      for (const written of acknowledged) assert.deepEqual(bySeen.get(written.revision), written, `seed ${seed}: lost`)
      assert.equal(new Set(acknowledged.map((written) => written.revision)).size, acknowledged.length)
      const model = new Map(seen.map((written) => [written.key, written.value]))
      assert.deepEqual(model, final, `seed ${seed}: other than its history`)
    }
    assert(happened > 0 && happened < failed, `${happened} of ${failed} unknown writes happened`)
  })

  it('the same seed gives the same events and answers at the same times; another seed gives others', async () => {
    const digests = [await run(7), await run(7), await run(8)].map((one) => one.digest)
    assert.equal(digests[0], digests[1])
    assert.notEqual(digests[0], digests[2])
  })
})
