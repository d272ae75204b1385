/**
 * What competes in the suites `calls` and `bulk`: something that answers a call in another process.
 *
 * Every contender does the same: one argument, an object with a 64-byte text, travels to the server's
 * process, and the server returns it. A contender's file holds both its sides, so that its settings stand in one
 * place. Peers check no schema unless they cannot do without; ours checks both ways. That favours the peers.
 */
export type Transport = 'unix' | 'tcp'

export interface Echo {
  readonly text: string
}

/** The 64 bytes that every small call carries. */
export const NULL_CALL: Echo = { text: 'sixty-four bytes of text, no more and no less, in every call: ok' }

export interface Setting {
  readonly transport: Transport
  /** An empty folder that both processes may use; its path is short enough for a socket in it. */
  readonly folder: string
}

export interface Serving {
  /** Where `connect` finds it. */
  readonly address: string
  close(): Promise<void>
}

/** The calling side, ready: the first call needs no more setting up. */
export interface Caller {
  call(argument: Echo): Promise<Echo>
  /** Sends bytes there and back, where the contender competes in `bulk`. */
  bulk?(bytes: Uint8Array): Promise<Uint8Array>
  close(): Promise<void>
}

export interface Contender {
  /** Runs in the server's process. */
  serve(setting: Setting): Promise<Serving>
  /** Runs in the client's process, once the server is there. */
  connect(setting: Setting, address: string): Promise<Caller>
}
