/**
 * The server of the directory: one at a time, with everything that it knows in the engine.
 *
 * This file is the dispatch: it ties the operations to what carries them out, reads (`reads.ts`), changes (`writes.ts`)
 * and watches (`feeds.ts`). It keeps nothing that the next server would miss. The root is object 1 and is made when the
 * directory is served for the first time.
 */
import type { Member } from '../../kernel/member.ts'
import { Capability } from '../../kernel/capabilities/capability.ts'
import { keyedHashBytes } from '../../kernel/capabilities/keyed-hash.ts'
import type { CallContext, Handlers } from '../../kernel/service.ts'
import type { Served } from '../../kernel/serving.ts'
import type { ObjectHooks } from '../../kernel/standard/standard-objects.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { columnNames, hasColumn, isOwner, mayKnowOf, needColumn, needRight } from './access.ts'
import { writeRoot } from '../root.ts'
import { auditNotesOf } from './audit-notes.ts'
import { type Asking, type Edit, planEdit, planMove } from './edits.ts'
import { Feeds } from './feeds.ts'
import { directoryIdentity, type DirectoryOperations, DirectoryService, rootObject } from './interface.ts'
import { nameOf } from './names.ts'
import { ObjectNumbers } from './object-numbers.ts'
import { Positions } from './positions.ts'
import { Reads } from './reads.ts'
import { encodeHead, type HeadChange, headKeyOf } from './rows.ts'
import { DirectoryStore } from './store.ts'
import { Turns } from './turns.ts'
import { type Onward, type Start, Walks } from './walk.ts'
import { type Decide, Writes } from './writes.ts'

/** Calls that run at once; each watch is one as long as it lasts. */
export const directoryCallsRunningMax = 16_384
export const directoryCallsWaitingMax = 4_096

type Inputs = { [Name in keyof DirectoryOperations]: Parameters<Handlers<DirectoryOperations>[Name]>[0] }
type Outputs = { [Name in keyof DirectoryOperations]: Awaited<ReturnType<Handlers<DirectoryOperations>[Name]>> }

export class DirectoryServer {
  readonly served: Served
  readonly #member: Member
  readonly #store: DirectoryStore
  readonly #reads: Reads
  readonly #writes: Writes
  readonly #feeds: Feeds
  readonly #numbers: ObjectNumbers

  /**
   * Serves until it is closed, or the member leaves.
   * @throws CardumenError `port-taken`: another member serves it; what the engine throws.
   */
  static async start(member: Member): Promise<DirectoryServer> {
    const started: { server?: DirectoryServer } = {}
    const server = (): DirectoryServer => started.server ?? notYet()
    const served = await member.serve(DirectoryService, handlersOf(server), {
      identity: directoryIdentity,
      objects: hooksOf(server),
      concurrency: directoryCallsRunningMax,
      mailbox: directoryCallsWaitingMax,
      speaksForItself: true,
    })
    try {
      started.server = new DirectoryServer(member, served)
      await started.server.#makeRoot()
      return started.server
    } catch (error) {
      await served.close().catch(() => undefined)
      throw error
    }
  }

