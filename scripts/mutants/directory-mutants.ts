/**
 * Planted bugs of the directory: what is of one moment, who sees what, and what watchers are told.
 *
 * The bugs were fixed before any was run. The workloads of the scenarios were changed afterwards, until more of them were
 * found, and the reasons to survive were written last. What the entries mean is told in `mutant.ts`.
 */
import type { Mutant } from './mutant.ts'

const access = 'src/servers/directory/access.ts'
const edits = 'src/servers/directory/edits.ts'
const feed = 'src/servers/directory/feed.ts'
const plan = 'src/servers/directory/plan.ts'
const reads = 'src/servers/directory/reads.ts'
const server = 'src/servers/directory/server.ts'
const store = 'src/servers/directory/store.ts'
const watching = 'src/servers/directory/watching.ts'

const ofRows: readonly Mutant[] = [
  {
    name: 'directory-write-unconditional',
    breaks: 'What was read before a change may have changed when it is written.',
    file: store,
    find: 'fitting([...this.#fence, ...conditions])',
    replace: 'fitting([...this.#fence, ...conditions].slice(0, this.#fence.length))',
    scenarios: ['directory'],
    survives:
      'the requests of one server reach the engine in their order, so little comes between two of them: 1 or 2 of 40 seeds of earlier workloads found it, none of the present one; src/servers/directory/store.test.ts finds it',
  },
  {
    name: 'directory-fence-left-out',
    breaks: 'A server that was replaced goes on writing.',
    file: store,
    find: 'fitting([...this.#fence, ...conditions])',
    replace: 'fitting([...conditions])',
    scenarios: ['directory', 'directory-watch'],
    survives:
      'a change stands under the conditions of all that it was decided by; the fence keeps out one whose capability was revoked meanwhile. src/servers/directory/store.test.ts finds it',
  },
  {
    name: 'directory-changes-in-two-transactions',
    breaks: 'An install or a move is written one row first, and the rest after it.',
    file: 'src/servers/directory/writes.ts',
    find: '    return await store.write(conditions, [...plan.operations, ...audited(start, plan.changes)])\n',
    replace:
      '    const all = [...plan.operations, ...audited(start, plan.changes)]\n' +
      '    const version = await store.write(conditions, all.slice(0, 1))\n' +
      '    return version && (await store.write([], all.slice(1)))\n',
    scenarios: ['directory'],
  },
  {
    name: 'directory-move-keeps-the-old-name',
    breaks: 'What was moved can still be found under its old name.',
    file: edits,
    find: '  plan.remove(source)\n  plan.put(target,',
    replace: '  plan.put(target,',
    scenarios: ['directory'],
  },
  {
    name: 'directory-expected-uncompared',
    breaks: 'A change goes ahead although the row is of a later version than its caller expects.',
    file: edits,
    find: 'if (expected !== undefined && expected !== row.version) throw clash()',
    replace: 'if (expected !== undefined && expected > row.version) throw clash()',
    scenarios: ['directory'],
  },
  {
    name: 'directory-enter-overwrites',
    breaks: 'Entering a name that is there puts another capability in its place.',
    file: edits,
    find: '      if (target.row.value !== undefined) throw asking.isInstall ? clash() : nameExists()\n',
    replace: '',
    scenarios: ['directory'],
  },
  {
    name: 'directory-replace-resets-masks',
    breaks: 'Replacing a capability gives its row the usual masks.',
    file: edits,
    find: 'enteredRow(given(edit.capabilities), masks, asking)',
    replace: 'enteredRow(given(edit.capabilities), masks.slice(4, 4).length > 0 ? masks : undefined, asking)',
    scenarios: ['directory'],
  },
  {
    name: 'directory-path-of-many-moments',
    breaks: 'A look-up gives a row behind a link that has gone elsewhere meanwhile.',
    file: reads,
    find: 'this.#store.rowWhile(place.directory, place.name, place.conditions)',
    replace: 'this.#store.rowWhile(place.directory, place.name, [])',
    scenarios: ['directory'],
    survives:
      'the requests of one server reach the engine in their order, so little comes between two of them: 1 or 2 of 40 seeds of earlier workloads found it, none of the present one; src/servers/directory/store.test.ts finds it',
  },
  {
    name: 'directory-setlookup-of-many-moments',
    breaks: 'A look-up of many names gives each as it stood at another moment.',
    file: reads,
    find: 'return conditions.length <= 1 || (await this.#store.stand(conditions)) ? found : undefined',
    replace: 'return found',
    scenarios: ['directory'],
  },
  {
    name: 'directory-lookup-from-memory',
    breaks: 'A look-up is answered from memory by whoever did not ask for that.',
    file: 'src/servers/directory/client.ts',
    find: 'const known = maxAgeMs > 0 ? this.#cache.find(path, this.#connection.now() - maxAgeMs) : undefined',
    replace: 'const known = this.#cache.find(path, this.#connection.now() - maxAgeMs - 1_000)',
    scenarios: ['directory'],
  },
  {
    name: 'directory-masks-not-applied',
    breaks: 'A look-up gives all rights of what was entered, whatever the masks say.',
    file: access,
    find: 'return hasRights(mask, capability.rights) ? capability : capability.restrict({ rights: mask })',
    replace: 'return hasRights(mask, 0) ? capability : capability.restrict({ rights: mask })',
    scenarios: ['directory'],
  },
]

