/** What the jobs of one message are told when something happens to the message. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { JobReply } from '../../edges/workers.ts'
import { HandClock } from '../../kernel/fixtures/hand-clock.ts'
import { CardumenError, type Executed, isCardumenError } from '../../lib/cardumen-error.ts'
import { encode } from '../../wire/codec.ts'
import { packParcels, parcel } from '../../wire/parcels.ts'
import { jobLabel } from './interface.ts'
import { JobChannel, type OutgoingJob, type RunService } from './job-channel.ts'

class Job implements OutgoingJob {
  readonly request = new Uint8Array(1)
  readonly options: OutgoingJob['options']
  end = 'none'

  constructor(options: OutgoingJob['options']) {
    this.options = options
  }

  onReply([, result]: JobReply): void {
    this.end = `reply ${String(result)}`
  }

  onError(error: unknown): void {
    this.end = isCardumenError(error) ? `${error.code} ${error.executed}` : String(error)
  }

  onSilence(): boolean {
    return false
  }
}

function failing(executed: Executed): RunService {
  const error = new CardumenError('cancelled', 'given up', { executed })
  return {
    call: () => Promise.reject(error),
    async *callMany() {
      yield packParcels([parcel(0, jobLabel.done, encode([0, 'done']))])
      throw error
    },
  } as unknown as RunService
}

async function endsOf(count: number, run: RunService): Promise<readonly string[]> {
  const clock = new HandClock()
  const channel = new JobChannel(run, clock, () => undefined)
  const options = {}
  const jobs = Array.from({ length: count }, () => new Job(options))
  for (const job of jobs) channel.send(job)
  await clock.advance(1)
  return jobs.map(({ end }) => end)
}

describe('jobs of a message that was cancelled', () => {
  const told: readonly (readonly [Executed, Executed])[] = [
    ['yes', 'unknown'],
    ['unknown', 'unknown'],
    ['no', 'no'],
  ]
  for (const [ofMessage, ofJob] of told)
    it(`may be said to have run as "${ofJob}" where the message itself ran as "${ofMessage}"`, async () => {
      assert.deepEqual(await endsOf(1, failing(ofMessage)), [`cancelled ${ofJob}`])
    })

  it('keep the answers that came before', async () => {
    assert.deepEqual(await endsOf(2, failing('yes')), ['reply done', 'cancelled unknown'])
  })
})
