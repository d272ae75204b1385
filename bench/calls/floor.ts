/**
 * The floor: the least that a call between two processes can do in Node and still be one.
 *
 * A length prefix, msgpackr, a map of pending calls, and one write a tick for all that the tick produced. No
 * names, schemas, deadlines, filtering of duplicates or flow control: whatever a layer adds is its cost above this.
 * Large bodies travel raw and are echoed once they have arrived whole (store and forward).
 */
import { once } from 'node:events'
import { type AddressInfo, connect as connectSocket, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { Packr } from 'msgpackr/pack'
import type { Caller, Contender, Echo, Serving, Setting } from './contender.ts'
import { BULK_FLAG, FrameReader, HEADER_BYTES } from './frame-reader.ts'

const packr = new Packr({ useRecords: false })

/** Bodies from here on are written as they are, instead of being copied into the tick's one write. */
const COPY_BYTES_MAX = 65_536

export const contender: Contender = { serve, connect }

async function serve(setting: Setting): Promise<Serving> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    answer(socket)
  })
  if (setting.transport === 'unix') server.listen(join(setting.folder, 'floor'))
  else server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address() as AddressInfo | string
  return {
    address: typeof address === 'string' ? address : String(address.port),
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

function answer(socket: Socket): void {
  const writer = new TickWriter(socket)
  const reader = new FrameReader((word, body) => {
    if (isBulk(word)) writer.write(word, body)
    else writer.write(word, packr.pack(packr.unpack(body)))
  })
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => reader.push(chunk))
}

async function connect(setting: Setting, address: string): Promise<Caller> {
  const socket = setting.transport === 'unix' ? connectSocket(address) : connectSocket(Number(address), '127.0.0.1')
  await once(socket, 'connect')
  socket.setNoDelay(true)
  return new FloorCaller(socket)
}

class FloorCaller implements Caller {
  readonly #socket: Socket
  readonly #writer: TickWriter
  readonly #pending = new Map<number, (value: never) => void>()
  #last = 0

  constructor(socket: Socket) {
    this.#socket = socket
    this.#writer = new TickWriter(socket)
    const reader = new FrameReader((word, body) => this.#onFrame(word, body))
    socket.on('data', (chunk: Buffer) => reader.push(chunk))
  }

  call(argument: Echo): Promise<Echo> {
    return this.#send(0, packr.pack(argument))
  }

  bulk(bytes: Uint8Array): Promise<Uint8Array> {
    return this.#send(BULK_FLAG, bytes)
  }

  async close(): Promise<void> {
    this.#socket.destroy()
  }

  #send<T>(flag: number, body: Uint8Array): Promise<T> {
    this.#last = (this.#last + 1) & 0x7fff_ffff
    const word = (this.#last | flag) >>> 0
    return new Promise((resolve) => {
      this.#pending.set(word, resolve)
      this.#writer.write(word, body)
    })
  }

  #onFrame(word: number, body: Buffer): void {
    const resolve = this.#pending.get(word) as ((value: unknown) => void) | undefined
    this.#pending.delete(word)
    resolve?.(isBulk(word) ? body : packr.unpack(body))
  }
}

/** Gathers the frames of a tick into one write. */
class TickWriter {
  readonly #socket: Socket
  #parts: Uint8Array[] = []
  #bytes = 0

  constructor(socket: Socket) {
    this.#socket = socket
  }

  write(word: number, body: Uint8Array): void {
    const header = Buffer.allocUnsafe(HEADER_BYTES)
    header.writeUInt32BE(body.length, 0)
    header.writeUInt32BE(word, 4)
    if (this.#parts.length === 0) setImmediate(() => this.#flush())
    this.#parts.push(header, body)
    this.#bytes += HEADER_BYTES + body.length
  }

  #flush(): void {
    const parts = this.#parts
    const bytes = this.#bytes
    this.#parts = []
    this.#bytes = 0
    if (bytes <= COPY_BYTES_MAX) {
      this.#socket.write(Buffer.concat(parts, bytes))
      return
    }
    this.#socket.cork()
    for (const part of parts) this.#socket.write(part)
    this.#socket.uncork()
  }
}

function isBulk(word: number): boolean {
  return (word & BULK_FLAG) !== 0
}