  private constructor(member: Member, served: Served) {
    this.#member = member
    this.served = served
    this.#store = new DirectoryStore(member.engine, served.fence)
    const walks = new Walks(this.#store, (capability, use) => served.opens(capability, use))
    const { clock } = member
    const { capability } = served
    const positions = new Positions(Capability.toBytes(capability).subarray(-keyedHashBytes))
    this.#reads = new Reads({ store: this.#store, walks, port: Capability.portOf(capability), clock, positions })
    this.#writes = new Writes({
      store: this.#store,
      walks,
      turns: new Turns(),
      audited: ({ context }, changes) => auditNotesOf(context, changes).map((note) => member.audit.operation(note)),
    })
    this.#feeds = new Feeds(member.engine, member.clock)
    this.#numbers = new ObjectNumbers(served.fence)
  }

  /** Those who watch go to the next server by themselves. */
  async close(): Promise<void> {
    this.#feeds.close()
    await this.served.close()
  }

  async lookup({ path }: Inputs['lookup'], context: CallContext): Promise<Outputs['lookup']> {
    const answer = await this.#reads.lookup({ operation: 'lookup', context }, path)
    return 'kind' in answer ? { on: onOf(answer), found: undefined } : { on: undefined, found: answer }
  }

  async list(input: Inputs['list'], context: CallContext): Promise<Outputs['list']> {
    const { after, position, prefix = '', ...options } = input
    const behind = position === undefined ? after && nameOf(after) : this.#reads.nameAt(context.object, position)
    return await this.#reads.page(context, { ...options, after: behind, prefix: prefix.normalize('NFC') })
  }

  async getmasks({ path }: Inputs['getmasks'], context: CallContext): Promise<Outputs['getmasks']> {
    const answer = await this.#reads.masks({ operation: 'getmasks', context }, path)
    return 'kind' in answer ? { on: onOf(answer), masks: undefined } : { on: undefined, masks: answer.masks }
  }

  setlookup({ paths }: Inputs['setlookup'], context: CallContext): Promise<Outputs['setlookup']> {
    return this.#reads.setlookup({ operation: 'setlookup', context }, paths)
  }

  async sequence(context: CallContext): Promise<Outputs['sequence']> {
    needColumn(context.rights)
    const { version, value } = await this.#store.knownHead(context.object)
    return { sequence: version, columns: value.columns }
  }

  edit(
    operation: 'enter' | 'replace' | 'remove' | 'chmod',
    { path }: { readonly path: readonly string[] },
    edit: Edit,
    context: CallContext,
  ): Promise<Outputs['enter']> {
    const asking = this.#askingOf(operation, context)
    return this.#written({ operation, context }, [path], (plan, targets) => {
      for (const target of targets) planEdit(plan, target, edit, asking)
    })
  }

  move({ source, target }: Inputs['move'], context: CallContext): Promise<Outputs['move']> {
    const asking = this.#askingOf('move', context)
    return this.#written({ operation: 'move', context }, [source, target], (plan, [from, to]) => {
      if (from !== undefined && to !== undefined) planMove(plan, from, to, asking)
    })
  }

  async create({ path, masks, columns }: Inputs['create'], context: CallContext): Promise<Outputs['create']> {
    const head = encodeHead({ columns: columns ?? columnNames.slice(0, 3), count: 0, changes: [] })
    const asking = this.#askingOf('create', context)
    let capability: Capability | undefined
    const { on, version } = await this.#written({ operation: 'create', context }, [path], (plan, [target]) => {
      if (target === undefined) return
      needRight(target.place.rights, 'create', 'create')
      const number = this.#numbers.next()
      capability = this.served.capabilityFor(number)
      planEdit(plan, target, { kind: 'enter', capabilities: [capability], masks, expected: undefined }, asking)
      const key = headKeyOf(number)
      plan.also({ kind: 'absent', key }, { kind: 'put', key, value: head })
    })
    return { on, version, capability }
  }

  async install({ changes }: Inputs['install'], context: CallContext): Promise<Outputs['install']> {
    if (changes.length === 0) throw new CardumenError('option-invalid', 'There is nothing to install.')
    const asking: Asking = { ...this.#askingOf('install', context), isInstall: true }
    const paths = changes.map(({ path }) => path)
    const outcome = await this.#writes.run({ operation: 'install', context }, paths, (plan, targets) => {
      for (const [at, target] of targets.entries()) {
        const change = changes[at]
        if (change !== undefined) planEdit(plan, target, change, asking)
      }
    })
    if (typeof outcome === 'number') return { version: outcome }
    throw new CardumenError('not-a-directory', 'The path leads through a directory of another server; install there.')
  }

  async *watch({ from }: Inputs['watch'], context: CallContext): Outputs['watch'] {
    const { object, rights: held, signal, capability, caller } = context
    needColumn(held)
    const { version } = await this.#store.knownHead(object)
    const begin = from ?? version
    yield { sequence: begin, changes: [] }
    for await (const { sequence, changes } of this.#feeds.events(object, begin, version, signal)) {
      if (!this.served.isOurs())
        throw new CardumenError('address-unknown', 'This server of the directory was replaced.')
      if (this.served.opens(capability, { operation: 'watch', caller }) === undefined)
        throw new CardumenError('capability-revoked', 'The capability was revoked or expired during the watch.')
      yield { sequence, changes: changes.flatMap((change) => changeFor(change, held)) }
    }
  }

  async has(object: number): Promise<boolean> {
    return object === 0 || (await this.#store.head(object)).value !== undefined
  }

  /** How many rows there are is for those who may know of all of them. */
  async info(object: number, { rights: held }: CallContext): Promise<string> {
    if (object === 0) return 'server of the directory'
    const { value, version } = await this.#store.knownHead(object)
    if (!hasColumn(held)) return 'directory'
    const counted = isOwner(held) ? `, ${value.count} ${value.count === 1 ? 'row' : 'rows'}` : ''
    return `directory${counted}, sequence ${version}`
  }

  async status(object: number, { rights: held }: CallContext): Promise<Readonly<Record<string, number>>> {
    const { count: watchedDirectories, watchers } = this.#feeds
    const ofServer = { watchedDirectories, watchers, clashes: this.#writes.clashes }
    if (object === 0 || !isOwner(held)) return ofServer
    return { ...ofServer, rows: (await this.#store.knownHead(object)).value.count }
  }

  /** Only an empty one, so that nothing is lost that somebody entered meanwhile. */
  async destroy(object: number): Promise<void> {
    if (object <= rootObject) throw new CardumenError('operation-unsupported', 'The root directory stays.')
    const { key, value, condition } = await this.#store.knownHead(object)
    if (value.count > 0) throw new CardumenError('directory-not-empty', 'The directory has rows; remove them first.')
    const version = await this.#store.write([condition], [{ kind: 'delete', key }])
    if (version === undefined) throw new CardumenError('try-again', 'The directory changed meanwhile; it still stands.')
  }

  /** Processes that start from now on get the new root. */
  async revoked(object: number, fresh: Capability): Promise<void> {
    if (object === rootObject) await writeRoot(this.#member.engine, fresh)
  }

  async columns(object: number): Promise<string> {
    return object === 0 ? '' : (await this.#store.knownHead(object)).value.columns.join(' ')
  }

  async #makeRoot(): Promise<void> {
    const root = await this.#store.head(rootObject)
    if (root.value !== undefined) return
    const value = encodeHead({ columns: columnNames.slice(0, 3), count: 0, changes: [] })
    await this.#store.write([root.condition], [{ kind: 'put', key: root.key, value }])
  }

  async #written(start: Start, paths: readonly (readonly string[])[], decide: Decide): Promise<Outputs['enter']> {
    const outcome = await this.#writes.run(start, paths, decide)
    if (typeof outcome !== 'number') return { on: onOf(outcome), version: undefined }
    this.#numbers.onWritten(outcome)
    return { on: undefined, version: outcome }
  }

  #askingOf(operation: string, { caller }: CallContext): Asking {
    return { operation, nowMs: Math.floor(this.#member.clock.wallMs()), caller, isInstall: false }
  }
}

function handlersOf(server: () => DirectoryServer): Handlers<DirectoryOperations> {
  const nothing = { capabilities: undefined, masks: undefined, expected: undefined }
  return {
    lookup: (input, context) => server().lookup(input, context),
    list: (input, context) => server().list(input, context),
    getmasks: (input, context) => server().getmasks(input, context),
    setlookup: (input, context) => server().setlookup(input, context),
    sequence: (_, context) => server().sequence(context),
    watch: (input, context) => server().watch(input, context),
    enter: (input, context) => server().edit('enter', input, { ...nothing, ...input, kind: 'enter' }, context),
    replace: (input, context) => server().edit('replace', input, { ...nothing, ...input, kind: 'replace' }, context),
    remove: (input, context) => server().edit('remove', input, { ...nothing, ...input, kind: 'remove' }, context),
    chmod: (input, context) => server().edit('chmod', input, { ...nothing, ...input, kind: 'masks' }, context),
    move: (input, context) => server().move(input, context),
    create: (input, context) => server().create(input, context),
    install: (input, context) => server().install(input, context),
  }
}

function hooksOf(server: () => DirectoryServer): ObjectHooks {
  return {
    has: (object) => server().has(object),
    info: (object, context) => server().info(object, context),
    status: (object, context) => server().status(object, context),
    destroy: (object) => server().destroy(object),
    revoked: (object, fresh) => server().revoked(object, fresh),
    parameters: {
      columns: {
        type: 'text',
        description: 'what the columns of its rows are called',
        get: (object) => server().columns(object),
      },
    },
  }
}

function onOf({ capability, left }: Onward): { readonly capability: Capability; readonly left: number } {
  return { capability, left }
}

/** As a holder of these columns sees it: a row that he could not see before has been entered for him, and so on. */
function changeFor(
  { kind, name, before, after }: HeadChange,
  held: number,
): readonly { readonly kind: HeadChange['kind']; readonly name: string }[] {
  const knew = before.length > 0 && mayKnowOf(before, held)
  const knows = after.length > 0 && mayKnowOf(after, held)
  if (knew && knows) return [{ kind, name }]
  if (!knew && !knows) return []
  return [{ kind: knows ? 'entered' : 'removed', name }]
}

/** A call that came before the root is there. */
function notYet(): never {
  throw new CardumenError('try-again', 'The directory begins to be served; it did not run.')
}
