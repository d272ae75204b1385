/**
 * Standard output and error of a thread, written straight to the descriptors.
 *
 * Node sends what a worker prints to the thread that started it, whose event loop prints it some time later; a thread that is busy
 * or blocked holds it back, and one that exits loses it. Ours print when they print, so their lines come in the order in
 * which the whole process wrote them, with the main thread's, whose own output is synchronous too.
 */
import { writeSync } from 'node:fs'
import { Writable } from 'node:stream'

const standardOutput = 1
const standardError = 2
/** How long a full pipe is left alone before the next try. */
const retryMs = 1

/** For the bootstrap of a thread, before anything prints. */
export function useDirectOutput(): void {
  replace('stdout', standardOutput)
  replace('stderr', standardError)
}

function replace(name: 'stdout' | 'stderr', descriptor: number): void {
  let stream: Writable | undefined
  // Made when it is first used: most threads print nothing.
  Object.defineProperty(process, name, {
    configurable: true,
    enumerable: true,
    get: () => (stream ??= directStream(descriptor)),
  })
}

function directStream(descriptor: number): Writable {
  const stream = new Writable({
    decodeStrings: true,
    write(chunk: Buffer, _encoding, onWritten) {
      try {
        writeAll(descriptor, chunk)
      } catch (error) {
        // As on the main thread: of nobody who listens, it ends the thread, which would else print for nobody for ever.
        process.nextTick(() => stream.emit('error', error))
      }
      onWritten()
    },
  })
  // As on the main thread, nobody can close it.
  stream.destroy = () => stream
  return Object.assign(stream, { fd: descriptor })
}

function writeAll(descriptor: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(descriptor, bytes, written)
    } catch (error) {
      if (!isFull(error)) throw error
      rest()
    }
  }
}

/** A pipe whose reader is slow, and which the main thread has made non-blocking. */
function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN'
}

const nobodyWakes = new Int32Array(new SharedArrayBuffer(4))

function rest(): void {
  Atomics.wait(nobodyWakes, 0, 0, retryMs)
}
