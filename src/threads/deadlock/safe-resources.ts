/**
 * A manager of resources that grants only safe states, so that its clients cannot deadlock over them: the banker's
 * algorithm (`src/protocols/deadlock/banker.ts`) for threads, tasks that await, and other processes.
 *
 * Each client says first how much it will need at most. What would leave somebody without a way to the end waits, even
 * if it is there. The price is what the claims say too much: the larger they are, the less runs side by side.
 *
 * The bank is in the service thread of the process that made it (`resource-bank.ts`), so each claim and request is a question to
 * that thread; what is given back is only told. A client must give back what it has at some time: the banker counts on it.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { type Amounts, bankLimits, openBank } from '../../protocols/deadlock/banker.ts'
import { self } from '../memory/parties.ts'
import { askService, askServiceNow, tell } from '../running/service.ts'
import type { Unpack } from '../travel/kinds.ts'
import { type Remote, serve, type Served } from '../travel/remote.ts'
import { pack, type Packed, type Shareable } from '../travel/shareable.ts'
import { block, blockAsync, type Waiting } from '../waiting/block.ts'
import { holdingSlot, knownSlot } from '../waiting/holdings.ts'
import { assertName, isRemote, type NamedOptions, newPlace, Site, unknownOperation } from '../waiting/site.ts'
import { type AsyncWaitOptions, deadlineOf, type WaitOptions } from '../waiting/wait-options.ts'
import {
  answers,
  atBank,
  type BankOrder,
  type BankPayload,
  errorFor,
  type RequestOrder,
  type ResourceReport,
  type ResourceState,
} from './resource-bank.ts'
import { ResourceClient } from './resource-client.ts'

export interface ResourceManagerOptions extends NamedOptions {
  /** Requests that may wait at once; more are refused with `capacity-reached`. */
  readonly waitingMax?: number
}

/** For the way to the service thread and back; only one that is stuck costs so much. */
const answerMsMax = 5_000
/** Questions to the service thread are numbered from 1. */
const askedByNobody = 0
/** Numbers of requests go round; so many of one client never wait. */
const requestNumbersMax = 2 ** 30

/** What an operation for another process is asked with. */
interface ServedArgument {
  readonly client: number
  readonly amounts: Amounts
}

interface ServedClaim {
  readonly most: Amounts
  readonly name?: string
}

export class ResourceManager implements Shareable, Served {
  readonly #site: Site
  readonly #state: ResourceState | undefined
  #requests = 0

  /** `units`: how many there are of each kind. @throws CardumenError `option-invalid`, `capacity-reached` */
  constructor(
    units: Amounts,
    options: ResourceManagerOptions = {},
    source: ResourceState | Remote = newResources(units, options),
  ) {
    this.#state = isRemote(source) ? undefined : source
    this.#site = new Site('resources', isRemote(source) ? source : source.place)
  }

  get name(): string {
    return this.#site.name
  }

