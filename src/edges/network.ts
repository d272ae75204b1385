/**
 * Streams of bytes between members: what Unix sockets and TCP have in common.
 *
 * A connection delivers in order or breaks; it never loses a byte in the middle. Chunks that arrive belong to the
 * receiver (nobody writes to them again) unless they are lent, which saves memory where much arrives; chunks given to
 * `write` must not be changed until the connection is closed.
 */
export interface Network {
  /**
   * Accepts connections at a place that the network chooses.
   * @throws CardumenError `state-unwritable` where no socket can be made.
   */
  listen(name: string, onConnection: (connection: Connection) => void): Promise<Listener>
  /** @throws CardumenError `unreachable` when nobody listens there, or not within `timeoutMs`. */
  dial(endpoint: Endpoint, options: { readonly timeoutMs: number }): Promise<Connection>
}

/** `unix:/path/of/socket` or `tcp:host:port`. */
export type Endpoint = string

export interface Listener {
  readonly endpoints: readonly Endpoint[]
  close(): Promise<void>
}

export interface Connection {
  /** Set by the owner at once after it gets the connection; events before that are kept. */
  handle(events: ConnectionEvents): void
  /** Sends the chunks in order as one batch. False: the buffer is full, wait for `onDrain` before writing more. */
  write(chunks: readonly Uint8Array[]): boolean
  /** Bytes that were given to `write` and have not left this process. */
  readonly bufferedBytes: number
  /** Stops and resumes reading; for back-pressure. */
  pause(): void
  resume(): void
  /** Sends what was written, then closes. `onClose` follows. */
  end(): void
  /** Closes now. `onClose` follows. */
  destroy(): void
}

export interface ConnectionEvents {
  /** A chunk that is lent holds its bytes only until this returns. */
  onData(chunk: Uint8Array, isLent?: boolean): void
  onDrain(): void
  /** Once, last. `error` is what broke it, if anything did. */
  onClose(error: unknown): void
}
