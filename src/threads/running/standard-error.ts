/**
 * What the service thread prints: in order, and never by a write that could block it.
 *
 * Standard error may be a pipe that nobody reads. A write to that blocks, and so it is left to Node's pool of threads.
 */
import { write } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

const standardError = 2
/** Texts that wait for the one being written; further ones are lost. */
const textsMax = 1_024
/** How long a pipe that is full, and does not block, is left alone before the next try. */
const retryMs = 5

let texts = 0
let last = Promise.resolve()

/** Resolves when it is written, or cannot be. */
export function printError(text: string): Promise<void> {
  if (texts >= textsMax) return last
  texts++
  last = last.then(() => writeAll(Buffer.from(text))).finally(() => texts--)
  return last
}

async function writeAll(bytes: Buffer): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const outcome = await writeSome(bytes.subarray(written))
    if (typeof outcome === 'number') written += outcome
    else if (outcome.code === 'EAGAIN') await delay(retryMs)
    // It is closed: nobody can be told.
    else return
  }
}

function writeSome(bytes: Buffer): Promise<number | NodeJS.ErrnoException> {
  return new Promise((resolve) => write(standardError, bytes, (error, written) => resolve(error ?? written)))
}
