/**
 * Planted bugs of the kernel: calls, names, membership, links, and the log that keeps what machines persist.
 *
 * A list, fixed before it was run; what the entries mean is told in `mutant.ts`.
 */
import type { Mutant } from './mutant.ts'

const links = 'src/kernel/links/links.ts'
const member = 'src/kernel/member.ts'
const recordLog = 'src/kernel/record-log.ts'

const ofMembers: readonly Mutant[] = [
  {
    name: 'member-lease-trusted-after-its-end',
    breaks: 'A member goes on after its lease has ended, as after a long pause.',
    file: member,
    find: "    void this.#lease.ended.then(() => this.#leave(edges.engine.failure === undefined ? 'expelled' : 'engine-failed'))\n",
    replace: '',
    scenarios: ['calls', 'lease-lock'],
  },
  {
    name: 'member-incarnation-reused',
    breaks: 'Every life of a member has the same number.',
    file: 'src/kernel/membership.ts',
    find: 'return incarnation(await engine.put(incarnationKey, new Uint8Array(0)))',
    replace: 'return incarnation(Math.min(1, await engine.put(incarnationKey, new Uint8Array(0))))',
    scenarios: ['calls'],
  },
  {
    name: 'member-deaths-unseen',
    breaks: 'A row that goes from the table of members is not taken for a death.',
    file: 'src/kernel/membership.ts',
    find: 'if (before !== undefined && before.address !== read?.address) this.#part(before.address)',
    replace:
      'if (before !== undefined && read !== undefined && before.address !== read.address) this.#part(before.address)',
    scenarios: ['names', 'deaths'],
  },
  {
    name: 'member-death-kept-from-calls',
    breaks: 'The call machine is not told of deaths.',
    file: member,
    find: "    this.#driver.call({ kind: 'parted', peer })\n",
    replace: '',
    scenarios: ['calls', 'deaths'],
  },
  {
    name: 'member-links-kept-from-calls',
    breaks: 'The call machine is not told that a link stands, so it takes what was sent for never sent.',
    file: member,
    find: "onUp: (peer) => this.#driver.call({ kind: 'relinked', peer }),",
    replace: 'onUp: () => undefined,',
    scenarios: ['calls'],
  },
  {
    name: 'follow-loses-a-revision',
    breaks: 'A watch that follows a listing begins one revision too late.',
    file: 'src/kernel/follow.ts',
    find: 'from: revision(from + 1)',
    replace: 'from: revision(from + 2)',
    scenarios: ['names'],
  },
  {
    name: 'follow-loses-what-failed',
    breaks: 'After trouble with the engine a watch goes on from the present without a new listing.',
    file: 'src/kernel/follow.ts',
    find: '        if (!isListed) from = await listAll(engine, prefix, follower)\n',
    replace: '        if (!isListed) from = (await engine.list(prefix, { entriesMax: entriesPerListing })).revision\n',
    scenarios: ['names'],
  },
  {
    name: 'names-withdrawal-unseen',
    breaks: 'A name whose row was deleted goes on leading to its server.',
    file: 'src/kernel/ports/names.ts',
    find: "if (change.kind === 'delete') this.#unset(change.key)",
    replace: "if (change.kind === 'delete') return",
    scenarios: ['names'],
  },
  {
    name: 'names-never-removed',
    breaks: 'A service that closes leaves its name in the engine.',
    file: 'src/kernel/ports/server-entries.ts',
    find: "then: keys.map((key) => ({ kind: 'delete', key })),",
    replace: "then: keys.slice(0, 1).map((key) => ({ kind: 'delete', key })),",
    scenarios: ['names'],
  },
  {
    name: 'names-port-remembered-at-the-dead',
    breaks: 'Where a port was is remembered although the call there found nobody.',
    file: 'src/kernel/calls/calls.ts',
    find: '      this.#options.ports.forget(server.port, server.address)\n',
    replace: '',
    scenarios: ['moving'],
  },
]

const hosting = 'src/kernel/ports/hosting.ts'

