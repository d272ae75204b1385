/**
 * Planted bugs of the protocols: the call machine, the token ring, the bully, the search for ports and the scheduler.
 *
 * None of them decides by a quorum, so there is no off-by-one quorum to plant; its kin are the off-by-one comparisons of
 * sequences, generations, epochs and credits.
 */
import type { Mutant } from './mutant.ts'

const callee = 'src/protocols/rpc/callee.ts'
const caller = 'src/protocols/rpc/caller.ts'
const attention = 'src/protocols/rpc/attention.ts'
const mutex = 'src/protocols/mutex/mutex.ts'
const election = 'src/protocols/election/election.ts'
const locate = 'src/protocols/locate/locate.ts'
const scheduling = 'src/protocols/scheduling/scheduling.ts'

const ofCalls: readonly Mutant[] = [
  {
    name: 'rpc-duplicate-filter-lost',
    breaks: 'A copy of a request is taken for a new one.',
    file: callee,
    find: 'known !== undefined && req.sequence === known.sequence) return',
    replace: 'known !== undefined && req.sequence === known.sequence && known.sequence < 0) return',
    scenarios: ['call-machine'],
  },
  {
    name: 'rpc-old-request-off-by-one',
    breaks: 'A request one older than the last of its slot still runs.',
    file: callee,
    find: 'req.sequence < known.sequence) return\n',
    replace: 'req.sequence < known.sequence - 1) return\n',
    scenarios: ['call-machine'],
  },
  {
    name: 'rpc-incarnation-unchecked',
    breaks: 'A request that was meant for an earlier life of the member runs in the next one.',
    file: callee,
    find: 'if (req.incarnation !== state.incarnation) {',
    replace: 'if (req.incarnation > state.incarnation) {',
    scenarios: ['call-machine'],
  },
  {
    name: 'rpc-refusal-forgotten',
    breaks: 'A copy of a request that was refused for good is admitted after all.',
    file: callee,
    find: 'known !== undefined && req.sequence === known.sequence) return',
    replace: "known !== undefined && req.sequence === known.sequence && known.phase !== 'refused') return",
    scenarios: ['call-machine'],
  },
  {
    name: 'rpc-reply-not-kept',
    breaks: 'A reply is forgotten when it is sent, before its caller has acknowledged it.',
    file: callee,
    find: 'else retain(state, caller, slot, rep, context)',
    replace: '',
    scenarios: ['call-machine'],
  },
  {
    name: 'rpc-acknowledged-early',
    breaks: 'The caller acknowledges calls whose replies have not come yet.',
    file: attention,
    find: 'if (slot.acknowledged || slot.call !== undefined) return',
    replace: 'if (slot.acknowledged) return',
    scenarios: ['call-machine'],
  },
  {
    name: 'rpc-late-acknowledgement-believed',
    breaks: 'An acknowledgement of an earlier call of the slot ends its present one.',
    file: callee,
    find: 'slot === undefined || slot.sequence > message.sequence) return\n',
    replace: 'slot === undefined) return\n',
    scenarios: ['call-machine'],
  },
  {
    name: 'rpc-try-again-is-final',
    breaks: 'A further try after TA has the sequence that was refused for good.',
    file: attention,
    find: '    slotOf(callee, call).sequence++\n',
    replace: '',
    scenarios: ['call-machine'],
  },
  {
    name: 'rpc-cancel-denies-what-began',
    breaks: 'A cancelled call is answered as dropped although its handler runs.',
    file: callee,
    find: "if (slot.phase === 'running') return effects.outcome({ kind: 'abort', ...servedOf(slot) })",
    replace:
      "if (slot.phase === 'running') return effects.send(from, { kind: 'REP', slot: slot.slot, sequence: slot.sequence, status: 'dropped', count: 0, body: nothing })",
    scenarios: ['call-machine'],
  },
  {
    name: 'rpc-cancel-ahead-forgotten',
    breaks: 'A cancel that overtakes its request is answered as dropped, and the request runs when it comes.',
    file: callee,
    find: '    return refuseAhead(state, caller, message, context, effects)\n',
    replace:
      "    return effects.send(from, { kind: 'REP', slot: message.slot, sequence: message.sequence, status: 'dropped', count: 0, body: nothing })\n",
    scenarios: ['call-machine'],
  },
  {
    name: 'rpc-unknown-told-as-no',
    breaks: 'A call that was under way when its member died is said not to have run.',
    file: caller,
    find: "fail(effects, call, 'member-died', wasLinked && wasSent(call) ? 'unknown' : 'no')",
    replace: "fail(effects, call, 'member-died', 'no')",
    scenarios: ['call-machine'],
  },
  {
    name: 'rpc-parted-peer-heard',
    breaks: 'Requests of a peer that is known to be dead are still served.',
    file: callee,
    find: ' || state.parted.has(address)) return undefined',
    replace: ') return undefined',
    scenarios: ['call-machine'],
  },
  {
    name: 'rpc-credit-off-by-one',
    breaks: 'The caller of a stream credits one item more than its window.',
    file: caller,
    find: '  call.credited = call.consumed + call.window\n',
    replace: '  call.credited = call.consumed + call.window + 1\n',
    scenarios: ['call-machine'],
  },
  {
    name: 'rpc-item-taken-twice',
    breaks: 'A copy of an item of a stream is handed to the program again.',
    file: caller,
    find: '  if (item.index < call.received) return\n',
    replace: '',
    scenarios: ['call-machine'],
  },
  {
    name: 'rpc-deadline-ignored',
    breaks: 'A call is enquired after for ever, past its deadline.',
    file: attention,
    find: '  if (call.deadline <= context.now) return expire(state, callee, call, context, effects)\n',
    replace: '',
    scenarios: ['call-machine'],
  },
  {
    name: 'rpc-large-sent-again',
    breaks: 'A large body that may still be on its way is sent again at each enquiry.',
    file: 'src/protocols/rpc/state.ts',
    find: 'if (sizeBytes <= limits.largeBytes) return false',
    replace: 'if (sizeBytes > 0 || limits.largeBytes > 0) return false',
    scenarios: ['call-machine'],
  },
  {
    name: 'rpc-sequence-floor-forgotten',
    breaks: 'Calls to a peer that was forgotten as unreachable begin again with sequences used before.',
    file: caller,
    find: 'Math.max(floor, slot.sequence), state.sequenceFloor)',
    replace: 'Math.min(floor, slot.sequence), 0)',
    scenarios: ['call-machine'],
    survives: 'a peer is forgotten so only where no link ever reached it, and nothing that was sent to it has arrived',
  },
]

