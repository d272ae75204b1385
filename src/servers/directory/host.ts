/**
 * The directory as one member has it: the server, where this member is the one that serves, and the way to the root.
 *
 * The directory has one server at a time. Whoever needs it and finds nobody serves it himself; a member that offers it
 * takes over whenever the port falls free. Two that try at once are told apart by the engine: one of them serves.
 */
import type { Cancel } from '../../edges/clock.ts'
import { Capability } from '../../kernel/capabilities/capability.ts'
import type { Member } from '../../kernel/member.ts'
import { portKeyOf } from '../../kernel/ports/server-rows.ts'
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import { readRoot } from '../root.ts'
import { DirectoryConnection } from './connection.ts'
import { Directory } from './client.ts'
import { DirectoryServer } from './server.ts'

/** How often a member that offers the directory looks whether somebody serves it. */
const offerAgainMs = 1_000

export class DirectoryHost implements AsyncDisposable {
  /** For directories of this member, whosever capability they are opened with. */
  readonly connection: DirectoryConnection
  readonly #member: Member
  #server: DirectoryServer | undefined
  #starting: Promise<void> | undefined
  #root: Promise<Capability> | undefined
  #cancelOffer: Cancel | undefined
  readonly #stopListening: (() => void)[] = []
  #isClosed = false

  constructor(member: Member) {
    this.#member = member
    this.connection = new DirectoryConnection(member, { ensure: (capability) => this.#ensureFor(capability) })
  }

  get isServing(): boolean {
    return this.#server !== undefined
  }

  /** The root with all rights. Only for processes that may have it: see the environment. No call is made. */
  root(): Promise<Capability> {
    this.#root ??= readRoot(this.#member).catch((error: unknown) => {
      this.#root = undefined
      throw error
    })
    return this.#root
  }

  directory(capability: Capability): Directory {
    return new Directory(this.connection, capability)
  }

  /** Resolves when somebody serves the directory, this member or another. @throws CardumenError what the engine throws. */
  async ensure(): Promise<void> {
    if (this.#server !== undefined) return
    if (this.#isClosed) throw new CardumenError('closed', 'The directory was closed with its member.')
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined
    })
    await this.#starting
  }

  /** Serves it now if nobody does, and takes over from now on whenever nobody does. */
  async offer(): Promise<void> {
    await this.ensure()
    this.#stopListening.push(this.#member.onMemberParted(() => void this.#ensureQuietly()))
    this.#offerLater()
  }

  /** Serves it no more, in good order. Whoever needs it next serves it, be it this member again. */
  async withdraw(): Promise<void> {
    await this.#starting?.catch(() => undefined)
    const server = this.#server
    this.#server = undefined
    await server?.close()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelOffer?.()
    for (const stop of this.#stopListening.splice(0)) stop()
    await this.#starting?.catch(() => undefined)
    await this.#server?.close()
    this.#server = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #start(): Promise<void> {
    try {
      const server = await DirectoryServer.start(this.#member)
      if (this.#isClosed) await server.close()
      else this.#server = server
    } catch (error) {
      if (!isCardumenError(error, 'port-taken')) throw error
    }
  }

  /** False where the capability is of another directory server: then ours is of no use. */
  async #ensureFor(capability: Capability): Promise<boolean> {
    if (Capability.portOf(capability) !== Capability.portOf(await this.root())) return false
    await this.ensure()
    return true
  }

  /** One read of the engine, as long as somebody serves. */
  async #ensureQuietly(): Promise<void> {
    try {
      if (this.#isClosed || this.#server !== undefined) return
      const port = Capability.portOf(await this.root())
      if ((await this.#member.engine.get(portKeyOf(port))) === undefined) await this.ensure()
    } catch (error) {
      if (!isCardumenError(error)) throw error
    }
  }

  #offerLater(): void {
    if (this.#isClosed) return
    this.#cancelOffer = this.#member.clock.after(
      offerAgainMs,
      () => void this.#ensureQuietly().then(() => this.#offerLater()),
      { background: true },
    )
  }
}