const ofPorts: readonly Mutant[] = [
  {
    name: 'ports-proof-unchecked',
    breaks: 'Whoever writes the row of a port is taken for its server.',
    file: 'src/kernel/ports/ports.ts',
    find: 'if (isPortProof(crypto, place, member.publicKey, row.proof)) return row',
    replace: 'if (member !== undefined) return row',
    scenarios: ['moving'],
  },
  {
    name: 'ports-moves-not-awaited',
    breaks: 'A server that has just closed to open elsewhere is taken for gone.',
    file: 'src/kernel/ports/ports.ts',
    find: 'return this.#vanished.isAwaited(port)',
    replace: 'return this.#vanished.isAwaited(port) && false',
    scenarios: ['moving'],
  },
  {
    name: 'ports-claimed-from-the-living',
    breaks: 'A kept identity is served although another live member serves it.',
    file: 'src/kernel/ports/server-entries.ts',
    find: 'engine.transact({ conditions: [condition], then: puts,',
    replace: 'engine.transact({ conditions: [], then: puts,',
    scenarios: ['moving'],
  },
  {
    name: 'ports-rows-of-others-deleted',
    breaks: 'A server that closes late takes the row of its successor away.',
    file: 'src/kernel/ports/server-entries.ts',
    find: "      conditions: [{ kind: 'value', key: portKeyOf(port), equals: value }],\n      then: keys",
    replace: '      then: keys',
    scenarios: ['moving'],
  },
  {
    name: 'hosting-lease-unchecked',
    breaks: 'A server that was stopped past its lease goes on taking calls of an identity that another has taken over.',
    file: hosting,
    find: 'serving.takesCalls && lease.isLive()',
    replace: 'serving.takesCalls',
    scenarios: ['moving'],
  },
  {
    name: 'hosting-closing-takes-calls',
    breaks: 'A server of a kept identity takes calls until it has heard that its row is gone.',
    file: hosting,
    find: '    if (service.identity.keptAs !== undefined) serving.takesCalls = false\n',
    replace: '',
    scenarios: ['moving'],
    survives:
      'the server must be stopped within the millisecond between the deletion of its row and its hearing of it, with calls in its sockets by then: one seed in twenty at best, and none in most runs',
  },
  {
    name: 'hosting-revocations-unread',
    breaks: 'A server of a kept identity does not know what earlier lives revoked.',
    file: hosting,
    find: '    return service.load({ engine, identity, port: service.port, portRevision })\n',
    replace: '    return Promise.resolve(void { engine, service, identity, portRevision })\n',
    scenarios: ['moving'],
  },
  {
    name: 'locate-withdrawal-unheard',
    breaks: 'That a port is not there any more is not believed of the one who says so itself.',
    file: 'src/kernel/ports/locate-driver.ts',
    find: "    if (message.kind === 'NOTHERE') this.#options.onNotHere(message.port, from)\n",
    replace: '',
    scenarios: ['moving'],
    survives: 'NOTHERE saves one try: the call that goes there is turned away, and finds the server as well',
  },
]

const ofCalling: readonly Mutant[] = [
  {
    name: 'calls-repeated-after-unknown',
    breaks: 'A call that may have run is sent to another server although it may run once only.',
    file: 'src/kernel/calls/call-failure.ts',
    find: "return failure.executed === 'no' && isServerGone(failure)",
    replace: "return failure.executed !== 'yes' && isServerGone(failure)",
    scenarios: ['calls'],
  },
  {
    name: 'calls-earlier-tries-forgotten',
    breaks: 'The error of a last try says that nothing ran, whatever earlier tries may have done.',
    file: 'src/kernel/calls/calls.ts',
    find: '    pending.ran = eitherExecuted(pending.ran, failure.executed)\n',
    replace: '',
    scenarios: ['calls'],
  },
  {
    name: 'dispatch-begun-handler-denied',
    breaks: 'The error of a handler goes back as if the call had been refused before it.',
    file: 'src/kernel/calls/dispatch.ts',
    find: '      running.hasBegun = true\n',
    replace: '',
    scenarios: ['calls'],
  },
  {
    name: 'dispatch-capability-unchecked',
    breaks: 'The end of the chain of a capability is not compared, so any object can be guessed.',
    file: 'src/kernel/capabilities/authority.ts',
    find: '    return equalBytes(tail, bytes.subarray(-tailBytes)) ? tails : undefined',
    replace: '    return tails',
    scenarios: ['forgeries'],
  },
  {
    name: 'dispatch-right-unchecked',
    breaks: 'Whoever holds any capability of an object may do everything to it.',
    file: 'src/kernel/calls/served-service.ts',
    find: '  if (hasRights(rights, needed)) return\n',
    replace: '  if (hasRights(rights, 0)) return\n',
    scenarios: ['forgeries'],
  },
  {
    name: 'capability-caveats-not-in-the-chain',
    breaks: 'What narrows a capability can be changed or taken away.',
    file: 'src/kernel/capabilities/chain.ts',
    find: '  return keyedHash(tail, [domains.caveat, caveat])',
    replace: '  return caveat.length > 0 ? tail : keyedHash(tail, [domains.caveat, caveat])',
    scenarios: ['forgeries'],
  },
  {
    name: 'stream-credit-ignored',
    breaks: 'The handler of a stream is asked for items without end.',
    file: 'src/kernel/calls/stream-pump.ts',
    find: '        this.#room--\n',
    replace: '',
    scenarios: ['calls'],
  },
]

