/**
 * The virtual engine at its own end: what is committed, the commits under way, and the leases.
 *
 * It is up or down as a whole. Engine objects reach it through their connections only; what they ask arrives here in
 * the order of their calls.
 */
import { carryOut, type Done, type LeaseLost } from '../../edges/carried-out.ts'
import type { Transaction } from '../../edges/engine.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { Random } from '../../lib/random.ts'
import type { Distribution } from '../faults/fault.ts'
import { drawMs } from '../faults/distribution.ts'
import { randomStream } from '../random-streams.ts'
import * as bounds from './bounds.ts'
import { CommitQueue } from './commit-queue.ts'
import { CommittedState } from './committed-state.ts'
import type { Connection, EnginePlace, Reply } from './connection.ts'
import type { EngineEvents, EngineTime } from './engine-world.ts'
import type { LeaseRecord } from './lease-record.ts'
import { LeaseTable } from './lease-table.ts'

export interface EngineOptions {
  readonly time: EngineTime
  readonly seed: number
  readonly roundTrip?: Distribution
  /** How long the sync of a commit takes. */
  readonly sync?: Distribution
  /** How soon the death of a process is noticed that nobody suspects. */
  readonly deathNoticeMs?: number
  readonly onEvent?: EngineEvents
}

export class EngineServer implements EnginePlace {
  readonly time: EngineTime
  readonly random: Random
  readonly systemId: string
  readonly state = new CommittedState()
  readonly leases: LeaseTable
  readonly onEvent: EngineEvents | undefined
  /** On top of the usual round trip. */
  extraDelay: Distribution | undefined
  readonly #unreachable = new Set<string>()
  readonly #delays: Random
  readonly #identifiers: Random
  readonly #roundTrip: Distribution
  readonly #commits: CommitQueue
  #isUp = true

  constructor(options: EngineOptions, onCommitted: () => void) {
    const { time, seed, sync = bounds.usualSync, deathNoticeMs = bounds.deathNoticeMs, onEvent } = options
    this.time = time
    this.random = randomStream(seed, 'engine fates')
    this.#delays = randomStream(seed, 'engine delays')
    this.#identifiers = randomStream(seed, 'engine identifiers')
    this.#roundTrip = options.roundTrip ?? bounds.usualRoundTrip
    this.onEvent = onEvent
    this.systemId = this.drawIdentifier()
    const syncs = randomStream(seed, 'engine syncs')
    this.#commits = new CommitQueue(time, this.random, () => drawMs(sync, syncs), onCommitted)
    this.leases = new LeaseTable(this, this.state, this.#commits, { deathNoticeMs, onEvent })
  }

  get isUp(): boolean {
    return this.#isUp
  }

  isReachable(name: string): boolean {
    return !this.#unreachable.has(name)
  }

  /** False where it was so already. */
  setReachable(name: string, isReachable: boolean): boolean {
    if (this.isReachable(name) === isReachable) return false
    if (isReachable) this.#unreachable.delete(name)
    else this.#unreachable.add(name)
    return true
  }

  drawOneWayMs(): number {
    const extraMs = this.extraDelay === undefined ? 0 : drawMs(this.extraDelay, this.#delays)
    return (drawMs(this.#roundTrip, this.#delays) + extraMs) / 2
  }

  /** 128 bits as hexadecimal digits. */
  drawIdentifier(): string {
    return Array.from({ length: 32 }, () => this.#identifiers.below(16).toString(16)).join('')
  }

  transact<Result>(
    transaction: Transaction,
    connection: Connection,
    reply: Reply<Result>,
    resultOf: (done: Done) => Result,
  ): void {
    let outcome: Done | LeaseLost | undefined
    this.#commits.add({
      commit: () => {
        outcome = carryOut(transaction, this.state, (id) => this.leases.has(id))
        this.onEvent?.('transact', tracedOf(transaction, outcome), connection.client.name)
      },
      answer: () => reply(() => resultOf(doneOf(outcome))),
    })
  }

  grantLease(record: LeaseRecord, connection: Connection, reply: Reply<void>, onThread: () => void): void {
    let isGranted = false
    this.#commits.add({
      commit: () => {
        isGranted = this.leases.size < bounds.leasesMax
        if (isGranted) this.leases.grant(record, connection)
      },
      answer: () =>
        reply(
          () => {
            if (!isGranted) throw new CardumenError('engine-failed', `more than ${bounds.leasesMax} leases`)
          },
          () => {
            if (isGranted) onThread()
          },
        ),
    })
  }

  revokeLease(record: LeaseRecord, reply: Reply<void>): void {
    this.#commits.add({
      commit: () => void this.leases.remove(record.id, 'revoked'),
      answer: () => reply(() => undefined),
    })
  }

  /** Revokes all leases of the connection. */
  release(connection: Connection, reply: Reply<void>): void {
    this.#commits.add({
      commit: () => {
        for (const id of this.leases.idsOf(connection)) this.leases.remove(id, 'closed')
      },
      answer: () => reply(() => undefined),
    })
  }

  crash(): void {
    this.#commits.crash()
    this.#isUp = false
    this.leases.onCrash()
  }

  restart(): void {
    this.#isUp = true
    this.leases.onRestart()
  }
}

function doneOf(outcome: Done | LeaseLost | undefined): Done {
  if (outcome?.kind === 'done') return outcome
  throw new CardumenError('lease-lost', outcome?.failure.message ?? 'not carried out')
}

function tracedOf({ then, otherwise = [] }: Transaction, outcome: Done | LeaseLost): object {
  if (outcome.kind === 'failed') return { refused: outcome.failure.code }
  const { succeeded, revision } = outcome
  const operations = (succeeded ? then : otherwise).map(({ kind, key }) => `${kind} ${key}`)
  return { succeeded, revision, operations }
}
