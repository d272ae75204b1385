/**
 * Planted bugs of capabilities: what a server takes for genuine, unrevoked, unexpired, and allowed.
 *
 * The bugs were fixed before any was run. The workload of the scenario was changed afterwards, until more of them were
 * found, and the reasons to survive were written last. What the entries mean is told in `mutant.ts`.
 */
import type { Mutant } from './mutant.ts'

const authority = 'src/kernel/capabilities/authority.ts'
const revocations = 'src/kernel/capabilities/revocations.ts'
const served = 'src/kernel/calls/served-service.ts'
const scenarios = ['revoking']

export const capabilityMutants: readonly Mutant[] = [
  {
    name: 'capability-generation-uncompared',
    breaks: 'A capability of an earlier generation of its object is taken.',
    file: authority,
    find: 'generation !== this.#revocations.generationOf(object) || this.#hasRevoked(object, tails)',
    replace: 'this.#hasRevoked(object, tails)',
    scenarios,
  },
  {
    name: 'capability-made-of-revoked-taken',
    breaks: 'A revoked branch is refused, and what was narrowed from it is not.',
    file: authority,
    find: 'tails.some((tail) => branches.has(branchOf(tail)))',
    replace: 'tails.slice(-1).some((tail) => branches.has(branchOf(tail)))',
    scenarios,
  },
  {
    name: 'capability-rights-caveat-skipped',
    breaks: 'Narrowing the rights of a capability takes nothing away.',
    file: authority,
    find: 'left.rights = (left.rights & caveat.mask) >>> 0',
    replace: 'left.rights = left.rights >>> 0',
    scenarios,
  },
  {
    name: 'capability-expiry-backwards',
    breaks: 'A capability is good after its end, and not before.',
    file: authority,
    find: 'wallMs() < expiresAtMs',
    replace: 'wallMs() > expiresAtMs',
    scenarios,
  },
  {
    name: 'capability-expiry-of-the-widest',
    breaks: 'Of two ends of a capability the later one counts.',
    file: authority,
    find: 'left.expiresAtMs = Math.min(left.expiresAtMs, caveat.atMs)',
    replace: 'left.expiresAtMs = caveat.atMs',
    scenarios,
  },
  {
    name: 'capability-expiry-checked-once',
    breaks: 'What was verified goes on to be taken after it has expired.',
    file: served,
    find: '      checkExpiry(known, this.#wallMs)\n      return known\n',
    replace: '      return known\n',
    scenarios,
  },
  {
    name: 'capability-holder-checked-once',
    breaks: 'What its holder has shown once is taken of anybody.',
    file: served,
    find: '      if (known.holder !== undefined) checkHolder(known, () => callers.publicKeyOf(caller))\n',
    replace: '',
    scenarios,
  },
  {
    name: 'capability-operations-caveat-ignored',
    breaks: 'A capability for one operation opens all.',
    file: served,
    find: 'if (operations !== undefined && !operations.includes(name)) {',
    replace: 'if (operations !== undefined && operations.length === 0) {',
    scenarios,
  },
  {
    name: 'capability-verified-after-revocation',
    breaks: 'What was verified goes on to be taken after its branch was revoked.',
    file: served,
    find: 'this.#revocations.revokeBranch(object, branch, expiresAtMs)\n    this.#verified.drop(object)\n',
    replace: 'this.#revocations.revokeBranch(object, branch, expiresAtMs)\n',
    scenarios,
  },
  {
    name: 'capability-verified-after-generation',
    breaks: 'What was verified goes on to be taken after the generation was revoked.',
    file: served,
    find: 'this.#revocations.revokeAll(object)\n    this.#verified.drop(object)\n',
    replace: 'this.#revocations.revokeAll(object)\n',
    scenarios,
  },
  {
    name: 'capability-branches-forgotten-at-restart',
    breaks: 'The next server of an identity does not know which branches were revoked.',
    file: revocations,
    find: 'this.#branchesOf(Number(object)).set(branch, value)',
    replace: 'void { object, branch, value }',
    scenarios,
  },
  {
    name: 'capability-generations-forgotten-at-restart',
    breaks: 'The next server of an identity begins with the first generation of every object.',
    file: revocations,
    find: '(name, value) => this.#generations.set(Number(name), value)',
    replace: '(name, value) => void { name, value }',
    scenarios,
  },
  {
    name: 'capability-revocation-told-before-written',
    breaks: 'A revocation is acknowledged before it is durable.',
    file: revocations,
    find: '    await this.#write(rows, [put, ...deletes(rows, object, expired)])\n',
    replace: '    void this.#write(rows, [put, ...deletes(rows, object, expired)]).catch(() => undefined)\n',
    scenarios,
    survives:
      'the answer waits for the audit as well, which the same connection of the engine writes behind it; src/kernel/capabilities/identity.test.ts finds it',
  },
  {
    name: 'capability-revocation-unfenced',
    breaks: 'A server that was replaced goes on to acknowledge revocations.',
    file: revocations,
    find: 'engine.transact({ conditions: [isOurs], then })',
    replace: 'engine.transact({ conditions: [isOurs].slice(1), then })',
    scenarios,
    survives:
      'a server that was replaced has lost its lease, and takes no call by the time that it could write; src/kernel/capabilities/identity.test.ts finds it',
  },
]
