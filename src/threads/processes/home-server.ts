/**
 * The home of what lives in this process, for other processes: listens on a socket, and has the primitives carry out what is
 * asked of them. Runs in the service thread.
 *
 * Only what was exported can be reached, and only by who shows the secret, which travels with what was exported. A
 * connection is a process (`home-peer.ts`).
 */
import { unlinkSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { kinds } from '../travel/kinds.ts'
import { isServed, type Served } from '../travel/remote.ts'
import type { Packed } from '../travel/shareable.ts'
import { newHomeAddress, secretPathOf } from './home-address.ts'
import type { HomeReference } from './home-messages.ts'
import { HomePeer } from './home-peer.ts'

/** Processes that use what lives here, at once. */
const peersMax = 1_024
/** Things handed to other processes; as many as a process can have. */
const exportsMax = 32_768

/** By which other processes reach it, and what messages call it. */
export interface ExportedThing {
  readonly number: number
  readonly name: string
}

export class HomeServer {
  readonly reference: HomeReference
  readonly #server: Server
  readonly #peers = new Set<HomePeer>()
  readonly #things = new Map<string, ExportedThing>()
  readonly #exported: Served[] = []
  /** Gives what `cardumen threads` prints. */
  readonly report: () => unknown

  private constructor(reference: HomeReference, report: () => unknown) {
    this.reference = reference
    this.report = report
    this.#server = createServer((socket) => this.#onConnection(socket))
    this.#server.maxConnections = peersMax
    this.#server.unref()
  }

  /** @param report - gives what `cardumen threads` prints. @throws CardumenError `state-unwritable` */
  static async open(report: () => unknown): Promise<HomeServer> {
    const home = new HomeServer(await newHomeAddress(), report)
    await home.#listen()
    return home
  }

  /**
   * Makes a thing of this process reachable, and says how.
   * @throws CardumenError `cannot-travel` for what only threads can share, `capacity-reached`
   */
  async export(packed: Packed): Promise<ExportedThing> {
    const key = JSON.stringify(packed, (_, value: unknown) => (value instanceof SharedArrayBuffer ? undefined : value))
    const known = this.#things.get(key)
    if (known !== undefined) return known
    if (this.#exported.length >= exportsMax)
      throw new CardumenError('capacity-reached', `A process hands ${exportsMax} things to others, and no more.`)
    const unpack = await kinds[packed.kind]?.()
    const thing = unpack?.(packed.state as never)
    if (!isServed(thing))
      throw new CardumenError('cannot-travel', `What is shared as ${packed.kind} stays in its process.`)
    const number = this.#exported.push(thing) - 1
    const exported = { number, name: 'name' in thing ? String(thing.name) : packed.kind }
    this.#things.set(key, exported)
    return exported
  }

  exported(number: number): Served | undefined {
    return this.#exported[number]
  }

  /** Processes connected at this moment. */
  get peers(): number {
    return this.#peers.size
  }

  close(): void {
    this.#server.close()
    for (const peer of this.#peers) peer.close()
    for (const path of [this.reference.socketPath, secretPathOf(this.reference.socketPath)]) removeFile(path)
  }

  #listen(): Promise<void> {
    const { socketPath } = this.reference
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const onError = (cause: Error): void => {
      removeFile(secretPathOf(socketPath))
      reject(
        new CardumenError('state-unwritable', `No socket can be made at ${socketPath}: ${cause.message}`, { cause }),
      )
    }
    this.#server.once('error', onError)
    this.#server.listen(socketPath, () => {
      this.#server.off('error', onError)
      // A connection that could not be accepted, for want of descriptors: its process hears of it.
      this.#server.on('error', () => undefined)
      resolve()
    })
    return promise
  }

  #onConnection(socket: Socket): void {
    socket.unref()
    const peer = new HomePeer(socket, this, () => this.#peers.delete(peer))
    this.#peers.add(peer)
  }
}

function removeFile(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // The socket's own is removed as it closes.
  }
}
