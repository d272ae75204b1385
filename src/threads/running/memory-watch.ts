/**
 * Looks how much memory a thread uses, as long as it runs.
 *
 * The thread answers in the middle of a loop too; one that sleeps in `Atomics.wait` answers when it wakes, and meanwhile
 * takes no more.
 */
import type { Worker } from 'node:worker_threads'

const lookMs = 25
const bytesPerMegabyte = 1_048_576

/** Until it is disposed of. `onExceeded` is called once at most, with what was used. */
export function watchMemory(worker: Worker, megabytesMax: number, onExceeded: (text: string) => void): Disposable {
  let isOver = false
  let timer: NodeJS.Timeout | undefined
  const look = async (): Promise<void> => {
    const usedBytes = await usedBytesOf(worker)
    if (isOver) return
    if (usedBytes > megabytesMax * bytesPerMegabyte)
      return onExceeded(`it used ${Math.round(usedBytes / bytesPerMegabyte)} MB, and ${megabytesMax} is its most`)
    timer = setTimeout(() => void look(), lookMs)
  }
  worker.once('online', () => void look())
  return {
    [Symbol.dispose]() {
      isOver = true
      clearTimeout(timer)
    },
  }
}

async function usedBytesOf(worker: Worker): Promise<number> {
  try {
    const { used_heap_size: heapBytes, external_memory: bufferBytes } = await worker.getHeapStatistics()
    return heapBytes + bufferBytes
  } catch {
    // The thread ended meanwhile; its exit says why.
    return 0
  }
}
