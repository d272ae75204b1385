/**
 * A directory, as whoever holds a capability of it sees it: names, and what they lead to.
 *
 * Each method is one call of the server, but where a path leads through directories of other servers: then one call
 * each. What was looked up is remembered for those who ask with `maxAgeMs`; everybody else hears what stands now.
 * A change is carried out at most once; where its answer was lost, the error says `executed: 'unknown'`.
 */
import type { Capability, Restriction } from '../../kernel/capabilities/capability.ts'
import { rightsOf } from '../../kernel/capabilities/rights.ts'
import type { CallOptions } from '../../kernel/service.ts'
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import type {
  Capabilities,
  DirectoryChange,
  DirectoryEvent,
  Found,
  GivenMasks,
  ListOptions,
  LookupOptions,
  Masks,
  Row,
  WatchOptions,
} from './changes.ts'
import { type AskOptions, checkedLeft, type DirectoryClient, type DirectoryConnection } from './connection.ts'
import { FoundCache } from './found-cache.ts'
import {
  capabilitiesPerRowMax,
  changesPerInstallMax,
  pathsPerLookupMax,
  rowsPerPageMax,
  unpackedRow,
} from './interface.ts'
import { namesIn, namesToRow } from './paths.ts'
import { watchDirectory } from './watching.ts'

type Sent = Parameters<DirectoryClient['install']>[0]['changes'][number]

export class Directory {
  /** What its holder may do here; to give on, and to enter elsewhere as a link. */
  readonly capability: Capability
  readonly #connection: DirectoryConnection
  readonly #client: DirectoryClient
  readonly #cache: FoundCache

  /** Nothing is sent before the first call. Programs use `system.directory`, and `open` of another directory. */
  constructor(connection: DirectoryConnection, capability: Capability) {
    this.capability = capability
    this.#connection = connection
    this.#client = connection.client(capability)
    this.#cache = new FoundCache()
  }

  /**
   * What a name leads to. It says nothing of whether the object's server lives: a call of the object does.
   * @throws CardumenError `name-unknown` (also where it may not be seen), `access-refused`, `not-a-directory`,
   * `name-invalid`, and what a call throws.
   */
  lookup(path: string, options: LookupOptions = {}): Promise<Found> {
    const { maxAgeMs = 0 } = options
    const known = maxAgeMs > 0 ? this.#cache.find(path, this.#connection.now() - maxAgeMs) : undefined
    return known ?? this.#lookUp(path, options)
  }

  /** The directory of that name. Whether it is one shows when it is used: `not-a-directory`. */
  async open(path: string, options: LookupOptions = {}): Promise<Directory> {
    return this.#at(await this.#capabilityOf(path, options))
  }

  /** The names in a directory, in the order of their bytes, page by page: not all of one moment. */
  async *list(path = '/', options: ListOptions = {}): AsyncGenerator<Row> {
    const { columns = false, capabilities = false, prefix, signal } = options
    const at = await this.#capabilityOf(path, { ...(signal !== undefined && { signal }) })
    const client = this.#clientOf(at)
    const wanted = { columns, capabilities, prefix, rowsMax: rowsPerPageMax }
    const page = (from: PageStart): ReturnType<DirectoryClient['list']> =>
      this.#connection.read(at, { signal }, (call) => asDirectory(client.list({ ...wanted, ...from }, call)))
    for (let next = page({ after: undefined, position: undefined }); ; ) {
      const { rows, more, position } = await next
      const after = rows.at(-1)?.[0]
      const isLast = !more || (after === undefined && position === undefined)
      if (!isLast) {
        // On its way while these are read; whoever stops reading is told of no error that it has.
        next = page({ after, position })
        next.catch(() => undefined)
      }
      for (const packed of rows) yield { ...unpackedRow(packed), isDirectory: packed[4] !== undefined }
      if (isLast) return
    }
  }

  /** A new name. Resolves to its version. @throws CardumenError `name-exists`, `right-missing`, `directory-full`. */
  async enter(path: string, capability: Capabilities, options: { readonly masks?: GivenMasks } = {}): Promise<number> {
    const masks = bitsOf(options.masks)
    const capabilities = listOf(capability)
    return this.#write(path, (client, names, call) => client.enter({ path: names, capabilities, masks }, call))
  }

