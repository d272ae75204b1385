/**
 * The ways by which two processes communicate, each as a line over which a unit of bytes goes there and a short answer comes back.
 *
 * So the same exchange tells of a trip, with a few bytes, and of speed, with many. A way that wakes nobody looks for its turn: the
 * file every millisecond, the registers without a pause. Making the other process is not part of what is measured.
 */
import { once } from 'node:events'
import { openSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { Channel, FileLock, popen, Process, RegisterFile, Semaphore } from '../../src/threads.ts'
import { LOOK_MS, REGISTER_BYTES, REGISTERS_BEFORE, TURN } from './partners.ts'

export interface Line {
  /** Sends a unit and waits for the answer. */
  exchange(): Promise<void>
  close(): Promise<void>
}

export interface Way {
  readonly name: string
  /** Bytes that go at a time where the speed of many bytes is measured; undefined: the way carries no bytes. */
  readonly blockBytes: number | undefined
  open(unit: number, folder: string): Promise<Line>
}

/** Of one message; a larger unit goes in several. */
const MESSAGE_BYTES = 16_000
const MEBIBYTE = 1_048_576
const partners = new URL('./partners.ts', import.meta.url)

export const WAYS: readonly Way[] = [
  { name: 'pipes', blockBytes: MEBIBYTE, open: openPipes },
  { name: 'sockets', blockBytes: MEBIBYTE, open: openSockets },
  { name: 'messages (channels)', blockBytes: MEBIBYTE, open: openChannels },
  { name: 'files with locks', blockBytes: MEBIBYTE, open: openFile },
  { name: 'shared memory (registers)', blockBytes: 65_536, open: openRegisters },
  { name: 'semaphores', blockBytes: undefined, open: openSemaphores },
]

async function openPipes(unit: number): Promise<Line> {
  const program = popen(process.execPath, [fileURLToPath(partners), String(unit)], { stderr: 'inherit' })
  return streamLine(unit, program.stdout, program.stdin, () => program[Symbol.asyncDispose]())
}

async function openSockets(unit: number, folder: string): Promise<Line> {
  const path = join(folder, `${unit}.sock`)
  const server = createServer().listen(path)
  const other = partner('answerSocket', path, unit)
  const [socket] = (await once(server, 'connection')) as [Socket]
  return streamLine(unit, socket, socket, async () => {
    await other[Symbol.asyncDispose]()
    socket.destroy()
    server.close()
  })
}

async function openChannels(unit: number): Promise<Line> {
  const questions = new Channel<Uint8Array>({ capacity: 64, messageBytesMax: MESSAGE_BYTES + 100 })
  const answers = new Channel<number>({ capacity: 2 })
  const other = partner('answerChannel', questions, answers, unit)
  const message = new Uint8Array(Math.min(unit, MESSAGE_BYTES))
  return {
    async exchange() {
      for (let sent = 0; sent < unit; sent += message.length)
        await questions.sendAsync(message.subarray(0, Math.min(message.length, unit - sent)))
      await answers.receiveAsync()
    },
    async close() {
      await other[Symbol.asyncDispose]()
      for (const channel of [questions, answers]) channel.close()
    },
  }
}

async function openFile(unit: number, folder: string): Promise<Line> {
  const path = join(folder, `${unit}.content`)
  writeFileSync(path, Buffer.alloc(1 + unit))
  const lock = new FileLock(`${path}.lock`)
  const other = partner('answerFile', lock, path, unit)
  const file = openSync(path, 'r+')
  const content = Buffer.alloc(1 + unit, TURN.theirs)
  const turn = Buffer.alloc(1)
  return {
    async exchange() {
      {
        using _held = await lock.holdAsync()
        writeSync(file, content, 0, content.length, 0)
      }
      for (;;) {
        await delay(LOOK_MS)
        using _held = await lock.holdAsync()
        readSync(file, turn, 0, 1, 0)
        if (turn[0] === TURN.ours) return
      }
    },
    async close() {
      await other[Symbol.asyncDispose]()
      lock.close()
    },
  }
}

async function openRegisters(unit: number): Promise<Line> {
  const registers = new RegisterFile({ registers: REGISTERS_BEFORE + unit / REGISTER_BYTES })
  const other = partner('answerRegisters', registers, unit)
  let question = 0
  return {
    async exchange() {
      for (let register = 0; register < unit / REGISTER_BYTES; register++)
        registers.write(REGISTERS_BEFORE + register, question)
      registers.write(0, ++question)
      // Nothing else is to be done here meanwhile.
      while (registers.read(1) !== question);
    },
    async close() {
      await other[Symbol.asyncDispose]()
      registers.close()
    },
  }
}

async function openSemaphores(): Promise<Line> {
  const [asked, answered] = [new Semaphore(0), new Semaphore(0)]
  const other = partner('answerSemaphore', asked, answered)
  return {
    async exchange() {
      asked.release()
      await answered.acquireAsync()
    },
    async close() {
      await other[Symbol.asyncDispose]()
      for (const semaphore of [asked, answered]) semaphore.close()
    },
  }
}

function partner(functionName: string, ...args: unknown[]): Process {
  const other = new Process(partners, functionName, { args })
  other.start()
  other.join().catch(() => undefined)
  return other
}

function streamLine(unit: number, from: Readable, to: Writable, close: () => Promise<void>): Line {
  const bytes = Buffer.alloc(unit)
  return {
    async exchange() {
      to.write(bytes)
      await once(from, 'data')
    },
    close,
  }
}
