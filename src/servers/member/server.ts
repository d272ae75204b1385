/**
 * The server of `member`: tells of its own process. It runs in every member.
 */
import type { TraceEvent } from '../../edges/trace.ts'
import type { Member } from '../../kernel/member.ts'
import type { Served } from '../../kernel/serving.ts'
import type { CallContext } from '../../kernel/service.ts'
import type { ObjectHooks } from '../../kernel/standard/standard-objects.ts'
import { MemberService, memberServiceName, type ProcessStatus } from './interface.ts'

/** A follower that falls behind loses the oldest events; the gap shows in `sequence`. */
export const traceBacklogMax = 10_000
const stopDelayMs = 20

export interface ServeMemberOptions {
  /** What the operating system knows of this process. */
  processStatus(): Omit<ProcessStatus, keyof ReturnType<Member['status']>>
  /** Called once the answer to `stop` is on its way. */
  onStop(): void
}

export function serveMember(member: Member, options: ServeMemberOptions): Promise<Served> {
  return member.serve(
    MemberService,
    {
      status: () => ({ ...member.status(), ...options.processStatus() }),
      trace: (_input, context) => followTrace(member, context),
      stop: () => {
        member.clock.after(stopDelayMs, () => options.onStop())
        return {}
      },
    },
    { name: memberServiceName(member.id), objects: hooksOf(member, options) },
  )
}

function hooksOf(member: Member, options: ServeMemberOptions): ObjectHooks {
  return {
    info: () => `member ${member.address}, process ${options.processStatus().pid}`,
    status: () => {
      const { callsInFlight, messagesRefused, engineTroubles } = member.status()
      const { pid, upMs, residentBytes, cpuMs, nodeVersion } = options.processStatus()
      return { callsInFlight, messagesRefused, engineTroubles, pid, upMs, residentBytes, cpuMs, nodeVersion }
    },
  }
}

/** The steps that carry the trace itself are left out: they would be followed by more of themselves for ever. */
async function* followTrace(member: Member, context: CallContext): AsyncGenerator<TraceEvent> {
  const backlog: TraceEvent[] = []
  let wake = (): void => {}
  const stopFollowing = member.traces.follow((event) => {
    if (concerns(event, context.caller)) return
    if (backlog.length >= traceBacklogMax) backlog.shift()
    backlog.push(event)
    wake()
  })
  context.signal.addEventListener('abort', () => wake())
  try {
    while (!context.signal.aborted) {
      const event = backlog.shift()
      if (event !== undefined) yield event
      else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
  } finally {
    stopFollowing()
  }
}

function concerns(event: TraceEvent, follower: string): boolean {
  if (event.input.kind === 'message') return event.input.from === follower
  return event.effects.some((effect) => effect.kind === 'send' && effect.to === follower)
}