  /** Other capabilities for a name, which keeps its masks. @throws CardumenError `name-clash`: `expected` is no more. */
  async replace(path: string, capability: Capabilities, options: { readonly expected: number }): Promise<number> {
    const capabilities = listOf(capability)
    const { expected } = options
    return this.#write(path, (client, names, call) => client.replace({ path: names, capabilities, expected }, call))
  }

  /** The name goes; the object stays. */
  async remove(path: string, options: { readonly expected?: number } = {}): Promise<number> {
    const { expected } = options
    return this.#write(path, (client, names, call) => client.remove({ path: names, expected }, call))
  }

  /** What the holders of each column get of a name from now on. */
  async chmod(path: string, given: GivenMasks, options: { readonly expected?: number } = {}): Promise<number> {
    const { expected } = options
    const masks = bitsOf(given) ?? []
    return this.#write(path, (client, names, call) => client.chmod({ path: names, masks, expected }, call))
  }

  async getmasks(path: string): Promise<Masks> {
    const { masks } = await this.#ask('read', namesToRow(path), {}, (client, names, call) =>
      client.getmasks({ path: names }, call),
    )
    return masks ?? unanswered()
  }

  /**
   * Another name, or another directory, in one step; masks go with it. The new row leads to what a look-up of the old
   * one would have given, so nobody gains by moving. Both paths lead through directories of one server.
   */
  async move(source: string, target: string): Promise<number> {
    const input = { source: namesToRow(source), target: namesToRow(target) }
    const { version } = await this.#changing(
      this.#connection.change(this.capability, {}, (call) => this.#client.move(input, call)),
    )
    return version ?? unanswered()
  }

  /** A new directory, under that name. The result holds all rights, whatever the masks give to others. */
  async create(
    path: string,
    options: { readonly masks?: GivenMasks; readonly columns?: readonly string[] } = {},
  ): Promise<Directory> {
    const { columns } = options
    const masks = bitsOf(options.masks)
    const { capability } = await this.#changing(
      this.#ask('change', namesToRow(path), {}, (client, names, call) =>
        client.create({ path: names, masks, columns }, call),
      ),
    )
    return this.#at(capability ?? unanswered())
  }

  /** Many names as they stood at one moment; undefined for one that was not there, or may not be seen. At most 64. */
  async setlookup(paths: readonly string[]): Promise<readonly (Found | undefined)[]> {
    atMost('paths', paths.length, pathsPerLookupMax)
    const names = paths.map(namesToRow)
    const items = await this.#connection.read(this.capability, {}, (call) =>
      this.#client.setlookup({ paths: names }, call),
    )
    return items.map(({ found }, at) => found && foundOf(names[at] ?? [], found))
  }

  /**
   * All of the changes or none, in any directories of one server. Resolves to the version of what was written.
   * @throws CardumenError `name-clash`: a row is not as one of them expected it; of two that clash one wins.
   */
  async install(changes: readonly DirectoryChange[]): Promise<number> {
    atMost('changes', changes.length, changesPerInstallMax)
    const input = { changes: changes.map(sentOf) }
    const { version } = await this.#changing(
      this.#connection.change(this.capability, {}, (call) => this.#client.install(input, call)),
    )
    return version
  }

  /** The number of the last change in a directory; it only grows. */
  async sequence(path = '/'): Promise<number> {
    const at = await this.#capabilityOf(path, {})
    const client = this.#clientOf(at)
    const { sequence } = await this.#connection.read(at, {}, (call) => asDirectory(client.sequence(undefined, call)))
    return sequence
  }

  /**
   * Every change of a directory from now on, in order, none twice and none left out, over cuts and other servers.
   * @throws CardumenError `compacted`: `from`, or a cut, is longer ago than the engine keeps changes; list again.
   */
  async *watch(path = '/', options: WatchOptions = {}): AsyncGenerator<DirectoryEvent> {
    const { signal } = options
    const at = await this.#capabilityOf(path, { ...(signal !== undefined && { signal }) })
    yield* watchDirectory(this.#connection, at, options)
  }

  /** The same directory, for somebody who may do less. No message is sent. */
  restrict(restriction: Restriction): Directory {
    return this.#at(this.capability.restrict(restriction))
  }

  #at(capability: Capability): Directory {
    return capability === this.capability ? this : new Directory(this.#connection, capability)
  }

  #clientOf(capability: Capability): DirectoryClient {
    return capability === this.capability ? this.#client : this.#connection.client(capability)
  }

  async #capabilityOf(path: string, options: LookupOptions): Promise<Capability> {
    return namesIn(path).length === 0 ? this.capability : (await this.lookup(path, options)).capability
  }

  async #lookUp(path: string, options: AskOptions): Promise<Found> {
    const names = namesToRow(path)
    const askedAt = this.#connection.now()
    const { epoch } = this.#cache
    const { found } = await this.#ask('read', names, options, (client, left, call) =>
      client.lookup({ path: left }, call),
    )
    const result = foundOf(names, found ?? unanswered())
    this.#cache.keep(path, result, askedAt, epoch)
    return result
  }

  async #write(
    path: string,
    ask: (client: DirectoryClient, names: readonly string[], call: CallOptions) => Promise<WrittenAnswer>,
  ): Promise<number> {
    const { version } = await this.#changing(this.#ask('change', namesToRow(path), {}, ask))
    return version ?? unanswered()
  }

  /** Also one that failed may have changed something. */
  async #changing<Answer>(change: Promise<Answer>): Promise<Answer> {
    try {
      return await change
    } finally {
      this.#cache.clear()
    }
  }

  /** Goes on by itself where a server cannot walk on. */
  async #ask<Answer extends Onward>(
    to: 'read' | 'change',
    path: readonly string[],
    options: AskOptions,
    ask: (client: DirectoryClient, names: readonly string[], call: CallOptions) => Promise<Answer>,
  ): Promise<Answer> {
    let names = path
    for (let at = this.capability; ; ) {
      const client = this.#clientOf(at)
      const asked = names
      const answer = await this.#connection[to](at, options, (call) => asDirectory(ask(client, asked, call)))
      if (answer.on === undefined) return answer
      names = names.slice(-checkedLeft(answer.on.left, names.length))
      at = answer.on.capability
    }
  }
}

