/**
 * A member's disk on a host: files of one folder that is its own.
 *
 * Names are names, never paths. What makes a file appear, disappear or change its name is synced with the folder, so
 * that it outlives a crash as `src/edges/disk.ts` says.
 */
import { constants } from 'node:fs'
import { mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Disk, DiskFile } from '../edges/disk.ts'
import { checkFileName } from '../edges/file-name.ts'
import { CardumenError } from '../lib/cardumen-error.ts'

/** Never through a symbolic link: it would lead out of the folder. Windows knows no such flag. */
const openFlags = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0)

/** Creates the folder where there is none. @throws CardumenError `state-unwritable`. */
export async function openDisk(folder: string): Promise<Disk> {
  await makeFolder(resolve(folder)).catch((cause: unknown) => {
    throw new CardumenError('state-unwritable', `The folder ${folder} cannot be made: ${textOf(cause)}`, { cause })
  })
  const opened = new Set<string>()
  const pathOf = (name: string): string => join(folder, checkFileName(name))
  return {
    open: (name) => told(() => openFile(pathOf(name), name, folder, opened)),
    list: () => told(async () => (await readdir(folder)).sort()),
    rename: (source, target) =>
      told(async () => {
        await rename(pathOf(source), pathOf(target))
        await syncFolder(folder)
      }),
    remove: (name) =>
      told(async () => {
        await rm(pathOf(name), { force: true })
        await syncFolder(folder)
      }),
  }
}

/** A file outlives a crash only in a folder that does. */
async function makeFolder(folder: string): Promise<void> {
  const firstMade = await mkdir(folder, { recursive: true, mode: 0o700 })
  if (firstMade === undefined) return
  for (let made = folder; made.length >= firstMade.length; made = dirname(made)) await syncFolder(dirname(made))
}

async function openFile(path: string, name: string, folder: string, opened: Set<string>): Promise<DiskFile> {
  if (opened.has(name)) throw new CardumenError('option-invalid', `The file "${name}" is open already.`)
  opened.add(name)
  try {
    const handle = await open(path, openFlags, 0o600)
    try {
      // Also where it was there: whoever made it may have been killed before this.
      await syncFolder(folder)
    } catch (error) {
      await handle.close()
      throw error
    }
    return fileOf(handle, name, () => void opened.delete(name))
  } catch (error) {
    opened.delete(name)
    throw error
  }
}

function fileOf(handle: FileHandle, name: string, onClosed: () => void): DiskFile {
  let closing: Promise<void> | undefined
  return {
    name,
    size: () => told(async () => (await handle.stat()).size),
    read: (offset, sizeBytes) => told(() => readFully(handle, offset, sizeBytes)),
    write: (offset, bytes) => told(() => writeFully(handle, offset, bytes.slice())),
    truncate: (sizeBytes) => told(() => handle.truncate(sizeBytes)),
    sync: () => told(() => handle.datasync()),
    close: () => (closing ??= told(() => handle.close().finally(onClosed))),
  }
}

async function readFully(handle: FileHandle, offset: number, sizeBytes: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(sizeBytes)
  let filled = 0
  while (filled < sizeBytes) {
    const { bytesRead } = await handle.read(bytes, filled, sizeBytes - filled, offset + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.slice(0, filled)
}

async function writeFully(handle: FileHandle, offset: number, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, offset + written)
    written += bytesWritten
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function told<Result>(act: () => Promise<Result>): Promise<Result> {
  try {
    return await act()
  } catch (cause) {
    if (cause instanceof CardumenError) throw cause
    const code = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(codeOf(cause) ?? '') ? 'disk-full' : 'disk-failed'
    throw new CardumenError(code, `The disk failed: ${textOf(cause)}`, { cause })
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
