/**
 * The engine of a simulated world: one for all of its members, in memory and in virtual time, with faults by order.
 *
 * The world gives each life of each member an engine object by `connect`, tells what happens to the members as far as
 * an engine notices it (`client…`), and orders what goes wrong with the engine itself. Equal seeds and equal orders give
 * equal answers at equal times.
 */
import { type EngineOptions, EngineServer } from './engine-server.ts'
import type { EngineClient } from './engine-world.ts'
import type { Distribution } from '../faults/fault.ts'
import { VirtualEngine } from './virtual-engine.ts'

export class VirtualEngineStore {
  readonly #server: EngineServer
  /** Of lives that have not ended. */
  readonly #engines = new Set<VirtualEngine>()

  constructor(options: EngineOptions) {
    this.#server = new EngineServer(options, () => this.#tellNews())
  }

  get systemId(): string {
    return this.#server.systemId
  }

  /** Leases of the whole system. */
  get leases(): number {
    return this.#server.leases.size
  }

  /** What every member could read now. */
  get revision(): number {
    return this.#server.state.revision
  }

  /** An engine object for this life; several are allowed. */
  connect(client: EngineClient): VirtualEngine {
    const engine = new VirtualEngine(client, this.#server, () => this.#engines.delete(engine))
    this.#engines.add(engine)
    return engine
  }

  /** Its renewals stop; operations are carried out, and answered once it goes on. */
  clientPaused(name: string): void {
    for (const { connection } of this.#of(name)) this.#server.leases.cut(connection)
  }

  /** After `isStopped` has become false. */
  clientResumed(name: string): void {
    for (const { connection } of this.#of(name)) this.#server.leases.mend(connection)
  }

  /**
   * Its present life is over; before the next one connects. With `process` the machine says so, and its leases end after
   * a moment, or at once when somebody suspects; with `machine`, or where the machine cannot be reached, by time only.
   */
  clientDied(name: string, how: 'process' | 'machine'): void {
    const isNoticed = how === 'process' && this.#server.isReachable(name)
    for (const engine of this.#of(name)) {
      this.#engines.delete(engine)
      engine.connection.end = isNoticed ? 'noticed' : 'silent'
      this.#server.leases.onDeath(engine.connection)
    }
  }

  /** Call it before its monotonic clock leaps forward. */
  clientClockWillJump(name: string): void {
    for (const { connection } of this.#of(name)) this.#server.leases.beforeClockJump(connection)
  }

  setUnreachable(name: string, isUnreachable: boolean): void {
    if (!this.#server.setReachable(name, !isUnreachable)) return
    this.#server.onEvent?.(isUnreachable ? 'unreachable' : 'reachable', {}, name)
    for (const engine of this.#of(name)) {
      if (isUnreachable) {
        engine.connection.onCut()
        this.#server.leases.cut(engine.connection)
      } else {
        engine.connection.onHealed()
        this.#server.leases.mend(engine.connection)
        if (this.#server.isUp) engine.tellNews()
      }
    }
  }

  /** On top of the usual round trip, for what is sent from now on. */
  setDelay(delay: Distribution | undefined): void {
    this.#server.extraDelay = delay
  }

  /** What was not synced is lost, what is under way fails, watches break; refuses everything until it restarts. */
  crash(): void {
    if (!this.#server.isUp) return
    this.#server.crash()
    this.#server.onEvent?.('crash', { revision: this.revision }, '')
    for (const { connection } of this.#engines) {
      this.#server.leases.cut(connection)
      connection.onEngineCrashed()
    }
  }

  restart(): void {
    if (this.#server.isUp) return
    this.#server.restart()
    this.#server.onEvent?.('restart', { revision: this.revision }, '')
    for (const { connection } of this.#engines) this.#server.leases.mend(connection)
    this.#tellNews()
  }

  /** Ends the leases of a live holder. */
  expireLease(name: string): void {
    for (const { connection } of this.#of(name))
      for (const id of this.#server.leases.idsOf(connection)) this.#server.leases.end(id, 'ordered')
  }

  /** Whether its present life has a lease; one that lost its lease hears so only after a while. */
  holdsLease(name: string): boolean {
    return this.#of(name).some(({ connection }) => this.#server.leases.idsOf(connection).length > 0)
  }

  /** Forgets all changes so far, as an operator's order would. */
  compact(): void {
    this.#server.state.log.compact()
  }

  #of(name: string): readonly VirtualEngine[] {
    return [...this.#engines].filter((engine) => engine.connection.client.name === name)
  }

  #tellNews(): void {
    for (const engine of this.#engines) if (engine.watches.count > 0) engine.tellNews()
  }
}