/** A sealed position comes first; without either a listing begins. */
interface PageStart {
  readonly after: string | undefined
  readonly position: Uint8Array | undefined
}

interface Onward {
  readonly on: { readonly capability: Capability; readonly left: number } | undefined
}
type WrittenAnswer = Onward & { readonly version: number | undefined }

/** What a call of an object says that is no directory. */
async function asDirectory<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer
  } catch (cause) {
    if (!isCardumenError(cause, 'operation-unknown')) throw cause
    throw new CardumenError('not-a-directory', 'A name of this path leads to something else than a directory.', {
      cause,
    })
  }
}

function foundOf(
  names: readonly string[],
  { capabilities, version }: { readonly capabilities: readonly Capability[]; readonly version: number },
): Found {
  const [capability] = capabilities
  return { name: names.at(-1) ?? '', capability: capability ?? unanswered(), capabilities, version }
}

function sentOf(change: DirectoryChange): Sent {
  const path = namesToRow(change.path)
  const { kind } = change
  const capabilities = 'capability' in change ? listOf(change.capability) : undefined
  const masks = 'masks' in change ? bitsOf(change.masks) : undefined
  const expected = 'expected' in change ? change.expected : undefined
  return { kind, path, capabilities, masks, expected }
}

/** @throws CardumenError `option-invalid` */
function bitsOf(masks: GivenMasks | undefined): Masks | undefined {
  return masks?.map((mask) => rightsOf(mask))
}

function listOf(capabilities: Capabilities): readonly Capability[] {
  const list = 'length' in capabilities ? capabilities : [capabilities]
  if (list.length <= capabilitiesPerRowMax) return list
  throw new CardumenError('directory-full', `A row names at most ${capabilitiesPerRowMax} capabilities.`)
}

function atMost(what: string, count: number, most: number): void {
  if (count > 0 && count <= most) return
  throw new CardumenError('option-invalid', `${count} ${what} at once; from 1 to ${most} can be.`)
}

function unanswered(): never {
  throw new CardumenError('output-refused', 'The answer of a directory server has nothing in it.', {
    executed: 'unknown',
  })
}
