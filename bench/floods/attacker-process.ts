/**
 * Measured process: a hostile member, and strangers on bare sockets, that give a member all they have.
 *
 * Drip: a thousand connections send a byte a second of a HELLO, and are made again within a second where they were
 * closed. Calls: as many calls at once as one peer has slots for and as many again, for ever. Streams: the same with
 * streams that nobody ends. Capabilities: calls with wrong ones. Garbage: connections that send bytes of no meaning.
 * Spin is no attack: it sends nothing, and only takes as much of the processor as it is told to.
 */
import { hash, randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setPriority } from 'node:os'
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'
import { Capability, join } from '../../src/cardumen.ts'
import { NULL_CALL } from '../calls/contender.ts'
import { answer, childArgument } from '../harness/answer.ts'
import type { Attack } from './attacks.ts'
import { FloodedService, type ServerName } from './flooded-service.ts'

export interface Target {
  readonly name: ServerName
  readonly address: string
}

export type AttackerMethods = {
  /** Answered once the attack goes on. */
  begin(argument: { readonly attack: Attack; readonly target: Target }): Promise<boolean>
  /** `share` is of one core. */
  spin(argument: { readonly share: number }): boolean
  /** Answered once it has ended: how many calls, items or connections it had. */
  end(argument: null): Promise<number>
}

const DRIPPING = 1_000
const CALLS_AT_ONCE = 2_048
const STREAMS_AT_ONCE = 1_024
const GARBAGE_AT_ONCE = 50
const SECOND_MS = 1_000
const UNDER_WAY_MS = 300
const PRIORITY = 10

const system = await join({ home: childArgument<string>() })
let stop = new AbortController()
let working: Promise<unknown>[] = []
let done = 0
// It is to take what the others leave of this machine's processor, not theirs.
setPriority(PRIORITY)

/** As anybody on a Linux machine can see it: a socket's name follows from its member's. */
function socketOf(member: string): string {
  const name = `/${hash('sha256', member.replace('#', '.')).slice(0, 16)}.sock`
  const sockets = readFileSync('/proc/net/unix', 'utf8').split('\n')
  const found = sockets
    .find((line) => line.endsWith(name))
    ?.split(' ')
    .at(-1)
  if (found === undefined) throw new Error(`${member} listens nowhere that could be seen`)
  return found
}

async function again(work: () => Promise<unknown>): Promise<void> {
  const { signal } = stop
  while (!signal.aborted) {
    await work().catch(() => delay(1))
    done++
  }
}

function calls({ name }: Target): Promise<void>[] {
  const victim = system.open(FloodedService, name)
  return Array.from({ length: CALLS_AT_ONCE }, () => again(() => victim.echo(NULL_CALL)))
}

function streams({ name }: Target): Promise<void>[] {
  const victim = system.open(FloodedService, name)
  const { signal } = stop
  return Array.from({ length: STREAMS_AT_ONCE }, () =>
    again(async () => {
      for await (const item of victim.endless(undefined, { signal })) done += item.text === '' ? 0 : 1
    }),
  )
}

function capabilities({ name }: Target): Promise<void>[] {
  const served = system.member.servers(name)[0]
  if (served === undefined) throw new Error('the member that is attacked serves nothing')
  const bytes = Capability.toBytes(served.capability)
  return Array.from({ length: CALLS_AT_ONCE }, (_, index) =>
    again(() => {
      const forged = bytes.slice()
      forged.set(randomBytes(8), forged.length - 8 - (index % 8))
      const capability = Capability.fromBytes(forged)
      return capability === undefined ? Promise.resolve() : system.open(FloodedService, capability).echo(NULL_CALL)
    }),
  )
}

/** Resolves when the connection is closed. */
function session(path: string, act: (socket: Socket) => void): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const onAbort = (): void => void socket.destroy()
    stop.signal.addEventListener('abort', onAbort, { once: true })
    socket.on('connect', () => act(socket)).on('error', () => undefined)
    socket
      .on('data', () => undefined)
      .on('close', () => {
        stop.signal.removeEventListener('abort', onAbort)
        resolve()
      })
  })
}

function drip({ address }: Target): Promise<void>[] {
  const path = socketOf(address)
  const { signal } = stop
  return Array.from({ length: DRIPPING }, (_, index) =>
    again(async () => {
      await session(path, (socket) => {
        const head = Buffer.from([0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1])
        let sent = 0
        const timer = setInterval(() => socket.write(head.subarray(sent, ++sent)), SECOND_MS)
        socket.on('close', () => clearInterval(timer))
      })
      await delay(SECOND_MS * (0.5 + (index % 100) / 200), undefined, { signal }).catch(() => undefined)
    }),
  )
}

function garbage({ address }: Target): Promise<void>[] {
  const path = socketOf(address)
  return Array.from({ length: GARBAGE_AT_ONCE }, () =>
    again(() => session(path, (socket) => void socket.write(randomBytes(65_536)))),
  )
}

/** As much of the processor as it may have, by the account of the operating system; it can be told to end. */
function spin(share: number): Promise<void>[] {
  const startedAt = performance.now()
  const used = process.cpuUsage()
  const work = async (): Promise<void> => {
    const { user, system: inKernel } = process.cpuUsage(used)
    const isBehind = (user + inKernel) / 1_000 < share * (performance.now() - startedAt)
    const until = performance.now() + 1
    while (isBehind && performance.now() < until);
    // A timer would rest for a millisecond, and never take more than half.
    await (isBehind ? turn() : delay(1))
  }
  return [again(work)]
}

const begun: Record<Attack, (target: Target) => Promise<void>[]> = { drip, calls, streams, capabilities, garbage }

function start(work: () => Promise<void>[]): void {
  stop = new AbortController()
  setMaxListeners(0, stop.signal)
  working = work()
}

const methods: AttackerMethods = {
  async begin({ attack, target }) {
    start(() => begun[attack](target))
    await delay(attack === 'drip' ? 2 * SECOND_MS : UNDER_WAY_MS)
    done = 0
    return true
  },
  spin({ share }) {
    start(() => spin(share))
    return true
  },
  async end() {
    stop.abort()
    await Promise.all(working)
    return done
  },
}

answer(methods, async () => {
  stop.abort()
  await system.close()
})
