/**
 * The main job: an index of all words in all text files under a folder, made by four members of which one is killed.
 *
 * Then the proof and the measure: the same index made by this process alone must be identical, and the members without
 * a death must be faster. Results go to stdout, progress to stderr; `--help` says the rest.
 */
import { isCardumenError } from 'cardumen'
import {
  indexAlone,
  indexByMembers,
  type Indexing,
  type IndexingByMembers,
  NoMemberLeft,
  wasGivenUp,
} from './indexing.ts'
import { Members } from './members.ts'
import { help, type Options, readOptions, WrongArguments } from './options.ts'
import { ProgressBar } from './progress-bar.ts'
import {
  bad,
  describeComparison,
  describeDeaths,
  describeIndex,
  describeKill,
  describeListing,
  describeMembers,
  describeQuery,
  describeShares,
  describeSpeedUp,
  describeTop,
  seconds,
  wordsWorthAsking,
} from './report.ts'
import { measureSpeedUp, runsFor } from './speed-up.ts'
import { type Batch, batchesOf, changedFiles, type Listing, listFiles } from './text-files.ts'
import type { WordIndex } from './word-index.ts'

const exitCode = { right: 0, failed: 1, wrongArguments: 2, noMemberLeft: 3, interrupted: 130 } as const
type ExitCode = (typeof exitCode)[keyof typeof exitCode]

/** The two indexes are not the same. */
class Different extends Error {
  override readonly name = 'Different'
}

const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interruption.abort())
process.exitCode = await main(process.argv.slice(2), interruption.signal)

async function main(list: readonly string[], signal: AbortSignal): Promise<ExitCode> {
  try {
    const options = readOptions(list)
    if (options.isHelpWanted) print(help.trimEnd())
    else await run(options, signal)
    return exitCode.right
  } catch (error) {
    if (wasGivenUp(error, signal)) return fail('interrupted; nothing is left behind', exitCode.interrupted)
    if (error instanceof WrongArguments) return fail(`${error.message} (--help says more)`, exitCode.wrongArguments)
    if (error instanceof NoMemberLeft) return fail(error.message, exitCode.noMemberLeft)
    if (error instanceof Different) return fail(error.message, exitCode.failed)
    if (!isCardumenError(error)) throw error
    return fail([error.message, error.hint, `(${error.code})`].filter(Boolean).join(' '), exitCode.failed)
  }
}

async function run(options: Options, signal: AbortSignal): Promise<void> {
  const startedMs = performance.now()
  const listing = listFiles(options.folder)
  print(describeListing(listing))
  if (listing.files.length === 0) return print('There is no file to index.')
  const batches = batchesOf(listing)

  await using members = await Members.start(options.members)
  signal.throwIfAborted()
  print(describeMembers(members.living(), performance.now() - startedMs))

  const made = await indexWithADeath(members, batches, signal)
  print(
    ...describeIndex(made, listing),
    describeShares(made, members.living()),
    ...describeDeaths(made),
    describeTop(made.index),
  )
  const words = options.queries.length > 0 ? options.queries : wordsWorthAsking(made.index)
  for (const word of words) print(...describeQuery(made.index, word, listing))

  const proof = { listing, batches, digest: made.index.digest(), signal }
  const aloneMs = await compareWithOneProcess(proof)
  print(describeComparison(proof.digest, aloneMs))

  if (!options.isQuick) print(...(await measure(members, proof, aloneMs)))
  print(`all of it took ${seconds(performance.now() - startedMs)}`)
}

interface Proof {
  readonly listing: Listing
  readonly batches: readonly Batch[]
  /** What every other run must come to. */
  readonly digest: string
  readonly signal: AbortSignal
}

async function indexWithADeath(
  members: Members,
  batches: readonly Batch[],
  signal: AbortSignal,
): Promise<IndexingByMembers> {
  using bar = new ProgressBar(`indexing on ${members.living().length} members`)
  return await indexByMembers(members, batches, {
    signal,
    onProgress: ({ done, total = batches.length }) => bar.show(done, total),
    onKill: (victim) => bar.say(describeKill(victim)),
  })
}

/** Resolves to the milliseconds that one process takes. */
async function compareWithOneProcess(proof: Proof): Promise<number> {
  using bar = new ProgressBar('indexing in a single process')
  const { index, elapsedMs } = await indexAlone(proof.batches, {
    signal: proof.signal,
    onProgress: ({ done, total = 1 }) => bar.show(done, total),
  })
  refuseDifference(proof, index)
  return elapsedMs
}

async function measure(members: Members, proof: Proof, aloneMs: number): Promise<readonly string[]> {
  const { batches, signal } = proof
  await members.replenish()
  const steps = batches.length * runsFor(aloneMs)
  using bar = new ProgressBar('measuring the speed-up')
  let done = 0
  let deaths = 0
  const options = { signal, onProgress: () => bar.show(++done, steps) }
  const checked = ({ index, elapsedMs }: Indexing): number => {
    refuseDifference(proof, index)
    return elapsedMs
  }
  const measured = await measureSpeedUp(aloneMs, {
    alone: async () => checked(await indexAlone(batches, options)),
    together: async () => {
      const made = await indexByMembers(members, batches, options)
      deaths += made.died.length
      return checked(made)
    },
  })
  return describeSpeedUp(measured, members.living().length, deaths)
}

/** @throws Different */
function refuseDifference({ listing, digest: expected }: Proof, index: WordIndex): void {
  const actual = index.digest()
  if (actual === expected) return
  const [changed] = changedFiles(listing)
  const why = changed === undefined ? '' : ` Files were changed meanwhile, ${changed} for one; try again.`
  throw new Different(`The indexes differ: ${expected} by the members, ${actual} now.${why}`)
}

function print(...lines: readonly string[]): void {
  for (const line of lines) console.log(line)
}

function fail(message: string, code: ExitCode): ExitCode {
  console.error(bad(message))
  return code
}
