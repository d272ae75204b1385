/** What the death of a member does to the calls that it had. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CardumenError } from '../../src/cardumen.ts'
import type * as Jobs from './fixtures/jobs.ts'
import { newSystem } from './fixtures/members.ts'

const jobsUrl = new URL('./fixtures/jobs.ts', import.meta.url)

describe('the death of a member', { timeout: 120_000 }, () => {
  it('fails its calls at once as unknown', async () => {
    await using system = await newSystem()
    const member = await system.addProcess('mortal')
    const jobs = system.client.importModule<typeof Jobs>(jobsUrl)
    await jobs.add(1, 1)
    const calls = Promise.allSettled([jobs.neverResolves(), jobs.neverResolves(), jobs.neverResolves()])
    await jobs.add(1, 1)
    member.kill('SIGKILL')
    for (const call of await calls) {
      assert.equal(call.status, 'rejected')
      const error = call.reason as CardumenError
      assert.equal(error.code, 'member-died')
      assert.equal(error.executed, 'unknown')
    }
    assert.deepEqual(system.client.interruptions, { interrupted: 3, rerun: 0 })
  })

  it('sends idempotent calls elsewhere by itself, and counts them', async () => {
    await using system = await newSystem()
    const member = await system.addProcess('mortal')
    const jobs = system.client.importModule<typeof Jobs>(jobsUrl, { idempotent: ['spinInProcess'] })
    await jobs.add(1, 1)
    const calls = Promise.all([1_500, 1_500, 1_500].map((durationMs) => jobs.spinInProcess(durationMs)))
    await system.addServer('heir')
    member.kill('SIGKILL')
    assert.deepEqual(new Set(await calls), new Set([process.pid]))
    assert.equal(system.client.interruptions.rerun, system.client.interruptions.interrupted)
    assert(system.client.interruptions.rerun >= 1)
  })

  it('in the middle of a map of idempotent calls loses no result and repeats none', async () => {
    await using system = await newSystem()
    const [, second, third] = await Promise.all(['one', 'two', 'three'].map((name) => system.addProcess(name)))
    const jobs = system.client.importModule<typeof Jobs>(jobsUrl, { idempotent: true })
    const items = Array.from({ length: 300 }, (_, index) => index)
    let interrupted = 0
    const results = await jobs.spinAndReturn.map(items, {
      concurrency: 24,
      onProgress: (progress) => {
        if (progress.done === 80) second?.kill('SIGKILL')
        if (progress.done === 160) third?.kill('SIGKILL')
        interrupted = progress.interrupted
      },
    })
    assert.deepEqual(results, items)
    assert(interrupted > 0)
  })

  it('of the last that runs things leaves the work to threads of the caller', async () => {
    await using system = await newSystem(true)
    const member = await system.addProcess('mortal')
    const jobs = system.client.importModule<typeof Jobs>(jobsUrl, { idempotent: true })
    assert.equal(await jobs.whichProcess(), member.pid)
    const calls = Promise.all([jobs.spinInProcess(800), jobs.spinInProcess(800)])
    member.kill('SIGKILL')
    assert.deepEqual(await calls, [process.pid, process.pid])
  })

  it('leaves calls that were meant for it and nobody else without a member', async () => {
    await using system = await newSystem(true)
    const member = await system.addProcess('mortal')
    await system.addServer('other')
    const jobs = system.client.importModule<typeof Jobs>(jobsUrl, { idempotent: true, on: 'mortal' })
    const call = jobs.neverResolves()
    assert.equal(await jobs.whichProcess(), member.pid)
    member.kill('SIGKILL')
    await assert.rejects(call, (error: CardumenError) =>
      ['name-unknown', 'member-died', 'unreachable', 'address-unknown'].includes(error.code),
    )
  })
})