const ofTokenRing: readonly Mutant[] = [
  {
    name: 'mutex-token-taken-twice',
    breaks: 'A copy of a TOKEN is taken again (>= where > belongs).',
    file: mutex,
    find: 'hop > state.hopSeen',
    replace: 'hop >= state.hopSeen',
    scenarios: ['token-ring'],
  },
  {
    name: 'mutex-stale-token-accepted',
    breaks: 'A token of an older generation is taken where a newer one is known.',
    file: mutex,
    find: 'if (isLater || generation > state.generation) take(',
    replace: 'if (isLater || generation !== state.generation) take(',
    scenarios: ['token-ring'],
  },
  {
    name: 'mutex-token-not-kept-until-acknowledged',
    breaks: 'A token that was passed on is forgotten at once, so a lost message loses it.',
    file: mutex,
    find: "  effects.send(to, { kind: 'TOKEN', ...token })\n  effects.setTimer(resend, state.passing.resendMs)\n",
    replace: "  effects.send(to, { kind: 'TOKEN', ...token })\n  state.passing = undefined\n",
    scenarios: ['token-ring'],
  },
  {
    name: 'mutex-fencing-number-stands-still',
    breaks: 'Entries with one token all get the same fencing number.',
    file: mutex,
    find: 'const entry = state.token.entry + 1',
    replace: 'const entry = Math.max(1, state.token.entry)',
    scenarios: ['token-ring'],
  },
  {
    name: 'mutex-token-of-the-dead-handed-on',
    breaks: 'A token that a dead peer may have passed on already is handed to the next member as well.',
    file: mutex,
    find: "  const { generation } = state.passing.token\n  stopPassing(state, effects)\n  effects.outcome({ kind: 'lost', generation })\n",
    replace:
      '  const { token } = state.passing\n  stopPassing(state, effects)\n  state.token = { ...token, hop: token.hop - 1 }\n  pass(state, effects)\n',
    scenarios: ['token-ring'],
  },
  {
    name: 'mutex-generation-off-by-one',
    breaks: 'A token is made again in the generation that is already about.',
    file: mutex,
    find: 'if (generation <= state.generation || ',
    replace: 'if (generation < state.generation || ',
    scenarios: ['token-ring'],
  },
]

