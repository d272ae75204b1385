/**
 * The network of one world: streams between lives of members, over links that a script can slow, cut and break.
 *
 * It plays the parts of the systems below the members too: a connection is accepted although the program is paused, a
 * dead process's connections are reset, a dead machine's fall silent until another life of it refuses what still comes.
 * Nothing is entered for what does not happen: an idle connection, a quiet listener and a cut without traffic cost no
 * event. Names stand for machines: each member has its own.
 */
import type { Connection, Endpoint, Listener, Network } from '../../edges/network.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { NetworkConditions } from '../faults/network-conditions.ts'
import { randomStream } from '../random-streams.ts'
import { connectionPair, type ConnectionWorld, type VirtualConnection } from './virtual-network-connection.ts'
import { Dial } from './virtual-network-dial.ts'
import type { Flow, NetworkEventHook } from './virtual-network-flow.ts'
import { VirtualLink } from './virtual-network-link.ts'
import type { Ended, ProcessTimeline, VirtualProcess } from './virtual-process.ts'

export interface VirtualNetworkOptions {
  readonly timeline: ProcessTimeline
  readonly conditions: NetworkConditions
  readonly seed: number
  /** What happens to connections, for a trace; free when it is left out. */
  readonly onEvent?: NetworkEventHook
}

interface VirtualListener {
  readonly process: VirtualProcess
  readonly onConnection: (connection: Connection) => void
}

export class VirtualNetwork implements ConnectionWorld {
  readonly timeline: ProcessTimeline
  readonly onEvent: NetworkEventHook | undefined
  readonly stalled = new Set<Flow>()
  readonly late = new Set<Flow>()
  readonly #options: VirtualNetworkOptions
  readonly #links = new Map<string, VirtualLink>()
  /** The last life of each member. */
  readonly #lives = new Map<string, VirtualProcess>()
  readonly #connections = new Map<VirtualProcess, Set<VirtualConnection>>()
  readonly #listeners = new Map<Endpoint, VirtualListener>()
  readonly #listened = new Map<string, number>()

  constructor(options: VirtualNetworkOptions) {
    this.#options = options
    this.timeline = options.timeline
    this.onEvent = options.onEvent
    options.conditions.onChanged(() => this.#onConditionsChanged())
  }

  /** The network as one life sees it. Call it once for each life, at its start. */
  edgeFor(process: VirtualProcess): Network {
    this.#lives.set(process.name, process)
    this.#connections.set(process, new Set())
    process.onEnded((how) => this.#onProcessEnded(process, how))
    this.#retryStalled()
    return {
      listen: (_name, onConnection) => Promise.resolve(this.#listen({ process, onConnection })),
      dial: (endpoint, { timeoutMs }) => this.#dial(process, endpoint, timeoutMs),
    }
  }

  isSilent(process: VirtualProcess): boolean {
    return process.ended === 'machine' && this.#lives.get(process.name) === process
  }

  onClosed(connection: VirtualConnection): void {
    this.#connections.get(connection.process)?.delete(connection)
  }

  /** Both ends; undefined where nobody listens. The listener hears of its end by an event. */
  accept(dialler: VirtualProcess, endpoint: Endpoint): VirtualConnection | undefined {
    const listener = this.#listeners.get(endpoint)
    if (listener === undefined) return undefined
    const { process } = listener
    const links = [this.link(dialler.name, process.name), this.link(process.name, dialler.name)] as const
    const [near, far] = connectionPair(this, [dialler, process], links)
    this.#connections.get(dialler)?.add(near)
    this.#connections.get(process)?.add(far)
    process.post(this.timeline.nowMs, () => listener.onConnection(far))
    return near
  }

  link(from: string, to: string): VirtualLink {
    const key = `${from}>${to}`
    let link = this.#links.get(key)
    if (link === undefined) {
      const random = randomStream(this.#options.seed, `link ${key}`)
      link = new VirtualLink(from, to, this.#options.conditions, random)
      this.#links.set(key, link)
    }
    return link
  }

  #listen(listener: VirtualListener): Listener {
    const { name } = listener.process
    const number = (this.#listened.get(name) ?? 0) + 1
    this.#listened.set(name, number)
    const endpoint = `sim:${name}.${number}`
    if (listener.process.isAlive) this.#listeners.set(endpoint, listener)
    return {
      endpoints: [endpoint],
      close: () => {
        this.#listeners.delete(endpoint)
        return Promise.resolve()
      },
    }
  }

  #dial(process: VirtualProcess, endpoint: Endpoint, timeoutMs: number): Promise<Connection> {
    const [, name = ''] = /^sim:(.+)\.\d+$/.exec(endpoint) ?? []
    const target = this.#lives.get(name)
    if (target === undefined)
      return Promise.reject(new CardumenError('unreachable', `${JSON.stringify(endpoint)} is no endpoint.`))
    return new Promise((settle, fail) => {
      new Dial(this, { process, endpoint, target: name, isSilent: () => this.#isSilentName(name) }, settle, fail).start(
        timeoutMs,
      )
    })
  }

  #isSilentName(name: string): boolean {
    return this.#lives.get(name)?.ended === 'machine'
  }

  #onProcessEnded(process: VirtualProcess, how: Ended): void {
    for (const [endpoint, listener] of this.#listeners)
      if (listener.process === process) this.#listeners.delete(endpoint)
    const connections = this.#connections.get(process)
    this.#connections.delete(process)
    for (const connection of connections ?? []) connection.onProcessEnded(how)
  }

  #onConditionsChanged(): void {
    for (const link of this.#links.values()) {
      const share = link.widen(this.timeline.nowMs)
      if (share < 1) for (const flow of [...this.late]) flow.hasten(link, share)
    }
    this.#retryStalled()
  }

  #retryStalled(): void {
    for (const flow of this.stalled) flow.retry()
  }
}