const ofLinks: readonly Mutant[] = [
  {
    name: 'link-large-message-resumed-in-its-middle',
    breaks:
      'After a break a large message goes on where it was cut, though the receiver has thrown its beginning away.',
    file: 'src/kernel/links/link-queue.ts',
    find: '      stream.id = 0\n      stream.sentBytes = 0\n',
    replace: '      stream.id = 0\n',
    scenarios: ['calls'],
  },
  {
    name: 'link-queue-lost-at-relink',
    breaks: 'What waited for a link is thrown away when the link stands.',
    file: links,
    find: '    peer.everUp = true\n    link.flush()\n',
    replace: '    peer.everUp = true\n    clear(peer.queue)\n',
    scenarios: ['calls', 'first-calls'],
  },
  {
    name: 'link-credit-not-restored',
    breaks: 'A receiver grants bytes and then refuses those that come for them.',
    file: 'src/kernel/links/link.ts',
    find: '    this.#granted += this.#arrivedBytes\n',
    replace: '',
    scenarios: ['calls'],
  },
  {
    name: 'link-each-of-two-sends',
    breaks: 'Of two links to one peer both send the cells of one large message.',
    file: 'src/kernel/links/link.ts',
    find: ' || !this.#events.isSender(this)) return 0',
    replace: ') return 0',
    scenarios: ['calls'],
  },
  {
    name: 'link-key-unchecked',
    breaks: 'A link is opened to whoever claims a name, whatever its key.',
    file: 'src/kernel/links/link-opening.ts',
    find: 'if (!equalBytes(theirs.publicKey, record.publicKey))',
    replace: 'if (theirs.publicKey.length !== record.publicKey.length)',
    scenarios: ['calls'],
    survives: 'no fault plays an impostor on the network; test/links/bad-input.test.ts does, on real sockets',
  },
  {
    name: 'cells-finished-message-kept',
    breaks: 'A large message that is whole keeps its place among those that are not.',
    file: 'src/wire/cells.ts',
    find: '    this.#partials.delete(this.#currentId)\n',
    replace: '',
    scenarios: ['calls'],
  },
  {
    name: 'cells-last-part-dropped',
    breaks: 'A large message is delivered before its last part has come.',
    file: 'src/wire/cells.ts',
    find: 'if (filled < partial.sizeBytes) return undefined',
    replace: 'if (filled < partial.sizeBytes / 2) return undefined',
    scenarios: ['calls'],
  },
]

const ofRecordLog: readonly Mutant[] = [
  {
    name: 'log-sync-skipped',
    breaks: 'A record is acknowledged without a sync.',
    file: recordLog,
    find: '    await this.#file.sync()\n',
    replace: '',
    scenarios: ['record-log'],
  },
  {
    name: 'log-acknowledged-before-written',
    breaks: 'A record is acknowledged before it is written.',
    file: recordLog,
    find: '        await this.#writeGroup(group)\n        for (const { resolve } of group) resolve()\n',
    replace: '        for (const { resolve } of group) resolve()\n        await this.#writeGroup(group)\n',
    scenarios: ['record-log'],
  },
  {
    name: 'log-checksum-unchecked',
    breaks: 'A record is believed whatever its checksum says.',
    file: recordLog,
    find: 'view.getUint32(at + checksumAt) !== checksum(bytes, at, sizeBytes)',
    replace: 'checksum(bytes, at, sizeBytes) < 0',
    scenarios: ['record-log'],
  },
  {
    name: 'log-torn-end-kept',
    breaks: 'What a crash left half written at the end of the log is not cut off.',
    file: recordLog,
    find: '        await file.truncate(endBytes)\n',
    replace: '',
    scenarios: ['record-log'],
    survives:
      'What a torn write leaves is a beginning, and no sound record: the next append writes over it. Only a disk that keeps later sectors of a write and loses earlier ones would show it.',
  },
  {
    name: 'log-goes-on-after-a-failed-sync',
    breaks: 'After a failed sync the log takes further records.',
    file: recordLog,
    find: "      if (!isCardumenError(error, 'disk-full')) throw error\n",
    replace: '',
    scenarios: ['record-log'],
    survives:
      'The log cuts itself back to what was synced before it goes on, which mends all that our virtual disk breaks. A disk that shows what it has lost until the next crash is missing.',
  },
  {
    name: 'log-numbers-stand-still',
    breaks: 'Each group of records is numbered like the one before.',
    file: recordLog,
    find: '    this.#count += group.length\n',
    replace: '',
    scenarios: ['record-log'],
  },
]

export const kernelMutants: readonly Mutant[] = [...ofMembers, ...ofPorts, ...ofCalling, ...ofLinks, ...ofRecordLog]
