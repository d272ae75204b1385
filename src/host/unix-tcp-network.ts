/**
 * Streams between the processes of one machine, over Unix sockets or over TCP on the loopback.
 *
 * Unix sockets lie in the folder of `socket-folder.ts` and are what a member uses. TCP needs no folder and shows that
 * nothing above depends on the kind; anybody on the machine can reach it, so there the handshake alone protects.
 */
import { unlink } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net'
import type { Connection, ConnectionEvents, Endpoint, Listener, Network } from '../edges/network.ts'
import { CardumenError } from '../lib/cardumen-error.ts'
import { removeStaleSockets, socketPath } from './socket-folder.ts'

const backlog = 511
const loopback = '127.0.0.1'
const readBytes = 65_536
/** Of what a read brought, as much as this is copied out at once; from a larger chunk each part goes where it belongs. */
const ownedBytesMax = 16_384
/** Of all sockets: what a read brought has been dealt with when it returns. Only Windows reads into it ahead. */
const sharedBuffer = new Uint8Array(readBytes)

/** `folder` comes from `openSocketFolder`. */
export type NetworkKind = { readonly kind: 'unix'; readonly folder: string } | { readonly kind: 'tcp' }

export class UnixTcpNetwork implements Network {
  readonly #kind: NetworkKind

  constructor(kind: NetworkKind) {
    this.#kind = kind
  }

  async listen(name: string, onConnection: (connection: Connection) => void): Promise<Listener> {
    const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) =>
      onConnection(new SocketConnection(socket)),
    )
    return this.#kind.kind === 'tcp' ? listenTcp(server) : listenUnix(server, this.#kind.folder, name)
  }

  dial(endpoint: Endpoint, options: { readonly timeoutMs: number }): Promise<Connection> {
    return new Promise((settle, fail) => {
      const target = targetOf(endpoint)
      if (target === undefined)
        return fail(new CardumenError('unreachable', `${JSON.stringify(endpoint)} is no endpoint.`))
      const reads = new Reads()
      const socket = connect({ ...target, onread: reads })
      socket.pause()
      const abandon = (cause: unknown): void => {
        clearTimeout(timer)
        socket.destroy()
        fail(new CardumenError('unreachable', `Nobody answers at ${endpoint}.`, { cause }))
      }
      const timer = setTimeout(() => abandon(undefined), options.timeoutMs)
      socket.once('error', abandon)
      socket.once('connect', () => {
        clearTimeout(timer)
        socket.off('error', abandon)
        settle(new SocketConnection(socket, reads))
      })
    })
  }
}

/** Undefined for text that is no endpoint of the two kinds. */
function targetOf(endpoint: Endpoint): NetConnectOpts | undefined {
  if (endpoint.startsWith('unix:/')) return { path: endpoint.slice('unix:'.length) }
  const [, host, port] = /^tcp:(.+):(\d{1,5})$/.exec(endpoint) ?? []
  if (host === undefined || Number(port) > 65_535) return undefined
  return { host, port: Number(port), noDelay: true }
}

async function listenTcp(server: Server): Promise<Listener> {
  await listening(server, { host: loopback, port: 0, backlog })
  const { port } = server.address() as AddressInfo
  return { endpoints: [`tcp:${loopback}:${port}`], close: () => closed(server) }
}

async function listenUnix(server: Server, folder: string, name: string): Promise<Listener> {
  const path = socketPath(folder, name)
  await removeStaleSockets(folder).catch((cause: unknown) => {
    throw new CardumenError('state-unwritable', `The folder for sockets, ${folder}, cannot be read.`, { cause })
  })
  // A listener's name is used by one incarnation only, so what lies there is what an aborted attempt left.
  await unlink(path).catch(() => {})
  await listening(server, { path, backlog })
  return { endpoints: [`unix:${path}`], close: () => closed(server) }
}

function listening(
  server: Server,
  where: { readonly host?: string; readonly port?: number; readonly path?: string; readonly backlog: number },
): Promise<void> {
  return new Promise((settle, fail) => {
    server.once('error', (cause) =>
      fail(new CardumenError('state-unwritable', `No socket could be made: ${cause.message}.`, { cause })),
    )
    server.listen(where, () => {
      // A failed accept concerns one connection, which its dialler makes again; the server goes on.
      server.removeAllListeners('error').on('error', () => {})
      settle()
    })
  })
}

/** Stops accepting; connections that were accepted go on, and this does not wait for them. */
function closed(server: Server): Promise<void> {
  server.close()
  return Promise.resolve()
}

/** Where a dialled socket reads to: one buffer of ours, instead of a new one each time. Node offers it to diallers only. */
class Reads {
  readonly buffer = process.platform === 'win32' ? new Uint8Array(readBytes) : sharedBuffer
  onData: ((chunk: Uint8Array, isLent: boolean) => void) | undefined

  readonly callback = (count: number): boolean => {
    if (count <= ownedBytesMax) this.onData?.(this.buffer.slice(0, count), false)
    else this.onData?.(this.buffer.subarray(0, count), true)
    return true
  }
}

class SocketConnection implements Connection {
  readonly #socket: Socket
  readonly #reads: Reads | undefined
  #events: ConnectionEvents | undefined
  #error: unknown
  #isClosed = false

  constructor(socket: Socket, reads?: Reads) {
    this.#socket = socket
    this.#reads = reads
    socket.on('error', (error) => {
      this.#error ??= error
    })
    socket.once('close', () => this.#onClose())
  }

  handle(events: ConnectionEvents): void {
    this.#events = events
    if (this.#isClosed) return events.onClose(this.#error)
    if (this.#reads === undefined) this.#socket.on('data', (chunk: Buffer) => events.onData(chunk))
    else this.#reads.onData = (chunk, isLent) => events.onData(chunk, isLent)
    this.#socket.on('drain', () => events.onDrain())
    this.#socket.resume()
  }

  write(chunks: readonly Uint8Array[]): boolean {
    const socket = this.#socket
    if (!socket.writable) return false
    const [first] = chunks
    if (chunks.length === 1 && first !== undefined) return socket.write(first)
    let hasRoom = true
    socket.cork()
    for (const chunk of chunks) hasRoom = socket.write(chunk)
    socket.uncork()
    return hasRoom
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #onClose(): void {
    this.#isClosed = true
    this.#events?.onClose(this.#error)
  }
}
