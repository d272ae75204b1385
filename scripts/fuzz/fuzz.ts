/**
 * `npm run fuzz -- --minutes N`: feeds mutated bytes to every way into a member, and says what broke and how to see it again.
 *
 * The targets take turns. V8's coverage tells which inputs reached new code; those are mutated further. An input that
 * holds the event loop up for over 50 ms three times is a failure as well. It runs in one process: start several with
 * other seeds for more.
 */
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { Coverage } from './coverage.ts'

const shareInputs = 5_000
const progressMs = 10_000
const help = `npm run fuzz -- [--minutes N] [--seed S] [--target NAME]...
npm run fuzz -- --target NAME --input HEX

  --minutes N     how long (default 5)
  --seed S        what decides the mutations (default: from the time of day)
  --target NAME   only this one; may be given again
  --input HEX     one input to one target, or @FILE: what a failure prints`

// Before anything that is to be covered is loaded.
const coverage = new Coverage()
const { targets } = await import('./targets.ts')
const { Campaign, failureText, stallOf } = await import('./campaign.ts')
const { judge } = await import('./target.ts')

if (import.meta.main) process.exitCode = await main()

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '5' },
      seed: { type: 'string', default: String(Math.floor(Date.now() / 1_000) % 2 ** 31) },
      target: { type: 'string', multiple: true, default: [] },
      input: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return tell(help, 0)
  const [minutes, seed] = [Number(values.minutes), Number(values.seed)]
  const chosen = targets.filter(({ name }) => values.target.length === 0 || values.target.includes(name))
  const unknown = values.target.find((name) => !targets.some((target) => target.name === name))
  if (unknown !== undefined) return tell(`no target ${unknown}: ${targets.map(({ name }) => name).join(', ')}`, 2)
  if (!(minutes > 0) || !Number.isSafeInteger(seed) || seed < 0) return tell(help, 2)
  if (values.input === undefined) return await fuzz(chosen, minutes, seed)
  const [only] = chosen
  const input = inputOf(values.input)
  if (chosen.length !== 1 || only === undefined || input === undefined) return tell(help, 2)
  return await replay(only, input)
}

function inputOf(text: string): Uint8Array | undefined {
  if (text.startsWith('@')) return new Uint8Array(readFileSync(text.slice(1)))
  return /^(?:[0-9a-f]{2})*$/i.test(text) ? new Uint8Array(Buffer.from(text, 'hex')) : undefined
}

async function replay(target: (typeof targets)[number], input: Uint8Array): Promise<number> {
  const claim = (await judge(target, input)) ?? (await stallOf(target, input))
  return tell(
    claim === undefined
      ? `${target.name}: every claim holds for these ${input.length} bytes`
      : failureText({ target, input, claim }),
    claim === undefined ? 0 : 1,
  )
}

async function fuzz(chosen: readonly (typeof targets)[number][], minutes: number, seed: number): Promise<number> {
  console.log(`seed ${seed}, ${minutes} minutes, Node ${process.versions.node}`)
  let open = chosen.map((target) => new Campaign(target, seed, coverage))
  const all = open
  let failures = 0
  const fail = (campaign: InstanceType<typeof Campaign>, text: string): void => {
    failures++
    console.log(text)
    open = open.filter((other) => other !== campaign)
  }
  for (const campaign of all) {
    const failure = await campaign.runSeeds()
    if (failure !== undefined) fail(campaign, `a valid input: ${failureText(failure)}`)
  }
  const endMs = performance.now() + minutes * 60_000
  let toldMs = performance.now()
  let isInterrupted = false
  process.once('SIGINT', () => (isInterrupted = true))
  while (performance.now() < endMs && open.length > 0 && !isInterrupted) {
    for (const campaign of open) {
      const failure = await campaign.runMutated(shareInputs)
      if (failure !== undefined) fail(campaign, failureText(failure))
    }
    // Lets a signal in, and whatever the targets have left to run.
    await new Promise(setImmediate)
    if (performance.now() < toldMs + progressMs) continue
    toldMs = performance.now()
    console.error(
      `${sum(all).toLocaleString('en')} inputs, ${coverage.reachedCharacters} characters reached, ${failures} failures`,
    )
  }
  tellSums(all)
  return tell(
    `${sum(all).toLocaleString('en')} inputs, ${failures} failures`,
    failures > 0 ? 1 : isInterrupted ? 130 : 0,
  )
}

function tellSums(campaigns: readonly InstanceType<typeof Campaign>[]): void {
  console.log(`\ntarget            inputs   found   slowest`)
  for (const { target, inputs, found, slowestMs } of campaigns) {
    const cells = [
      inputs.toLocaleString('en').padStart(11),
      String(found).padStart(7),
      `${slowestMs.toFixed(1)} ms`.padStart(9),
    ]
    console.log(`${target.name.padEnd(12)} ${cells.join(' ')}`)
  }
}

function sum(campaigns: readonly InstanceType<typeof Campaign>[]): number {
  return campaigns.reduce((total, { inputs }) => total + inputs, 0)
}

function tell(text: string, exitCode: number): number {
  if (exitCode === 2) console.error(text)
  else console.log(text)
  return exitCode
}
