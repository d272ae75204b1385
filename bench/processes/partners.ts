/**
 * The other process of each way to communicate: it takes a unit of bytes, as many as it was told, and answers each whole unit
 * shortly, until it is ended.
 */
import { openSync, readSync, writeSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import process from 'node:process'
import type { Readable, Writable } from 'node:stream'
import type { BakeryLock, Channel, FileLock, Lock, RegisterFile, Semaphore } from '../../src/threads.ts'

/** The first byte of the shared file says whose turn it is; the rest is the unit. */
export const TURN = { ours: 0, theirs: 1 } as const
/** Between two looks at a file. */
export const LOOK_MS = 1
/** Registers before those that hold the unit: the number of the question, and that of the answer. */
export const REGISTERS_BEFORE = 2
export const REGISTER_BYTES = 8

export async function answerChannel(
  questions: Channel<Uint8Array>,
  answers: Channel<number>,
  unit: number,
): Promise<void> {
  let received = 0
  for await (const bytes of questions) {
    received += bytes.length
    if (received < unit) continue
    received -= unit
    await answers.sendAsync(unit)
  }
}

export async function answerSemaphore(asked: Semaphore, answered: Semaphore): Promise<never> {
  for (;;) {
    await asked.acquireAsync()
    answered.release()
  }
}

/** Never sleeps: register files wake nobody. */
export function answerRegisters(registers: RegisterFile, unit: number): never {
  for (let last = 0; ; ) {
    const question = registers.read(0)
    if (question === last) continue
    for (let register = 0; register < unit / REGISTER_BYTES; register++) registers.read(REGISTERS_BEFORE + register)
    last = question
    registers.write(1, question)
  }
}

export async function answerSocket(path: string, unit: number): Promise<void> {
  const socket = connect(path)
  await answerStream(socket, socket, unit)
}

/** Looks for its turn under the lock, now and then: a file wakes nobody. */
export async function answerFile(lock: FileLock, path: string, unit: number): Promise<never> {
  const file = openSync(path, 'r+')
  const content = Buffer.alloc(1 + unit)
  for (;;) {
    {
      using _held = await lock.holdAsync()
      readSync(file, content, 0, 1, 0)
      if (content[0] === TURN.theirs) {
        readSync(file, content, 0, content.length, 0)
        writeSync(file, Uint8Array.of(TURN.ours), 0, 1, 0)
      }
    }
    await delay(LOOK_MS)
  }
}

/** Microseconds that acquiring and releasing a free lock takes here, far from its home. */
export async function costOfLock(lock: Lock, rounds: number): Promise<number> {
  return costOf(rounds, async () => {
    await lock.acquireAsync()
    lock.release()
  })
}

export async function costOfFileLock(lock: FileLock, rounds: number): Promise<number> {
  return costOf(rounds, async () => {
    await lock.acquireAsync()
    lock.release()
  })
}

export async function costOfBakery(lock: BakeryLock, rounds: number): Promise<number> {
  const customer = lock.customer(1)
  return costOf(rounds, async () => {
    await customer.acquireAsync()
    customer.release()
  })
}

export function nothing(): void {}

async function costOf(rounds: number, turn: () => Promise<void>): Promise<number> {
  for (let round = 0; round < rounds / 10; round++) await turn()
  const startedMs = performance.now()
  for (let round = 0; round < rounds; round++) await turn()
  return (1000 * (performance.now() - startedMs)) / rounds
}

async function answerStream(from: Readable, to: Writable, unit: number): Promise<void> {
  let received = 0
  for await (const bytes of from as AsyncIterable<Uint8Array>) {
    received += bytes.length
    for (; received >= unit; received -= unit) to.write('.')
  }
}

if (import.meta.main) await answerStream(process.stdin, process.stdout, Number(process.argv[2]))
