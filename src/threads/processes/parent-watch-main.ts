/**
 * The thread of a process that ends it when its parent has gone, whatever its other threads do.
 *
 * The parent holds the other end of the socket at `descriptor` and never writes to it, so it closes when the parent ends,
 * also by kill -9. The process is asked first (SIGTERM), so that it can put things away, and then ended. A process that is
 * stopped (SIGSTOP) notices when it goes on.
 */
import { Socket } from 'node:net'
import process from 'node:process'
import { workerData } from 'node:worker_threads'

/** What a process has for putting its things away. */
const graceMs = 500

const { descriptor } = workerData as { readonly descriptor: number }
const parent = new Socket({ fd: descriptor, readable: true, writable: false })
parent.on('error', () => undefined)
parent.on('close', () => {
  process.kill(process.pid, 'SIGTERM')
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), graceMs)
})
parent.resume()
