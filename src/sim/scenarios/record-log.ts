/**
 * Each member appends records to a log on its own disk, while disks fill up, tear, fail and flip bits and machines crash.
 *
 * The scenario keeps its own record of what was appended and acknowledged, which no crash touches. Every life of a
 * member holds what it finds against it: nothing acknowledged is missing, nothing is there that was not appended, and
 * the order is kept. A bit that flipped in the last group cannot be told from a crash, so where the plan has such
 * faults only the end of the log may be missing; a log that finds itself damaged is begun anew.
 */
import type { Disk } from '../../edges/disk.ts'
import { RecordLog } from '../../kernel/record-log.ts'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { fromUtf8, toUtf8 } from '../../lib/text.ts'
import type { System } from '../../servers/system.ts'
import { memberScenario } from '../members/member-scenario.ts'
import type { Life, World } from '../members/world.ts'
import type { Scenario } from '../scenario.ts'

const logName = 'records'
const pauseMsMax = 120
const recordCharactersMax = 300
const appendsAtOnceMax = 4
const roundsMax = 20

interface Appended {
  readonly text: string
  isAcknowledged: boolean
}

/** What was appended to a member's present log, in its order. */
type Ledger = Map<string, Appended[]>

export const recordLog: Scenario = recordLogOn((disk) => disk)

/** `through`: what stands between the log and the disk, for a test that puts something wrong there. */
export function recordLogOn(through: (disk: Disk) => Disk): Scenario {
  return memberScenario(
    {
      name: 'record-log',
      about: 'records on disks that crash, tear, fill up and fail: nothing acknowledged is lost, nothing is made up',
      ...{ members: 3, durationMs: 10_000 },
      faultKinds: ['crash', 'pause', 'slow', 'disk-full', 'torn-write', 'bit-flip', 'sync-failure'],
    },
    (world) => direct(world, through),
  )
}

async function direct(world: World, through: (disk: Disk) => Disk): Promise<void> {
  const ledger: Ledger = new Map()
  await Promise.all(world.names.map((name) => appendOn(world, name, ledger, through)))
  await world.calm()
  for (const name of world.names) {
    // Whatever holds the file open is gone with a last crash, and every log is read once more.
    world.crash(name, 'machine')
    await world.restart(name)
    await world.on(name, (_system, life) => openChecked(world, life, ledger).then((log) => log?.close()))
  }
}

/** Appends on each life of the member in turn, until the time is over. */
async function appendOn(world: World, name: string, ledger: Ledger, through: (disk: Disk) => Disk): Promise<void> {
  while (world.nowMs < world.durationMs) {
    try {
      await world.on(name, (system, { name: self, number, disk }) =>
        appendInLife(world, system, { name: self, number, disk: through(disk) }, ledger),
      )
    } catch (error) {
      if (!isCardumenError(error)) throw error
    }
    await world.sleep(1 + world.random.next() * pauseMsMax)
  }
}

async function appendInLife(world: World, system: System, life: Life, ledger: Ledger): Promise<void> {
  const log = await openChecked(world, life, ledger)
  if (log === undefined) return
  try {
    // Closed now and then, so that it is read often.
    for (let left = 1 + system.random.below(roundsMax); left > 0 && world.nowMs < world.durationMs; left--) {
      const count = 1 + system.random.below(appendsAtOnceMax)
      const results = await Promise.all(
        Array.from({ length: count }, () => append(log, system, entriesOf(ledger, life.name))),
      )
      if (results.includes('broken')) return
      await system.sleep(system.random.next() * pauseMsMax)
    }
  } finally {
    await log.close()
  }
}

async function append(log: RecordLog, system: System, entries: Appended[]): Promise<'ok' | 'full' | 'broken'> {
  const filler = '.'.repeat(system.random.below(recordCharactersMax))
  const entry = { text: `${system.random.next()} ${filler}`, isAcknowledged: false }
  entries.push(entry)
  try {
    await log.append(toUtf8(entry.text))
    entry.isAcknowledged = true
    return 'ok'
  } catch (error) {
    if (!isCardumenError(error)) throw error
    // Surely not there: what was refused must not turn up later.
    if (error.code === 'disk-full') entries.splice(entries.indexOf(entry), 1)
    return error.code === 'disk-full' ? 'full' : 'broken'
  }
}

/** Undefined: it found itself damaged, and was removed. */
async function openChecked(world: World, life: Life, ledger: Ledger): Promise<RecordLog | undefined> {
  try {
    const log = await RecordLog.open(life.disk, logName)
    check(world, life, log.recovered, ledger)
    return log
  } catch (error) {
    if (!isCardumenError(error, 'state-damaged')) throw error
    world.expect(mayFlipBits(world), 'damage', `the log of ${life.name} says it is damaged, and no bit was flipped`)
    await life.disk.remove(logName)
    ledger.delete(life.name)
    return undefined
  }
}

function check(world: World, life: Life, recovered: readonly Uint8Array[], ledger: Ledger): void {
  const appended = entriesOf(ledger, life.name)
  const found = recovered.map((bytes) => fromUtf8(bytes) ?? 'no text')
  let place = 0
  let isAnyMissing = false
  for (const text of found) {
    const at = appended.findIndex((entry, index) => index >= place && entry.text === text)
    if (at !== -1) {
      isAnyMissing ||= appended.slice(place, at).some((entry) => entry.isAcknowledged)
      place = at + 1
      continue
    }
    return world.expect(false, 'order', `the log of ${life.name} has what was not appended in that place`)
  }
  world.expect(!isAnyMissing, 'durability', `a record of ${life.name} is missing, and later ones are there`)
  const cut = appended.slice(place).find((entry) => entry.isAcknowledged)
  world.expect(
    cut === undefined || mayFlipBits(world),
    'durability',
    `${life.name} lost a record that was acknowledged: ${found.length} of ${appended.length} are there`,
  )
  // What is not there now will never be.
  ledger.set(
    life.name,
    found.map((text) => ({ text, isAcknowledged: true })),
  )
}

function entriesOf(ledger: Ledger, name: string): Appended[] {
  const entries = ledger.get(name) ?? []
  ledger.set(name, entries)
  return entries
}

function mayFlipBits(world: World): boolean {
  return world.faults.some(({ kind }) => kind === 'bit-flip')
}
