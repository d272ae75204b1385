/**
 * The guards of a simulation: code that runs inside it and touches the real world is refused by name.
 *
 * Whose code runs is known by Node's asynchronous context, which follows promises and callbacks: inside of `run` and
 * of all that began there, everything in `refused.ts` throws; outside, in the test runner and in other tests, the
 * originals are called as ever. What was touched is also kept, so that a program which swallows the error fails its
 * run nevertheless. Functions are replaced when the first simulation begins and put back when the last has ended.
 *
 * Imports of a builtin's functions are caught however they are written, since Node's own modules pass the change on.
 * What cannot be caught: a global function that was kept before (`const { now } = Date` at the head of a module),
 * methods of objects that were made outside (an open file or socket), a module that is imported inside, `node:sqlite`,
 * native code, the time zone and the locale, and code that runs outside the asynchronous context it came from.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { watchAll } from './patches.ts'

/** Errors that are kept; of a program that goes on touching, the first ones say enough. */
export const touchedMax = 100

export interface Guards extends Disposable {
  /**
   * Calls `inside` as a part of the simulation, with all that it begins.
   * @param label - the member whose code it is.
   */
  run<T>(label: string, inside: () => T): T
  /** Of the code that runs now; undefined outside of the simulation that these guard. */
  labelNow(): string | undefined
  /** What was touched since `forget`, oldest first, at most `touchedMax`: errors with the code `real-world`. */
  readonly touched: readonly CardumenError[]
  /** Empties `touched`, for the next run. */
  forget(): void
}

interface Scope {
  readonly label: string
  readonly touched: CardumenError[]
}

/** Calls what it is given as a part of the simulation. */
type Context = <T>(inside: () => T) => T

const scopes = new AsyncLocalStorage<Scope>()
let installed = 0
let takeAway: () => void = () => undefined

/** Labels whose context is kept, since to make one costs more than a short event. */
const contextsMax = 1_024

/**
 * Dispose of them when the simulation has ended, however it did.
 * @throws CardumenError `option-invalid` inside of a simulation: its virtual time would wait for real time.
 */
export function installGuards(): Guards {
  if (scopes.getStore() !== undefined) throw new CardumenError('option-invalid', 'A simulation cannot run in another.')
  if (installed === 0) install()
  installed++
  const touched: CardumenError[] = []
  const contexts = new Map<string, Context>()
  const contextOf = (label: string): Context => {
    const present = contexts.get(label)
    if (present !== undefined) return present
    if (contexts.size >= contextsMax) contexts.clear()
    const made = scopes.run({ label, touched }, () => AsyncLocalStorage.snapshot())
    contexts.set(label, made)
    return made
  }
  let isDisposed = false
  return {
    touched,
    forget: () => void touched.splice(0),
    run: (label, inside) => contextOf(label)(inside),
    labelNow: () => {
      const scope = scopes.getStore()
      return scope?.touched === touched ? scope.label : undefined
    },
    [Symbol.dispose]: () => {
      if (isDisposed) return
      isDisposed = true
      installed--
      if (installed === 0) takeAway()
    },
  }
}

/** Writing to the console stays allowed; its streams are made before, since they take functions of `node:fs`. */
function install(): void {
  void [process.stdout, process.stderr]
  takeAway = watchAll(refuseInside)
}

function refuseInside(name: string, instead: string): void {
  const scope = scopes.getStore()
  if (scope === undefined) return
  const text = `${scope.label} touched ${name}, which is of the real world; under simulation use ${instead}.`
  const error = new CardumenError('real-world', text, { hint: `Use ${instead}.` })
  if (scope.touched.length < touchedMax) scope.touched.push(error)
  throw error
}