const ofWatches: readonly Mutant[] = [
  {
    name: 'directory-head-not-rewritten',
    breaks: 'A change of rows leaves the number of the directory as it was.',
    file: plan,
    find: 'return [...this.#operations, ...heads]',
    replace: 'return [...this.#operations, ...heads.slice(0, 0)]',
    scenarios: ['directory-watch'],
  },
  {
    name: 'directory-head-tells-of-one-change',
    breaks: 'Of several changes of one transaction watchers are told one.',
    file: plan,
    find: 'encodeHead({ columns, count, changes })',
    replace: 'encodeHead({ columns, count, changes: changes.slice(-1) })',
    scenarios: ['directory-watch'],
  },
  {
    name: 'directory-feed-begins-too-late',
    breaks: 'The watch that watchers share begins one change too late.',
    file: feed,
    find: 'from: revision(this.#last + 1)',
    replace: 'from: revision(this.#last + 2)',
    scenarios: ['directory-watch'],
  },
  {
    name: 'directory-feed-catches-up-too-late',
    breaks: 'Whoever has to catch up begins one change too late.',
    file: feed,
    find: 'const from = revision(after + 1)',
    replace: 'const from = revision(after + 2)',
    scenarios: ['directory-watch'],
  },
  {
    name: 'directory-feed-catches-up-too-early',
    breaks: 'Whoever has to catch up is sent the change again that he saw last.',
    file: feed,
    find: 'const from = revision(after + 1)',
    replace: 'const from = revision(after)',
    scenarios: ['directory-watch'],
    survives: "the watcher's own side leaves out what it has seen",
  },
  {
    name: 'directory-feed-skips-the-past',
    breaks: 'Whoever resumes hears only of what the feed has seen by itself.',
    file: feed,
    find: 'if (after < this.#complete) {\n        for',
    replace: 'if (after < Math.min(this.#complete, 0)) {\n        for',
    scenarios: ['directory-watch'],
  },
  {
    name: 'directory-watch-resumes-from-now',
    breaks: 'A watch that was cut goes on from the present.',
    file: watching,
    find: 'client.watch({ from: seen },',
    replace: 'client.watch({ from: seen === from ? seen : undefined },',
    scenarios: ['directory-watch'],
  },
  {
    name: 'directory-watch-ends-with-its-server',
    breaks: 'A watch fails where the server of the directory dies.',
    file: watching,
    find: "  'member-died',\n",
    replace: '',
    scenarios: ['directory-watch'],
  },
  {
    name: 'directory-hidden-row-told',
    breaks: 'Watchers are told of names that they may not know of.',
    file: server,
    find: '  if (!knew && !knows) return []\n',
    replace: '',
    scenarios: ['directory-watch'],
  },
  {
    name: 'directory-hiding-not-told',
    breaks: 'A watcher from whom a row is hidden goes on to take it for there.',
    file: server,
    find: '  const knows = after.length > 0 && mayKnowOf(after, held)\n',
    replace: '  const knows = after.length > 0 && (knew || mayKnowOf(after, held))\n',
    scenarios: ['directory-watch'],
  },
  {
    name: 'directory-hidden-row-listed',
    breaks: 'A listing has the names that are hidden from whoever lists.',
    file: reads,
    find: 'for (const row of rows) if (mayKnowOf(row.row.masks, held)) known.push(row)',
    replace: 'for (const row of rows) if (mayKnowOf(row.row.masks, held | 0x100)) known.push(row)',
    scenarios: ['directory-watch'],
  },
]

export const directoryMutants: readonly Mutant[] = [...ofRows, ...ofWatches]
