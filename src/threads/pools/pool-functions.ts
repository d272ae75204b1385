/**
 * A module's functions as they are called through a pool: same names and arguments, a promise for each result.
 *
 * There is nothing behind a name until it is called; a name that the module does not export is refused then.
 */
import type { HandedOver } from './hand-over.ts'
import type { TaskOptions } from './pool-options.ts'

type Outcome<Result> = Awaited<Result> extends HandedOver<infer Value> ? Value : Awaited<Result>

export interface PoolFunction<Args extends readonly unknown[], Result> {
  (...args: Args): Promise<Outcome<Result>>
  /** The same function with a deadline, a signal, or what is handed over instead of copied. */
  with(options: TaskOptions): (...args: Args) => Promise<Outcome<Result>>
}

export type PoolFunctions<Module extends object> = {
  readonly [Name in keyof Module as Module[Name] extends (...args: never) => unknown
    ? Name
    : never]: Module[Name] extends (...args: infer Args) => infer Result ? PoolFunction<Args, Result> : never
}

type Submit = (name: string, args: readonly unknown[], options?: TaskOptions) => Promise<unknown>

export function proxyOf<Module extends object>(submit: Submit): PoolFunctions<Module> {
  const made = new Map<string, unknown>()
  return new Proxy({} as PoolFunctions<Module>, {
    get(_target, name) {
      // Whoever awaits this object, or returns it from an async function, asks for `then`.
      if (typeof name === 'symbol' || name === 'then') return undefined
      const present = made.get(name)
      if (present !== undefined) return present
      const one = functionOf(name, submit)
      made.set(name, one)
      return one
    },
  })
}

function functionOf(name: string, submit: Submit): PoolFunction<readonly unknown[], unknown> {
  return Object.assign((...args: readonly unknown[]) => submit(name, args), {
    with:
      (options: TaskOptions) =>
      (...args: readonly unknown[]) =>
        submit(name, args, options),
  })
}
