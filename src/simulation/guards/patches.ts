/**
 * Putting a watch before functions of this process, and taking it away again.
 *
 * A watched function stands for the original: it has the same properties and makes the same instances, and calls the
 * original once the watch lets it. Taking away gives back the very property that was there before; one that
 * somebody else has replaced meanwhile is left to them.
 */
import { syncBuiltinESMExports } from 'node:module'
import { promisify } from 'node:util'
import { insteadOfDate, type Refusal, refusals } from './refused.ts'

/** Throws where the function must not be called at this moment. */
export type Watch = (name: string, instead: string) => void

type AnyFunction = (...args: readonly unknown[]) => unknown

/** Functions that hang on functions and do the same in another form. */
const formKeys: readonly (string | symbol)[] = ['native', 'bigint', promisify.custom]

interface Patch {
  readonly holder: object
  readonly key: string
  readonly before: PropertyDescriptor
  readonly after: PropertyDescriptor
}

/** Returns what takes the watch away. */
export function watchAll(watch: Watch): () => void {
  const patches: Patch[] = []
  const watched = new Map<unknown, AnyFunction>()
  for (const refusal of refusals()) {
    for (const key of keysOf(refusal)) {
      const patch = patchOf(refusal, key, watch, watched)
      if (patch !== undefined) patches.push(patch)
    }
  }
  patches.push(datePatch(watch))
  for (const { holder, key, after } of patches) Object.defineProperty(holder, key, after)
  syncBuiltinESMExports()
  return () => {
    for (const patch of patches.toReversed()) restore(patch)
    syncBuiltinESMExports()
  }
}

function keysOf({ holder, keys }: Refusal): readonly string[] {
  return keys ?? Object.getOwnPropertyNames(holder).filter((key) => /^[a-z]/.test(key) && key !== 'constructor')
}

/** Undefined: there is no such function here, or none that can be replaced. */
function patchOf(
  { holder, name, instead }: Refusal,
  key: string,
  watch: Watch,
  watched: Map<unknown, AnyFunction>,
): Patch | undefined {
  const before = Object.getOwnPropertyDescriptor(holder, key)
  if (before?.configurable !== true) return undefined
  const original: unknown = before.get === undefined ? before.value : before.get.call(holder)
  if (typeof original !== 'function') return undefined
  const fullName = name === '' ? key : `${name.startsWith('node:') ? `${name} ` : `${name}.`}${key}`
  const guarded = watched.get(original) ?? watchedFunction(original as AnyFunction, () => watch(fullName, instead))
  watched.set(original, guarded)
  const after: PropertyDescriptor =
    before.get === undefined ? { ...before, value: guarded } : { ...before, get: () => guarded }
  return { holder, key, before, after }
}

/** Not a proxy of the original itself: that would have to give out its frozen properties, which are not watched. */
function watchedFunction(original: AnyFunction, check: () => void): AnyFunction {
  const shadow: AnyFunction = function () {
    return undefined
  }
  const guarded: AnyFunction = new Proxy(shadow, {
    apply(_, self, args) {
      check()
      return Reflect.apply(original, self, args)
    },
    construct(_, args, newTarget) {
      check()
      return Reflect.construct(original, args, newTarget === guarded ? original : newTarget) as object
    },
    get(_, key) {
      const value: unknown = Reflect.get(original, key)
      return formKeys.includes(key) && typeof value === 'function'
        ? watchedFunction(value as AnyFunction, check)
        : value
    },
    set: (_, key, value) => Reflect.set(original, key, value),
    has: (_, key) => Reflect.has(original, key),
    getPrototypeOf: () => Reflect.getPrototypeOf(original),
  })
  return guarded
}

/** A given moment is a value like any other; only the present one is refused. */
function datePatch(watch: Watch): Patch {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'Date')
  if (before === undefined) throw new Error('This process has no Date.')
  const guarded: DateConstructor = new Proxy(Date, {
    apply(target, self, args) {
      watch('Date()', insteadOfDate)
      return Reflect.apply(target, self, args) as string
    },
    construct(target, args, newTarget) {
      if (args.length === 0) watch('new Date()', insteadOfDate)
      return Reflect.construct(target, args, newTarget === guarded ? target : newTarget) as Date
    },
  })
  return { holder: globalThis, key: 'Date', before, after: { ...before, value: guarded } }
}

function restore({ holder, key, before, after }: Patch): void {
  const present = Object.getOwnPropertyDescriptor(holder, key)
  if (present?.value === after.value && present?.get === after.get) Object.defineProperty(holder, key, before)
}
