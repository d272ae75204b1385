/**
 * Networks for a world of machines: one that keeps its promises, and one that breaks each of them with some chance.
 */
import type { Random } from '../../src/lib/random.ts'
import type { Network } from './world.ts'

export function reliableNetwork<Message>(delayMs: number): Network<Message> {
  return { delaysMs: () => [delayMs] }
}

export interface Faults {
  readonly lossRate: number
  readonly repeatRate: number
  readonly delayMsMin: number
  readonly delayMsMax: number
  /** Of the copies that come very late, long after everyone has gone on. */
  readonly straggleRate: number
  readonly straggleMsMax: number
}

export interface FaultyNetwork<Message> extends Network<Message> {
  /** From now on nothing is lost, repeated or late. What is under way stays so. */
  heal(): void
}

export function faultyNetwork<Message>(faults: Faults, strays: (message: Message) => boolean): FaultyNetwork<Message> {
  let isHealed = false
  return {
    strays,
    heal: () => {
      isHealed = true
    },
    delaysMs: (_from, _to, _message, random) => {
      if (isHealed) return [faults.delayMsMin]
      const copies = random.next() < faults.repeatRate ? 2 : 1
      return Array.from({ length: copies }, () => delayMs(faults, random)).filter(
        () => random.next() >= faults.lossRate,
      )
    },
  }
}

function delayMs(faults: Faults, random: Random): number {
  if (random.next() < faults.straggleRate) return random.next() * faults.straggleMsMax
  return faults.delayMsMin + random.next() * (faults.delayMsMax - faults.delayMsMin)
}