const ofElection: readonly Mutant[] = [
  {
    name: 'election-leads-before-persisted',
    breaks: 'A winner leads before its epoch is on disk.',
    file: election,
    find: '  effects.persist({ epoch: state.claim })\n',
    replace: '  effects.persist({ epoch: state.claim })\n  becomeLeading(state, effects)\n',
    scenarios: ['bully'],
  },
  {
    name: 'election-epoch-off-by-one',
    breaks: 'A winner takes the greatest epoch known instead of a greater one, where that is its own.',
    file: 'src/protocols/election/state.ts',
    find: 'return own > state.epoch ? own : own + count',
    replace: 'return own >= state.epoch ? own : own + count',
    scenarios: ['bully'],
  },
  {
    name: 'election-answers-ignored',
    breaks: 'A member claims to lead although somebody above it has answered.',
    file: election,
    find: "  if (state.role === 'electing' || state.role === 'claiming') becomeWaiting(state, effects)\n",
    replace: '',
    scenarios: ['bully'],
  },
  {
    name: 'election-stale-coordinator-accepted',
    breaks: 'A leader of an older epoch than the greatest known is followed.',
    file: election,
    find: 'const isStale = message.epoch < state.epoch',
    replace: 'const isStale = message.epoch < 0',
    scenarios: ['bully'],
  },
  {
    name: 'election-epochs-forgotten-at-restart',
    breaks: 'A new life does not read which epochs its earlier ones took.',
    file: election,
    find: '  for (const { epoch } of records) state.persistedEpoch = Math.max(state.persistedEpoch, epoch)\n',
    replace: '',
    scenarios: ['bully'],
  },
  {
    name: 'election-failed-write-taken-for-done',
    breaks: 'A winner whose epoch could not be written leads all the same.',
    file: election,
    find: "  becomeWaiting(state, effects)\n  effects.outcome({ kind: 'claim-failed', epoch, code })\n",
    replace: "  becomeLeading(state, effects)\n  effects.outcome({ kind: 'claim-failed', epoch, code })\n",
    scenarios: ['bully'],
  },
]

const ofLocate: readonly Mutant[] = [
  {
    name: 'locate-withdrawal-ignored',
    breaks: 'A place stays remembered after its server said that it is there no more.',
    file: locate,
    find: '      return forget(state, message.port, from)\n',
    replace: '      return\n',
    scenarios: ['locate'],
  },
  {
    name: 'locate-dead-remembered',
    breaks: 'Ports are still located at a member that is known to be dead.',
    file: locate,
    find: '  for (const [port, at] of state.cache) if (at === peer) state.cache.delete(port)\n',
    replace: '',
    scenarios: ['locate'],
  },
  {
    name: 'locate-lost-question-not-repeated',
    breaks: 'A search asks everybody once only, so one lost message hides a port.',
    file: locate,
    find: 'if (search.fullRounds >= state.limits.fullRounds) return',
    replace: 'if (search.fullRounds >= 1) return',
    scenarios: ['locate'],
  },
]

const ofScheduling: readonly Mutant[] = [
  {
    name: 'scheduling-threshold-too-high',
    breaks: 'Tasks whose priorities are little above the threshold are time-sliced.',
    file: 'src/protocols/scheduling/rules/by-priority.ts',
    find: 'task.priority > state.settings.sliceThreshold ?',
    replace: 'task.priority > state.settings.sliceThreshold + 5 ?',
    scenarios: ['scheduling'],
  },
  {
    name: 'scheduling-most-urgent-gives-way',
    breaks: 'Where there are several cores, the most urgent of those that run makes room, not the least urgent.',
    file: scheduling,
    find: 'rule.rank(task, nowMs) > rule.rank(last, nowMs)',
    replace: 'rule.rank(task, nowMs) < rule.rank(last, nowMs)',
    scenarios: ['scheduling'],
  },
  {
    name: 'scheduling-woken-waits-for-a-core-that-is-idle',
    breaks: 'Who wakes is queued, and no idle core is given to it.',
    file: scheduling,
    find: "task, 'woken', context.now)\n  settle(state, context, effects)",
    replace: "task, 'woken', context.now)",
    scenarios: ['scheduling'],
  },
  {
    name: 'scheduling-queue-loses-its-second',
    breaks: 'Taking a task out of the middle of a queue leaves another one out, and one twice.',
    file: 'src/protocols/scheduling/ready-queue.ts',
    find: 'place = index; place > 0; place--',
    replace: 'place = index; place > 1; place--',
    scenarios: ['scheduling'],
  },
  {
    name: 'scheduling-boost-leaves-the-second-queue',
    breaks: 'The boost of the feedback queues lifts nobody out of the second one.',
    file: 'src/protocols/scheduling/rules/by-feedback.ts',
    find: 'of queues.slice(1))',
    replace: 'of queues.slice(2))',
    scenarios: ['scheduling'],
    survives:
      'The tasks of a run are few and all end, so whoever is left in the second queue has its turn within the bound; a test of the rule finds it.',
  },
]

export const protocolMutants: readonly Mutant[] = [
  ...ofCalls,
  ...ofTokenRing,
  ...ofElection,
  ...ofLocate,
  ...ofScheduling,
]
