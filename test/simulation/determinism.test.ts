/**
 * One seed, one run: every scenario in processes that differ in everything that is not the seed.
 *
 * Time zone, locale, working folder, the seeds of V8's hashes and of its chance, how deep stacks go, where the checkout
 * lies, and whether somebody looks on. What they print is compared: digests, reports, and a hash of all trace lines.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { root } from '../../scripts/tools.ts'
import { scenarios } from '../../src/sim/scenarios/registry.ts'

const program = 'test/simulation/fixtures/run-every-scenario.ts'
const seeds = 2
const timeoutMs = 120_000

interface Place {
  /** Of the tree. */
  readonly checkout: string
  readonly cwd: string
  readonly timeZone: string
  readonly locale: string
  readonly flags?: readonly string[]
  readonly isTraced?: boolean
}

interface Run {
  readonly report: { readonly scenario: string; readonly events: number }
  readonly trace?: { readonly lines: number }
}

interface Outcome {
  readonly place: Readonly<Record<'timeZone' | 'locale' | 'folder' | 'source', string>>
  readonly runs: readonly Run[]
}

describe('two runs of one seed', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cardumen-one-seed-')))
  const copy = join(folder, 'a checkout at the end of a path that is longer than most paths of checkouts are')
  let here: Outcome
  let elsewhere: Outcome
  let unseen: Outcome

  before(async () => {
    copyTree(copy)
    const usual = { checkout: root, cwd: root, timeZone: 'UTC', locale: 'en_US.UTF-8' }
    const far = { checkout: copy, cwd: folder, timeZone: 'Asia/Kathmandu', locale: 'tr_TR.UTF-8' }
    const flags = ['--hash-seed=77', '--random-seed=99', '--stack-trace-limit=3']
    ;[here, elsewhere] = await Promise.all([outcomeOf(usual), outcomeOf({ ...far, flags })])
    unseen = await outcomeOf({ ...usual, flags: ['--hash-seed=4711'], isTraced: false })
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('are of every scenario, and something happens in each', () => {
    const expected = scenarios.flatMap(({ name }) => Array.from({ length: seeds }, () => name))
    assert.ok(expected.length > 0)
    assert.deepEqual(
      here.runs.map(({ report }) => report.scenario),
      expected,
    )
    assert.ok(here.runs.every(({ report, trace }) => report.events > 0 && (trace?.lines ?? 0) > 0))
  })

  it('are the same byte for byte in another time zone, locale, folder and checkout, with other hash seeds', () => {
    for (const key of ['timeZone', 'locale', 'folder', 'source'] as const)
      assert.notEqual(here.place[key], elsewhere.place[key], `the processes differ in their ${key}`)
    for (const [index, run] of here.runs.entries()) assert.deepEqual(elsewhere.runs[index], run)
    assert.equal(elsewhere.runs.length, here.runs.length)
  })

  it('are the same whether somebody looks on or not', () => {
    for (const [index, { report }] of here.runs.entries()) assert.deepEqual(unseen.runs[index], { report })
    assert.equal(unseen.runs.length, here.runs.length)
  })
})

/** Node goes by where a module really is, so links would not be another checkout. */
function copyTree(target: string): void {
  mkdirSync(join(target, 'test', 'simulation'), { recursive: true })
  for (const each of ['package.json', 'src', 'test/simulation/fixtures'])
    cpSync(join(root, each), join(target, each), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(target, 'node_modules'))
}

async function outcomeOf(place: Place): Promise<Outcome> {
  const traced = place.isTraced === false ? 'untraced' : 'traced'
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...(place.flags ?? []), join(place.checkout, program), String(seeds), traced],
    {
      ...{ cwd: place.cwd, timeout: timeoutMs, maxBuffer: 2 ** 26 },
      env: { ...process.env, TZ: place.timeZone, LANG: place.locale, LC_ALL: place.locale, NODE_OPTIONS: '' },
    },
  )
  const [first = '', ...rest] = stdout.trimEnd().split('\n')
  return { place: JSON.parse(first) as Outcome['place'], runs: rest.map((line) => JSON.parse(line) as Run) }
}