  /**
   * A client, with the most that it will hold at any one time. It belongs to the thread that made it, and has left when that ends.
   * @throws CardumenError `claim-exceeded` if that is more than there is, `capacity-reached`, `option-invalid`, `closed`, `interrupted`
   */
  claim(most: Amounts, options: { readonly name?: string } = {}): ResourceClient {
    assertName(options.name)
    const { remote } = this.#site
    if (remote !== undefined) return this.#clientElsewhere(remote, most, remote.askNow('claim', { most, ...options }))
    const client = this.#newClient()
    try {
      this.#askNow({ kind: 'claim', client, most, name: options.name ?? `client ${client}` })
    } catch (error) {
      // It may have been heard all the same.
      this.#tell({ kind: 'leave', client })
      throw error
    }
    return new ResourceClient(this.#open().units, most, {
      request: (amounts, wait, onGranted) => this.#request(this.#newRequest(client, amounts), wait, onGranted),
      requestAsync: (amounts, wait, onGranted) =>
        this.#requestAsync(this.#newRequest(client, amounts), wait, onGranted),
      release: (amounts) => {
        this.#site.assertInForce()
        this.#note(self(), -sumOf(amounts))
        this.#tell({ kind: 'release', client, amounts })
      },
      leave: (held) => {
        this.#note(self(), -sumOf(held))
        this.#tell({ kind: 'leave', client })
      },
    })
  }

  /** @throws CardumenError `closed`, `interrupted` */
  report(): ResourceReport {
    const { remote } = this.#site
    return (remote?.askNow('report') ?? this.#askNow({ kind: 'report' })) as ResourceReport
  }

  /** Gives its room back. Whoever waits for some of it, and whoever asks from now on, gets `closed`. */
  close(): void {
    this.#site.close()
  }

  [pack](): Packed {
    return this.#site.remote?.packed ?? { kind: 'resources', state: this.#state }
  }

  [serve](party: number, operation: string, argument: unknown, options: AsyncWaitOptions): unknown {
    switch (operation) {
      case 'claim':
        return this.#claimFor(party, argument as ServedClaim)
      case 'request':
        return this.#requestFor(party, argument as ServedArgument, options)
      case 'release':
        return this.#releaseFor(party, argument as ServedArgument)
      case 'leave':
        return this.#note(party, -Number(atBank(this.#open(), party, { kind: 'leave', client: clientOf(argument) })))
      case 'report':
        return atBank(this.#open(), party, { kind: 'report' })
      case 'close':
        return this.close()
      default:
        throw unknownOperation(this.#site.text, operation)
    }
  }

  #clientElsewhere(remote: Remote, most: Amounts, client: unknown): ResourceClient {
    return new ResourceClient(most, most, {
      request: (amounts, wait, onGranted) => {
        this.#site.askBlocking(remote, 'request', { client, amounts }, wait)
        onGranted()
      },
      requestAsync: async (amounts, wait, onGranted) => {
        await remote.ask('request', { client, amounts }, wait)
        onGranted()
      },
      release: (amounts) => void remote.askNow('release', { client, amounts }),
      leave: () => void remote.askNow('leave', { client }),
    })
  }

  #claimFor(party: number, { most, name }: ServedClaim): number {
    const client = this.#newClient()
    atBank(this.#open(), party, { kind: 'claim', client, most, name: String(name ?? `client ${client}`) })
    return client
  }

  async #requestFor(party: number, { client, amounts }: ServedArgument, options: AsyncWaitOptions): Promise<void> {
    const order = this.#newRequest(client, amounts)
    try {
      atBank(this.#open(), party, { kind: 'request', ...order })
      if (!isGranted(order)) await blockAsync(party, this.#waiting(order), options)
      this.#note(party, sumOf(amounts))
    } catch (error) {
      if (this.#site.isInForce) atBank(this.#open(), party, { kind: 'give-up', ...order })
      throw error
    }
  }

  #releaseFor(party: number, { client, amounts }: ServedArgument): void {
    atBank(this.#open(), party, { kind: 'release', client, amounts })
    this.#note(party, -sumOf(amounts))
  }

  #request(order: RequestOrder, options: WaitOptions | undefined, onGranted: () => void): void {
    this.#site.assertMayBlock('request')
    deadlineOf(options)
    try {
      this.#askNow({ kind: 'request', ...order })
      if (!isGranted(order)) block(self(), this.#waiting(order), options)
      this.#take(order, onGranted)
    } catch (error) {
      this.#tell({ kind: 'give-up', ...order })
      throw error
    }
  }

  async #requestAsync(order: RequestOrder, options: AsyncWaitOptions = {}, onGranted: () => void): Promise<void> {
    deadlineOf(options)
    const { signal } = options
    if (signal?.aborted === true)
      throw new CardumenError('cancelled', `The wait for ${this.#site.text} was given up.`, { cause: signal.reason })
    try {
      await askService('resources', this.#payload({ kind: 'request', ...order }), { timeoutMs: answerMsMax })
      if (!isGranted(order)) await blockAsync(self(), this.#waiting(order), options)
      this.#take(order, onGranted)
    } catch (error) {
      this.#tell({ kind: 'give-up', ...order })
      throw error
    }
  }

  /** Nothing can fail once the client has it on its account. */
  #take({ amounts }: RequestOrder, onGranted: () => void): void {
    const { place, words } = this.#site
    const slot = holdingSlot(self(), place)
    onGranted()
    Atomics.add(words, slot, sumOf(amounts))
  }

  #waiting({ number, answer }: RequestOrder): Waiting {
    const attempt = (): boolean => {
      const come = Atomics.load(answer, 0)
      if (come === answers.left) throw new CardumenError('closed', 'The client left while it waited.')
      return come === answers.granted
    }
    // Who gives up says so to the bank, which lets others through.
    return this.#site.waiting(attempt, { mode: number, passOn: () => undefined })
  }

  #newRequest(client: number, amounts: Amounts): RequestOrder {
    this.#requests = (this.#requests + 1) % requestNumbersMax
    return { client, number: this.#requests, amounts, answer: new Int32Array(new SharedArrayBuffer(4)) }
  }

  #newClient(): number {
    const { words, at } = this.#site
    this.#site.assertInForce()
    return Atomics.add(words, at, 1) + 1
  }

  /** For whoever asks who holds what (`holdings.ts`); the bank itself does not need it. */
  #note(party: number, change: number): void {
    const { place, words } = this.#site
    const slot = change > 0 ? holdingSlot(party, place) : knownSlot(party, place)
    if (slot !== undefined) Atomics.add(words, slot, change)
  }

  #askNow(order: BankOrder): unknown {
    return askServiceNow('resources', this.#payload(order), { timeoutMs: answerMsMax })
  }

  /** It is carried out in its turn. Nothing is kept for the answer, since a thread that never rests would hear it late. */
  #tell(order: BankOrder): void {
    tell({ kind: 'ask', ask: askedByNobody, operation: 'resources', payload: this.#payload(order), isBlocking: false })
  }

  #payload(order: BankOrder): BankPayload {
    return { state: this.#open(), order }
  }

  #open(): ResourceState {
    if (this.#state === undefined) throw new TypeError(`${this.#site.text} lives in another process`)
    return this.#state
  }
}

/** What `pack` gave, in another thread; or the way to one of another process. */
export const unpackResourceManager: Unpack = (source: ResourceState | Remote) => new ResourceManager({}, {}, source)

function newResources(
  units: Amounts,
  { name, waitingMax = bankLimits.waitingMax }: ResourceManagerOptions,
): ResourceState {
  assertName(name)
  if (!Number.isSafeInteger(waitingMax) || waitingMax < 1)
    throw new CardumenError('option-invalid', `waitingMax is ${waitingMax}; it is a whole number from 1.`)
  const bank = openBank(units)
  if ('kind' in bank) throw errorFor(bank)
  return { place: newPlace('resources', name), units: { ...units }, waitingMax }
}

function isGranted({ answer }: RequestOrder): boolean {
  return Atomics.load(answer, 0) === answers.granted
}

function clientOf(argument: unknown): number {
  return (argument as ServedArgument).client
}

function sumOf(amounts: Amounts): number {
  return Object.values(amounts).reduce((sum, units) => sum + units, 0)
}
