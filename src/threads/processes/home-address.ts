/**
 * Where the socket of a process lies by which others reach what lives in it, and the secret that opens it.
 *
 * Both are files `<pid>-<random>` in a folder that only this user can enter. The random part keeps apart processes of
 * containers that share a folder and count their processes alike. Who was killed leaves its files; the next one removes them.
 */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, stat, unlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import process from 'node:process'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { openSocketFolder, removeStaleSockets } from '../../host/socket-folder.ts'
import { type HomeReference, secretLetters } from './home-messages.ts'

/** No folder of this name need be: it is what the folder of sockets is named after. */
const folderKey = '/cardumen/threads'
const socketEnd = '.sock'
const secretEnd = '.secret'
const randomNameBytes = 4
const forUserOnly = 0o600

/** A new address of this process, with its secret written down. @throws CardumenError `state-unwritable` */
export async function newHomeAddress(): Promise<HomeReference> {
  const folder = await openSocketFolder(folderKey)
  await removeStaleFiles(folder)
  const stem = join(folder, `${process.pid}-${randomBytes(randomNameBytes).toString('hex')}`)
  const secret = randomBytes(secretLetters / 2).toString('hex')
  await write(stem + secretEnd, secret)
  return { pid: process.pid, socketPath: stem + socketEnd, secret }
}

async function write(path: string, secret: string): Promise<void> {
  try {
    await writeFile(path, secret, { mode: forUserOnly })
  } catch (cause) {
    await unlink(path).catch(() => undefined)
    const text = `What opens the socket of this process cannot be written: ${String(cause)}`
    throw new CardumenError('state-unwritable', text, { cause })
  }
}

/** The address of a running process; undefined where it has none, or is none of ours. */
export async function homeAddressOf(pid: number): Promise<HomeReference | undefined> {
  const [newest] = await homeAddressesOf(pid)
  return newest
}

/** Addresses of processes of this user, of all or of that one, the newest first. Those that were killed may be among them. */
export async function homeAddressesOf(pid?: number): Promise<readonly HomeReference[]> {
  const folder = await openSocketFolder(folderKey)
  const start = pid === undefined ? '' : `${pid}-`
  const names = (await readdir(folder)).filter((name) => name.startsWith(start) && name.endsWith(socketEnd))
  const dated = await Promise.all(names.map((name) => datedAddress(join(folder, name))))
  const found = dated.filter((each) => each !== undefined)
  return found.toSorted((left, right) => right.ms - left.ms).map(({ home }) => home)
}

/** Undefined where it has just gone. */
async function datedAddress(socketPath: string): Promise<{ home: HomeReference; ms: number } | undefined> {
  try {
    const { mtimeMs } = await stat(socketPath)
    const secret = await readFile(secretPathOf(socketPath), 'utf8')
    return { home: { pid: Number.parseInt(basename(socketPath), 10), socketPath, secret }, ms: mtimeMs }
  } catch {
    return undefined
  }
}

/** The file that goes with a socket. */
export function secretPathOf(socketPath: string): string {
  return socketPath.slice(0, -socketEnd.length) + secretEnd
}

/** A secret is written before its socket is there, so a young one may still get it. */
const secretAgeMsMin = 10_000

async function removeStaleFiles(folder: string): Promise<void> {
  await removeStaleSockets(folder)
  const secrets = (await readdir(folder)).filter((name) => name.endsWith(secretEnd))
  await Promise.all(secrets.map((name) => removeIfLeft(join(folder, name)).catch(() => undefined)))
}

async function removeIfLeft(secretPath: string): Promise<void> {
  const socketPath = secretPath.slice(0, -secretEnd.length) + socketEnd
  const { mtimeMs } = await stat(secretPath)
  if (!existsSync(socketPath) && Date.now() - mtimeMs > secretAgeMsMin) await unlink(secretPath)
}
