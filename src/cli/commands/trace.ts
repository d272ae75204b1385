/**
 * `cardumen trace`: every step of the members' machines, as lines of JSON in the order of time.
 *
 * Each member streams its own steps; what puts them in order is `event-merge.ts`. Nothing is recorded beforehand: a trace
 * begins when it is asked for.
 */
import { once } from 'node:events'
import { Command } from 'commander'
import type { MemberEntry } from '../../kernel/membership.ts'
import type { System } from '../../servers/system.ts'
import type { CommandFace } from '../command.ts'
import { type StandardOptions, examples, milliseconds } from '../standard-options.ts'
import type { EventMerge } from '../event-merge.ts'
import { note, print } from '../terminal.ts'
import { counted } from '../units.ts'

interface Options extends StandardOptions {
  readonly follow?: boolean
  readonly for: number
  readonly member?: string
  readonly machine?: string
}

const giveIntervalMs = 100
/** How long an event is held, in case that an earlier one is still on its way. */
const holdMs = 250

export function traceCommand(): CommandFace<Options> {
  const command = new Command('trace')
    .summary('follow every step of the members’ machines')
    .description(
      'Prints a line of JSON for each step of each machine of each member, in the order of time: what went in, and what it did.\nBodies of messages are given by their size only.',
    )
    .option('-f, --follow', 'go on until Ctrl-C')
    .option('--for <time>', 'without --follow: how long', milliseconds, 2_000)
    .option('--member <member>', 'of this member only')
    .option('--machine <name>', 'of this machine only, such as rpc')
    .addHelpText(
      'after',
      examples(
        ['cardumen trace --for 5s > trace.jsonl', 'keep five seconds of it'],
        ['cardumen trace --follow --member m1', 'one member, until Ctrl-C'],
        [`cardumen trace -f | jq -c '[.member, .input.type]'`, 'only what went in'],
      ),
    )
  return { command, act }
}

async function act(options: Options): Promise<number> {
  const { joinExisting, refuseIfEmpty } = await import('../joined.ts')
  const { Interruption } = await import('../interruption.ts')
  const { EventMerge } = await import('../event-merge.ts')
  using interruption = new Interruption()
  await using system = await joinExisting(options, 'trace')
  refuseIfEmpty(system)
  const merge = new EventMerge((event) => print(JSON.stringify(event)))
  const signal =
    options.follow === true
      ? interruption.signal
      : AbortSignal.any([interruption.signal, AbortSignal.timeout(options.for)])
  const followed = await followMembers(system, merge, options, signal)
  const timer = setInterval(() => merge.giveUntil(Date.now() - holdMs), giveIntervalMs)
  if (!signal.aborted) await once(signal, 'abort')
  clearInterval(timer)
  merge.giveUntil(Number.POSITIVE_INFINITY)
  if (options.follow !== true)
    note(`${counted(merge.count, 'step')} of ${counted(followed(), 'member')} in ${options.for} ms.`)
  return interruption.exitCode
}

/** Those that are in, and those that join later. Returns how many there were. */
async function followMembers(
  system: System,
  merge: EventMerge,
  options: Options,
  signal: AbortSignal,
): Promise<() => number> {
  const { commandTag, membersOf } = await import('../joined.ts')
  const { MemberService, memberServiceName } = await import('../../servers/member/interface.ts')
  let count = 0
  const follow = async (entry: MemberEntry): Promise<void> => {
    if (entry.tags[commandTag] !== undefined || (options.member ?? entry.id) !== entry.id) return
    count++
    const steps = system
      .open(MemberService, memberServiceName(entry.id))
      .trace(undefined, { signal, timeoutMs: Number.POSITIVE_INFINITY })
    try {
      for await (const event of steps) if ((options.machine ?? event.machine) === event.machine) merge.add(event)
    } catch (error) {
      if (!signal.aborted) note(`${entry.id}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  for (const entry of membersOf(system)) void follow(entry)
  if (count === 0) await refuseUnknown(options.member)
  system.onMemberJoined((entry) => void follow(entry))
  return () => count
}

async function refuseUnknown(name: string | undefined): Promise<never> {
  const { CardumenError } = await import('../../lib/cardumen-error.ts')
  throw new CardumenError('name-unknown', `No member is named "${name}".`, { hint: '"cardumen status" lists them.' })
}
