/**
 * Suite `capabilities`: what it costs that every call shows what it may do, and that things are found by names.
 *
 * Each part has processes and a state folder of its own, one after the other.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Context, Suite, SuiteResult } from '../harness/suite.ts'
import { measureCheckedCalls } from './checked-calls.ts'
import { measureFirstUse } from './first-use.ts'
import { measureMemory } from './memory.ts'
import { measureNames } from './names.ts'
import { measureWatchedChanges } from './watched-changes.ts'

export const capabilitiesSuite: Suite = {
  name: 'capabilities',
  about: 'checks of capabilities beside a bare port; look-ups, listings and watches of directories; memory',
  run,
}

async function run(context: Context): Promise<SuiteResult> {
  const calls = await measureCheckedCalls(context, await homeOf(context, 'calls'))
  const firstUse = await measureFirstUse(context, await homeOf(context, 'first-use'))
  const names = await measureNames(context, await homeOf(context, 'names'))
  const watched = await measureWatchedChanges(context, await homeOf(context, 'watched'))
  const memory = await measureMemory(context, await homeOf(context, 'memory'))
  return {
    rows: [calls, firstUse, names, watched, memory].flatMap((part) => part.rows),
    skipped: memory.skipped,
    raw: { calls: calls.raw, firstUse: firstUse.raw, names: names.raw, watched: watched.raw, memory: memory.raw },
  }
}

async function homeOf(context: Context, part: string): Promise<string> {
  const home = join(context.folder, part)
  await mkdir(home)
  return home
}
