/**
 * What the directories of one member share: how the server is called, and called again.
 *
 * The directory has one server at a time, on any member. A call that finds none has run nowhere; then this member sees
 * to it that somebody serves (`ensure`), and calls once more, until its time is over.
 */
import type { Capability } from '../../kernel/capabilities/capability.ts'
import type { Member } from '../../kernel/member.ts'
import type { CallOptions, Client } from '../../kernel/service.ts'
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import type { ErrorCode } from '../../lib/error-codes.ts'
import type { Signal } from '../../lib/signal.ts'
import { sleep } from '../sleep.ts'
import { type DirectoryOperations, DirectoryService } from './interface.ts'

export const directoryTimeoutMsDefault = 30_000
const againMsMin = 20
const againMsMax = 1_000

export type DirectoryClient = Client<DirectoryOperations>

export interface ConnectionOptions {
  /**
   * Sees to it that somebody serves the directory that `capability` is of, where that can be: false where it is of
   * none that this system keeps. Left out: calls only wait until somebody serves it.
   */
  readonly ensure?: (capability: Capability) => Promise<boolean>
}

export interface AskOptions {
  readonly signal?: Signal | undefined
  readonly timeoutMs?: number | undefined
}

type Calling<Answer> = (options: CallOptions) => Promise<Answer>

/** The one that was called serves no more. */
const isServerGone: ReadonlySet<ErrorCode> = new Set(['address-unknown', 'member-died', 'reply-lost'])

export class DirectoryConnection {
  readonly member: Pick<Member, 'open' | 'clock'>
  readonly #options: ConnectionOptions

  constructor(member: Pick<Member, 'open' | 'clock'>, options: ConnectionOptions = {}) {
    this.member = member
    this.#options = options
  }

  client(capability: Capability): DirectoryClient {
    return this.member.open(DirectoryService, capability)
  }

  now(): number {
    return this.member.clock.now()
  }

  /** For what changes something: again only where it surely did not run. @throws CardumenError of the last call. */
  change<Answer>(capability: Capability, options: AskOptions, call: Calling<Answer>): Promise<Answer> {
    return this.#ask(capability, options, call, ({ executed }) => executed === 'no')
  }

  /**
   * For what only reads. The kernel would repeat it by itself until somebody serves, but nobody may, so it is repeated
   * here, where somebody can be found who does.
   */
  read<Answer>(capability: Capability, options: AskOptions, call: Calling<Answer>): Promise<Answer> {
    const once = (given: CallOptions): Promise<Answer> => call({ ...given, semantics: 'at-most-once' })
    return this.#ask(capability, options, once, () => true)
  }

  async #ask<Answer>(
    capability: Capability,
    { signal, timeoutMs = directoryTimeoutMsDefault }: AskOptions,
    call: Calling<Answer>,
    mayRepeat: (error: CardumenError) => boolean,
  ): Promise<Answer> {
    const deadline = this.now() + timeoutMs
    for (let waitMs = againMsMin; ; waitMs = Math.min(againMsMax, 2 * waitMs)) {
      try {
        return await call({ timeoutMs: Math.max(0, deadline - this.now()), ...(signal !== undefined && { signal }) })
      } catch (error) {
        if (!isCardumenError(error) || !isServerGone.has(error.code) || !mayRepeat(error)) throw error
        if (this.now() + waitMs >= deadline || !(await this.ensure(capability))) throw error
      }
      await this.pause(waitMs, signal)
    }
  }

  /** What goes wrong here is no answer: the next call will say what it finds. */
  async ensure(capability: Capability): Promise<boolean> {
    try {
      return (await this.#options.ensure?.(capability)) ?? true
    } catch (error) {
      if (!isCardumenError(error) || error.code === 'closed') throw error
      return true
    }
  }

  pause(ms: number, signal: Signal | undefined): Promise<void> {
    return sleep(this.member.clock, ms, signal)
  }
}

/** A walk that a foreign server sent on must come to an end: each answer is to leave fewer names. */
export function checkedLeft(left: number, before: number): number {
  if (left >= 1 && left < before) return left
  throw new CardumenError('output-refused', 'The answer of a directory server leads nowhere.', { executed: 'unknown' })
}
