/**
 * `npm run soak -- --minutes N`: runs every scenario over fresh seeds, on all cores, and says what was run and what failed.
 *
 * It prints virtual hours, faults by kind and operations checked, and what a run without a failure proves: of n independent trials without one, the
 * rate is under 3/n at 95 % (the rule of three; Hanley and Lippman-Hand, 1983). Seeds follow from the moment it was started, unless `--from` says.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { scenarioNamed } from '../../src/sim/scenarios/registry.ts'
import { addTotals, noTotals, type Totals } from '../../src/sim/search/seeds.ts'
import type { SoakLine } from './soak-process.ts'

const failuresShownMax = 50
const progressMs = 10_000
const help = `npm run soak -- [--minutes N] [--from SEED] [--processes N] [SCENARIO...]

  --minutes N     how long (default 10)
  --from SEED     the first seed (default: from the time of day)
  --processes N   at once (default: the number of cores)
  SCENARIO        only these; "npm run cardumen -- simulate" lists them`

class Soak {
  readonly sums = new Map<string, Totals>()
  readonly failures: Extract<SoakLine, { kind: 'failure' }>[] = []
  lastSeed = 0
  readonly #processes = new Set<ChildProcess>()

  add(child: ChildProcess): void {
    this.#processes.add(child)
  }

  stop(): void {
    for (const child of this.#processes) child.kill()
  }

  hear(text: string): void {
    // One that was cut by the end of its process.
    if (!text.endsWith('}')) return
    const line = JSON.parse(text) as SoakLine
    if (line.kind === 'sum') {
      this.sums.set(line.scenario, addTotals(this.sums.get(line.scenario) ?? noTotals, line.totals))
      this.lastSeed = Math.max(this.lastSeed, line.lastSeed)
      return
    }
    this.failures.push(line)
    if (this.failures.length <= failuresShownMax) console.log(failureText(line))
  }

  get total(): Totals {
    return [...this.sums.values()].reduce(addTotals, noTotals)
  }
}

if (import.meta.main) process.exitCode = await main()

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      from: { type: 'string' },
      processes: { type: 'string', default: String(availableParallelism()) },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  })
  if (values.help) {
    console.log(help)
    return 0
  }
  const minutes = Number(values.minutes)
  const processes = Number(values.processes)
  const from = values.from === undefined ? freshSeed() : Number(values.from)
  if (!(minutes > 0) || !(Number.isInteger(processes) && processes > 0) || !Number.isSafeInteger(from) || from < 0) {
    console.error(help)
    return 2
  }
  for (const name of positionals) scenarioNamed(name)
  const soak = new Soak()
  console.log(`seeds from ${from}, ${processes} processes, ${minutes} minutes, Node ${process.versions.node}`)
  using progress = tellProgress(soak)
  // The processes get the signal of a terminal as well; what they had run by then is told.
  let isInterrupted = false
  process.once('SIGINT', () => {
    isInterrupted = true
    soak.stop()
  })
  const codes = await Promise.all(
    Array.from({ length: processes }, (_, index) => runProcess(soak, [from + index, processes, minutes], positionals)),
  )
  progress.stop()
  tellSums(soak, from)
  if (isInterrupted) return 130
  return soak.failures.length > 0 || codes.some((code) => code !== 0) ? 1 : 0
}

/** Other ones at each start, and never the small ones that the tests run. */
function freshSeed(): number {
  return 1_000_000 + (Math.floor(Date.now() / 1_000) % 4_000_000) * 1_000
}

async function runProcess(soak: Soak, settings: readonly number[], names: readonly string[]): Promise<number> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'soak-process.ts'), ...settings.map(String), ...names],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  soak.add(child)
  for await (const line of createInterface({ input: child.stdout })) soak.hear(line)
  return await new Promise((resolve) => {
    if (child.exitCode !== null) resolve(child.exitCode)
    else child.once('exit', (code) => resolve(code ?? 1))
  })
}

function tellProgress(soak: Soak): Disposable & { stop(): void } {
  const timer = setInterval(() => {
    const { seeds, virtualMs, checked } = soak.total
    console.error(
      `${seeds} seeds, ${hours(virtualMs)} virtual hours, ${checked} checks, ${soak.failures.length} failures`,
    )
  }, progressMs)
  const stop = (): void => clearInterval(timer)
  return { stop, [Symbol.dispose]: stop }
}

function tellSums(soak: Soak, from: number): void {
  const { total } = soak
  console.log(`\nscenario       seeds  virtual hours      events      checks`)
  for (const [name, sum] of [...soak.sums, ['all', total] as const]) {
    const cells = [sum.seeds, hours(sum.virtualMs), sum.events, sum.checked]
    const [seeds, virtual, events, checks] = cells.map((cell) => cell.toLocaleString('en'))
    console.log(`${name.padEnd(12)} ${pad(seeds, 7)} ${pad(virtual, 14)} ${pad(events, 11)} ${pad(checks, 11)}`)
  }
  console.log(
    `\nfaults: ${Object.entries(total.faults)
      .map(([kind, count]) => `${kind} ${count.toLocaleString('en')}`)
      .join(', ')}`,
  )
  console.log(`seeds ${from} to ${soak.lastSeed}; ${soak.failures.length} failures`)
  if (soak.failures.length === 0) console.log(`a seed fails with a chance under 3/${total.seeds} at 95 %`)
}

function pad(text: string | undefined, width: number): string {
  return (text ?? '').padStart(width)
}

function hours(virtualMs: number): number {
  return Math.round(virtualMs / 36_000) / 100
}

function failureText({ scenario, seed, claim, text }: Extract<SoakLine, { kind: 'failure' }>): string {
  return `${scenario} seed ${seed} breaks "${claim}": ${text.split('\n')[0]}\n  npm run cardumen -- simulate ${scenario} --seed ${seed}`
}
