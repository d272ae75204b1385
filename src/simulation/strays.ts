/**
 * Strays: promises of a simulated world that are rejected while nobody waits for them; Node would end the process.
 *
 * Such a one breaks a claim of the run that it happens in, and of no other. Whose it is says the asynchronous context
 * where programs are guarded; without guards it belongs to the only run under way. All others go where they went
 * before: to the listeners of this process, which are taken out while a run is under way and put back afterwards, or,
 * where there are none, to its end. What an event throws at once needs none of this: the timeline has it.
 */
import process from 'node:process'
import type { StrayListener, WorldGuards } from '../sim/scenario.ts'

interface Run {
  readonly guards: WorldGuards | undefined
  readonly tell: StrayListener
}

type Listener = NodeJS.UnhandledRejectionListener

const eventName = 'unhandledRejection'

/** Those under way, in this process. */
const runs = new Set<Run>()
let giveBack: () => void = () => undefined

/** Until what is returned is called. */
export function watchStrays(guards: WorldGuards | undefined, tell: StrayListener): () => void {
  const run = { guards, tell }
  if (runs.size === 0) giveBack = takeListeners()
  runs.add(run)
  return () => {
    if (runs.delete(run) && runs.size === 0) giveBack()
  }
}

function takeListeners(): () => void {
  const before = process.rawListeners(eventName) as Listener[]
  const ours: Listener = (reason, promise) => {
    const run = runOfNow()
    if (run !== undefined) return run.tell(reason, run.guards?.labelNow())
    for (const listener of before) listener.call(process, reason, promise)
    // As Node does where nobody listens.
    if (before.length === 0 && process.listenerCount(eventName) === 1) throw reason
  }
  process.removeAllListeners(eventName)
  process.on(eventName, ours)
  return () => {
    // Those that came meanwhile stay, behind the others.
    const since = (process.rawListeners(eventName) as Listener[]).filter((listener) => listener !== ours)
    process.removeAllListeners(eventName)
    for (const listener of [...before, ...since]) process.on(eventName, listener)
  }
}

/** Of the code that runs now; undefined outside of all runs, or where it could be that of several. */
function runOfNow(): Run | undefined {
  const all = [...runs]
  const inside = all.find(({ guards }) => guards?.labelNow() !== undefined)
  if (inside !== undefined) return inside
  return all.length === 1 && all[0]?.guards === undefined ? all[0] : undefined
}
