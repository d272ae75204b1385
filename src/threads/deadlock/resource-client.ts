/**
 * What `ResourceManager.claim` gives: one client of a bank, of one thread.
 *
 * It keeps its own account of what it holds: a bank in which it is the only client. So what it gives back wrongly is refused
 * here and now, and the real bank only has to be told.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import {
  type Amounts,
  type Bank,
  claim,
  openBank,
  type Refusal,
  release,
  request,
} from '../../protocols/deadlock/banker.ts'
import type { AsyncWaitOptions, WaitOptions } from '../waiting/wait-options.ts'
import { errorFor } from './resource-bank.ts'

interface ClientActs {
  /** `onGranted` puts it on the client's account, or throws. */
  request(amounts: Amounts, options: WaitOptions | undefined, onGranted: () => void): void
  requestAsync(amounts: Amounts, options: AsyncWaitOptions | undefined, onGranted: () => void): Promise<void>
  release(amounts: Amounts): void
  leave(held: Amounts): void
}

/** The only client of the account. */
const own = 1

/** `using client = resources.claim(…)` leaves at the end of the block. */
export class ResourceClient implements Disposable {
  readonly #account: Bank
  readonly #acts: ClientActs

  constructor(units: Amounts, most: Amounts, acts: ClientActs) {
    const account = openBank(units)
    if ('kind' in account) throw errorFor(account)
    refuse(claim(account, own, 'The client', most))
    this.#account = account
    this.#acts = acts
  }

  /**
   * Blocks until the units are this client's, all of them together.
   * @throws CardumenError `would-block`, `claim-exceeded`, `timed-out`, `interrupted`, `deadlock`, `capacity-reached`, `option-invalid`;
   * `closed` if the manager is closed meanwhile
   */
  request(amounts: Amounts, options?: WaitOptions): void {
    this.#acts.request(amounts, options, () => this.#onGranted(amounts))
  }

  /** As `request`, for what may not block. @throws CardumenError also `cancelled`; `closed` if the client leaves meanwhile */
  async requestAsync(amounts: Amounts, options?: AsyncWaitOptions): Promise<void> {
    await this.#acts.requestAsync(amounts, options, () => this.#onGranted(amounts))
  }

  /** Gives some or all of it back. @throws CardumenError `not-held`, `option-invalid`, `closed` */
  release(amounts: Amounts): void {
    refuse(release(this.#account, own, amounts))
    this.#acts.release(amounts)
  }

  /** Gives everything back; what it waits for fails. A second time does nothing. */
  leave(): void {
    const client = this.#account.clients.get(own)
    if (client === undefined) return
    const held = Object.fromEntries(this.#account.kinds.map((kind, at) => [kind, client.held[at] ?? 0]))
    this.#account.clients.delete(own)
    this.#acts.leave(held)
  }

  #onGranted(amounts: Amounts): void {
    if (!this.#account.clients.has(own)) throw new CardumenError('closed', 'The client left while it waited.')
    refuse(request(this.#account, 0, own, amounts))
  }

  [Symbol.dispose](): void {
    this.leave()
  }
}

function refuse(answer: Refusal | { readonly kind: string }): void {
  if (isRefusal(answer)) throw errorFor(answer)
}

function isRefusal(answer: Refusal | { readonly kind: string }): answer is Refusal {
  return answer.kind === 'refused'
}
