/**
 * Where the Unix sockets of a system lie: a short path, in a folder that only its user can enter.
 *
 * A Unix socket's path must stay under about 100 bytes, so sockets cannot lie in the state folder, whose path may be
 * long; they lie in a folder named after a hash of it. The folder is made with mode 0700, and one that is there
 * already is used only if it is a real directory of this user that nobody else can enter.
 */
import { hash } from 'node:crypto'
import { lstat, mkdir, readdir, realpath, stat, unlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { CardumenError } from '../lib/cardumen-error.ts'

/** `sun_path` has 104 bytes on macOS and 108 on Linux, the last of them zero. */
export const socketPathBytesMax = 103
const hashDigits = 16
/** Of the longest name in the folder: `/`, the hash of a listener's name, `.sock`. */
const nameBytes = 1 + hashDigits + 5
/** A younger socket may belong to a listener that is just about to listen. */
const staleAgeMsMin = 10_000
const probeTimeoutMs = 500

/**
 * Makes and checks the folder for the system in this state folder, and returns its path.
 * @throws CardumenError `state-unwritable`
 */
export async function openSocketFolder(stateFolder: string): Promise<string> {
  const name = shortHash(await canonical(stateFolder))
  const runtime = process.env['XDG_RUNTIME_DIR']
  if (
    runtime !== undefined &&
    runtime !== '' &&
    fits(join(runtime, `cardumen-${name}`)) &&
    (await isPrivate(runtime))
  ) {
    return privateFolder(join(runtime, `cardumen-${name}`))
  }
  const user = `cardumen-${process.getuid?.() ?? 'user'}`
  const parent = [tmpdir(), '/tmp'].map((folder) => join(folder, user)).find((folder) => fits(join(folder, name)))
  if (parent === undefined)
    throw new CardumenError(
      'state-unwritable',
      `No folder has a path short enough for sockets; ${tmpdir()} is too long.`,
    )
  await privateFolder(parent)
  return privateFolder(join(parent, name))
}

/** The path of a listener's socket in the folder; names may be long. */
export function socketPath(folder: string, name: string): string {
  return join(folder, `${shortHash(name)}.sock`)
}

/** Removes the sockets of the folder that nobody listens on any more. */
export async function removeStaleSockets(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sock'))
  await Promise.all(names.map((name) => removeIfStale(join(folder, name))))
}

async function removeIfStale(path: string): Promise<void> {
  try {
    const { mtimeMs } = await stat(path)
    if (Date.now() - mtimeMs >= staleAgeMsMin && (await isDeserted(path))) await unlink(path)
  } catch {
    // Another process was quicker; or it is not ours to remove, and harms nobody.
  }
}

/** True only where a connection is refused: nobody listens, and nobody will under this name. */
function isDeserted(path: string): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect(path)
    socket.setTimeout(probeTimeoutMs)
    const end = (isRefused: boolean): void => {
      socket.destroy()
      settle(isRefused)
    }
    socket.once('connect', () => end(false))
    socket.once('timeout', () => end(false))
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code === 'ECONNREFUSED'))
  })
}

async function privateFolder(path: string): Promise<string> {
  try {
    await mkdir(path, { mode: 0o700, recursive: true })
  } catch (cause) {
    throw new CardumenError('state-unwritable', `The folder for sockets, ${path}, cannot be made.`, { cause })
  }
  if (await isPrivate(path)) return path
  throw new CardumenError('state-unwritable', `The folder for sockets, ${path}, could be entered by others.`, {
    hint: `Make sure that ${path} is a directory of yours with mode 0700, or remove it.`,
  })
}

async function isPrivate(path: string): Promise<boolean> {
  try {
    const found = await lstat(path)
    const isOwn = process.getuid === undefined || found.uid === process.getuid()
    return found.isDirectory() && isOwn && (process.platform === 'win32' || (found.mode & 0o077) === 0)
  } catch {
    return false
  }
}

/** One state folder has one socket folder, by whatever path it is reached. */
async function canonical(stateFolder: string): Promise<string> {
  try {
    return await realpath(stateFolder)
  } catch {
    return resolve(stateFolder)
  }
}

function fits(folder: string): boolean {
  return Buffer.byteLength(folder) + nameBytes <= socketPathBytesMax
}

function shortHash(text: string): string {
  return hash('sha256', text, 'hex').slice(0, hashDigits)
}
