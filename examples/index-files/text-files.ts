/**
 * The files under a folder, and how they are shared out: batches of about the same number of bytes.
 *
 * The listing is taken once, in the order of the paths, and each file keeps its number in it from then on; so all runs
 * index the same files, whoever reads them. Whether a file holds text is seen when it is read (`index-batch.ts`).
 */
import { type Dirent, lstatSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'

export interface ListedFile {
  /** Relative to the folder. */
  readonly path: string
  readonly sizeBytes: number
  readonly modifiedMs: number
}

export interface Listing {
  /** Absolute. */
  readonly folder: string
  readonly files: readonly ListedFile[]
  readonly bytes: number
  /** What was passed over: symbolic links, sockets and the like, files that are too large, folders that cannot be read. */
  readonly skipped: { links: number; special: number; tooLarge: number; unreadable: number }
}

/** What a call gets: a part of the listing. */
export interface Batch {
  readonly folder: string
  /** Number in the listing of the first file. */
  readonly first: number
  readonly paths: readonly string[]
}

export const fileBytesMax = 16 * 1_048_576
/** What tools keep for themselves is nobody's text, and changes meanwhile. */
const foldersLeftOut = new Set(['.git', '.cache'])

const batchBytesMax = 262_144
const batchFilesMax = 256
/** With fewer than this, the last batches would leave cores idle; small folders get smaller batches. */
const batchesWanted = 64

/** @throws what reading the folder itself throws; trouble below it is counted. */
export function listFiles(folder: string): Listing {
  const skipped = { links: 0, special: 0, tooLarge: 0, unreadable: 0 }
  const files: ListedFile[] = []
  const visit = (entries: readonly Dirent[]): void => {
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name)
      if (entry.isSymbolicLink()) skipped.links++
      else if (entry.isDirectory()) {
        if (!foldersLeftOut.has(entry.name)) visit(attempt(() => entriesOf(path), skipped) ?? [])
      } else if (entry.isFile()) {
        const status = attempt(() => lstatSync(path), skipped)
        if (status === undefined) continue
        if (status.size > fileBytesMax) skipped.tooLarge++
        else files.push({ path: relative(folder, path), sizeBytes: status.size, modifiedMs: status.mtimeMs })
      } else skipped.special++
    }
  }
  visit(entriesOf(folder))
  files.sort((a, b) => (a.path < b.path ? -1 : 1))
  return { folder, files, bytes: files.reduce((sum, file) => sum + file.sizeBytes, 0), skipped }
}

/** Consecutive files, about the same number of bytes each; a file over that is alone in its batch. */
export function batchesOf(listing: Listing): readonly Batch[] {
  const bytesWanted = Math.min(batchBytesMax, listing.bytes / batchesWanted)
  const batches: Batch[] = []
  let paths: string[] = []
  let bytes = 0
  listing.files.forEach((file, index) => {
    paths.push(file.path)
    bytes += file.sizeBytes
    const isLast = index === listing.files.length - 1
    if (!isLast && bytes < bytesWanted && paths.length < batchFilesMax) return
    batches.push({ folder: listing.folder, first: index - paths.length + 1, paths })
    paths = []
    bytes = 0
  })
  return batches
}

/** Files that are not what they were when they were listed. */
export function changedFiles(listing: Listing): readonly string[] {
  const isChanged = ({ path, sizeBytes, modifiedMs }: ListedFile): boolean => {
    const status = lstatSync(join(listing.folder, path), { throwIfNoEntry: false })
    return status?.size !== sizeBytes || status.mtimeMs !== modifiedMs
  }
  return listing.files.filter(isChanged).map((file) => file.path)
}

function entriesOf(folder: string): readonly Dirent[] {
  return readdirSync(folder, { withFileTypes: true })
}

function attempt<Result>(read: () => Result, skipped: { unreadable: number }): Result | undefined {
  try {
    return read()
  } catch {
    skipped.unreadable++
    return undefined
  }
}
