/**
 * What a customer does between two looks at a register: it spins, then rests ever longer.
 *
 * Nobody wakes a customer of these locks, since a program of single reads and writes has no way to. So a short wait is spun
 * through, and a long one costs the holder's time on its core as little as it can, at up to `restMsMax` of delay.
 */
import { setImmediate, setTimeout } from 'node:timers/promises'

/** Looks without any rest but the processor's own pause. */
const spinsMax = 200
/** Looks of a task that lets the others of its thread go first, and no more. */
const turnsMax = 50
const restMsFirst = 0.02
/** The longest rest between two looks. */
const restMsMax = 2

/** Nobody else has this word, so a wait on it ends by its time only. */
const privateWord = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))

/** Blocks for a moment; `looks` counts from 0. True: it rested long enough for a further question. */
export function restBlocking(looks: number, deadline: number): boolean {
  if (looks < spinsMax) {
    Atomics.pause?.()
    return false
  }
  Atomics.wait(privateWord, 0, 0, Math.max(0, Math.min(restMs(looks - spinsMax), deadline - performance.now())))
  return true
}

export async function restAwaiting(looks: number, deadline: number): Promise<boolean> {
  if (looks < turnsMax) {
    await setImmediate()
    return false
  }
  await setTimeout(Math.max(0, Math.min(restMs(looks - turnsMax), deadline - performance.now())))
  return true
}

function restMs(rests: number): number {
  return Math.min(restMsMax, restMsFirst * 2 ** Math.min(rests, 16))
}
