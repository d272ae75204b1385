/**
 * Watches the disk: how long it takes to make 4 KiB durable, alone or beside other writers.
 *
 * A process of its own, with synchronous calls, so that what it times is the disk (and the wait for a core), not
 * an event loop. `watch` probes now and then, to see the disk's own stalls without adding to them.
 */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { answer, childArgument } from '../harness/answer.ts'
import { percentile, sorted } from '../harness/statistics.ts'

const PROBE_BYTES = 4096
/** The file is overwritten from its start after so many probes. */
const PROBES_PER_FILE = 1024

export interface DiskTimes {
  readonly medianMs: number
  readonly p99Ms: number
  readonly maxMs: number
}

export type DiskMethods = {
  /** Probes for `durationMs`, with `pauseMs` between two probes. */
  watch(argument: { durationMs: number; pauseMs: number }): Promise<DiskTimes>
}

const file = openSync(join(childArgument<{ folder: string }>().folder, 'probe'), 'w')
const bytes = Buffer.alloc(PROBE_BYTES, 7)
let probes = 0

const methods: DiskMethods = {
  async watch({ durationMs, pauseMs }) {
    const times: number[] = []
    const end = performance.now() + durationMs
    while (performance.now() < end) {
      times.push(probe())
      if (pauseMs > 0) await delay(pauseMs)
    }
    const ascending = sorted(times)
    return { medianMs: percentile(ascending, 0.5), p99Ms: percentile(ascending, 0.99), maxMs: percentile(ascending, 1) }
  },
}

answer(methods, async () => closeSync(file))

function probe(): number {
  const before = performance.now()
  writeSync(file, bytes, 0, PROBE_BYTES, (probes++ % PROBES_PER_FILE) * PROBE_BYTES)
  fdatasyncSync(file)
  return performance.now() - before
}
