/** What a caller does where no member offers to run things. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Member } from '../../kernel/member.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { instant } from '../../lib/identifiers.ts'
import { RunClient } from './client.ts'

const lonely = {
  id: 'lonely',
  clock: { now: () => instant(0) },
  servers: () => [],
  onServersChanged: () => () => undefined,
  onSilenceChanged: () => () => undefined,
} as unknown as Member

describe('a caller with nobody to run things', () => {
  it('starts threads of its own anew after a start that failed', async () => {
    let starts = 0
    const startLocal = async (): Promise<never> => {
      throw new CardumenError('disk-full', `start ${++starts}`)
    }
    await using client = new RunClient(lonely, { startLocal })
    const module = client.importModule<{ f(): number }>('file:///job.ts')
    await assert.rejects(module.f(), { message: 'start 1' })
    await assert.rejects(module.f(), { message: 'start 2' })
  })

  it('fails its calls where it may start none', async () => {
    await using client = new RunClient(lonely)
    await assert.rejects(client.importModule<{ f(): number }>('file:///job.ts').f(), { code: 'name-unknown' })
  })
})
