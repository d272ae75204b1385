/**
 * What the example tells its reader, in lines. Results are plain sentences with their numbers in bold; where the output
 * is no terminal, or NO_COLOR is set, there is neither bold nor colour. Nothing here computes a result.
 */
import { availableParallelism } from 'node:os'
import { styleText } from 'node:util'
import type { IndexingByMembers } from './indexing.ts'
import type { NamedProcess } from './members.ts'
import type { SpeedUp } from './speed-up.ts'
import type { Listing } from './text-files.ts'
import type { WordIndex } from './word-index.ts'

const topTerms = 8
const hitsShown = 3
const digestShown = 16
/** What a second core should bring at least. */
const factorExpected = 1.4

export function describeMembers(members: readonly NamedProcess[], elapsedMs: number): string {
  const list = members.map(({ name, pid }) => `${strong(name)} pid ${pid}`).join(', ')
  return `${members.length} members are up after ${seconds(elapsedMs)}: ${list}`
}

export function describeListing(listing: Listing): string {
  return `${number(listing.files.length)} files, ${megabytes(listing.bytes)} under ${listing.folder}`
}

export function describeKill({ name, pid }: NamedProcess): string {
  return bad(`killed ${name} (pid ${pid}) with SIGKILL while it works`)
}

export function describeIndex({ index, elapsedMs }: IndexingByMembers, { skipped, bytes }: Listing): readonly string[] {
  const passedOver = [
    [index.binary, 'binary'],
    [skipped.tooLarge, 'too large'],
    [index.unreadable + skipped.unreadable, 'unreadable'],
    [skipped.links, 'links'],
    [skipped.special, 'no files'],
  ] as const
  const others = passedOver.filter(([count]) => count > 0).map(([count, what]) => `${number(count)} ${what}`)
  return [
    `${strong(`${number(index.files)} text files`)} (${megabytes(index.bytes)} of ${megabytes(bytes)}) indexed in ${seconds(elapsedMs)}: ` +
      strong(`${number(index.words)} words, ${number(index.termCount)} different ones`),
    ...(others.length > 0 ? [`  passed over: ${others.join(', ')}`] : []),
  ]
}

export function describeShares({ batchesOf, died }: IndexingByMembers, members: readonly NamedProcess[]): string {
  const shares = [...members, ...died].map(({ name, pid }) => `${name} ${number(batchesOf.get(pid) ?? 0)}`)
  return `batches that they did: ${shares.sort().join(', ')}`
}

export function describeDeaths({ died, interrupted, rerun }: IndexingByMembers): readonly string[] {
  if (died.length === 0) return ['died: nobody; there was too little work to kill somebody half-way']
  const names = died.map(
    ({ name, pid, isOurs }) => `${name} (pid ${pid}), killed by ${isOurs ? 'this program' : 'somebody'}`,
  )
  return [
    `died: ${names.join('; ')}`,
    `  ${calls(interrupted)} interrupted, ${number(rerun)} run again by other members`,
  ]
}

export function describeComparison(digest: string, aloneMs: number): string {
  return good(
    `the same index as in a single process, which took ${seconds(aloneMs)} (SHA-256 ${digest.slice(0, digestShown)}…)`,
  )
}

export function describeTop(index: WordIndex): string {
  const terms = index.top(topTerms, ({ word, files }) => word.length > 2 && 10 * files >= index.files)
  const list = terms.map(({ word, count }) => `${strong(word)} ${number(count)}`)
  return `most frequent words of three letters and more: ${list.join(', ')}`
}

/** Words that say something of these files, for who does not ask: frequent ones, but not everywhere. */
export function wordsWorthAsking(index: WordIndex): readonly string[] {
  return index
    .top(2, ({ word, files }) => word.length >= 7 && files > 1 && 10 * files < index.files)
    .map(({ word }) => word)
}

export function describeQuery(index: WordIndex, word: string, listing: Listing): readonly string[] {
  const hits = index.query(word)
  if (hits.length === 0) return [`"${word}" is in no file`]
  const list = hits
    .slice(0, hitsShown)
    .map(({ file, count }) => `${number(count).padStart(9)}  ${listing.files[file]?.path ?? ''}`)
  return [
    `${strong(`"${word}"`)} is in ${hits.length === 1 ? 'one file' : `${number(hits.length)} files`}, most often in`,
    ...list,
  ]
}

export function describeSpeedUp(measured: SpeedUp | undefined, members: number, deaths: number): readonly string[] {
  if (measured === undefined) return ['speed-up: not measured, there is too little work in this folder']
  const { factor, aloneMs, togetherMs, rounds } = measured
  const cores = availableParallelism()
  const how = [
    deaths === 0 ? 'nobody killed' : `${deaths} killed meanwhile`,
    'warm cache',
    rounds === 1 ? 'one round' : `median of ${rounds} rounds`,
  ]
  return [
    `speed-up: ${strong(factor.toFixed(2))} on ${cores === 1 ? 'one core' : `${cores} cores`}, efficiency ${strong((factor / cores).toFixed(2))} ` +
      `(alone ${seconds(aloneMs)}, ${members} members ${seconds(togetherMs)}; ${how.join(', ')})`,
    ...remarkOn(factor, cores),
  ]
}

function remarkOn(factor: number, cores: number): readonly string[] {
  if (factor > cores)
    return [
      '  more than there are cores: something else kept them busy, and several processes get a larger share of them than one',
    ]
  if (cores > 1 && factor < factorExpected)
    return [bad(`  less than ${factorExpected}: is this machine busy with something else?`)]
  return []
}

function calls(count: number): string {
  return count === 1 ? '1 call' : `${number(count)} calls`
}

function number(value: number): string {
  return value.toLocaleString('en-US')
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`
}

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`
}

function strong(text: string): string {
  return styleText('bold', text, { stream: process.stdout })
}

function good(text: string): string {
  return styleText('green', text, { stream: process.stdout })
}

export function bad(text: string): string {
  return styleText('red', text, { stream: process.stderr })
}
