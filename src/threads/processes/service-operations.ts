/**
 * What the service thread does for processes: makes things of this process reachable for others, and has operations carried
 * out on things that live in others.
 */
import { onBurial } from '../running/dead-party.ts'
import type { OperationContext } from '../running/service-operations.ts'
import type { ThreadsReport, WaitElsewhere } from '../deadlock/threads-report.ts'
import type { Packed } from '../travel/shareable.ts'
import { stackOf } from '../waiting/waits.ts'
import { HomeLink } from './home-link.ts'
import type { HomeReference } from './home-messages.ts'
import { type ExportedThing, HomeServer } from './home-server.ts'

/** Payload of `remote`. */
export interface RemoteOperation {
  readonly home: HomeReference
  readonly number: number
  readonly name: string
  readonly operation: string
  readonly argument: unknown
  readonly timeoutMs: number | undefined
  readonly isBlocking: boolean
  /** As the home's messages name the thread that asks. */
  readonly threadName: string
}

/** Answer to `export`: where what was exported is reached, in the order of the payload. */
export interface Exported {
  readonly home: HomeReference
  readonly things: readonly ExportedThing[]
}

/** A thread that blocks has written down by now where it stands. */
const stackReadAfterMs = 25

let home: Promise<HomeServer> | undefined
const links = new Map<string, HomeLink>()
/** What threads of this process wait for in others; each has its place among what `HomeLink` bounds. */
const underWay = new Set<Omit<WaitElsewhere, 'lastsMs'> & { readonly since: number }>()

/** From now on others can reach what is exported, and `cardumen threads` this process. */
export function openHome(): Promise<HomeServer> {
  home ??= HomeServer.open(report).catch((error: unknown) => {
    // A disk that is full now may have room later.
    home = undefined
    throw error
  })
  return home
}

/** What `cardumen threads` prints of this process. */
export async function report(): Promise<ThreadsReport> {
  const { reportOfThreads } = await import('../deadlock/threads-report.ts')
  const now = performance.now()
  return reportOfThreads([...underWay].map(({ since, ...told }) => ({ ...told, lastsMs: Math.round(now - since) })))
}

/** @param payload - `Packed[]` */
export async function exportThings(payload: unknown): Promise<Exported> {
  const opened = await openHome()
  const things: ExportedThing[] = []
  for (const packed of payload as readonly Packed[]) things.push(await opened.export(packed))
  return { home: opened.reference, things }
}

/** @param payload - `RemoteOperation` */
export function carryOutElsewhere(payload: unknown, { party, signal }: OperationContext): Promise<unknown> {
  const { home: reference, name, ...what } = payload as RemoteOperation
  const link = linkTo(reference)
  const answer = link.ask({ ...what, thread: party }, signal)
  const told = {
    party,
    waitsFor: `${what.operation} of "${name}", in process ${reference.pid}`,
    isAwaited: !what.isBlocking,
    hasDeadline: what.timeoutMs !== undefined,
    since: performance.now(),
  }
  underWay.add(told)
  const tell = (): void => link.tellStack(party, stackOf(party))
  const timer = what.isBlocking ? setTimeout(tell, stackReadAfterMs).unref() : undefined
  return answer.finally(() => {
    clearTimeout(timer)
    underWay.delete(told)
  })
}

/** @param payload - where a task stands that has awaited something of that home for long */
export function tellStackElsewhere(payload: unknown, { party }: OperationContext): void {
  const { home: reference, stack } = payload as { readonly home: HomeReference; readonly stack: string }
  links.get(reference.socketPath)?.tellStack(party, stack)
}

/** What a thread that ended held at other homes is recovered there, before another thread has its number. */
onBurial((party) => {
  for (const link of links.values()) link.tellEnded(party)
})

/** A home that died stays dead: its address never comes up again. */
function linkTo(reference: HomeReference): HomeLink {
  const known = links.get(reference.socketPath)
  if (known !== undefined) return known
  const link = new HomeLink(reference)
  links.set(reference.socketPath, link)
  return link
}
