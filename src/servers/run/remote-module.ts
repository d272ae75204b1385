/**
 * A module as a remote object: each exported function becomes one that runs on the member which suits best.
 *
 * The types follow those of the module; nothing of it is loaded here. Whatever is read from the object is a function,
 * since only the member that loads the module can know what it exports; but it is no promise, so it can be returned
 * from an async function.
 */
import type { Signal } from '../../lib/signal.ts'
import type { MapOptions, RemoteMap } from './remote-map.ts'

type Callable = (...args: never[]) => unknown

export type RemoteModule<Module> = {
  readonly [Name in keyof Module as Module[Name] extends Callable
    ? Name extends 'then'
      ? never
      : Name
    : never]: Module[Name] extends Callable ? RemoteFunction<Module[Name]> : never
}

export interface RemoteFunction<Function extends Callable> {
  (...args: Parameters<Function>): Promise<Awaited<ReturnType<Function>>>
  /** Calls it once for each item, many at a time. Begins when the result is awaited or iterated. */
  map(items: Items<Parameters<Function>[0]>, options?: MapOptions): RemoteMap<Awaited<ReturnType<Function>>>
  /** The same function under other options. */
  with(options: RemoteCallOptions): RemoteFunction<Function>
}

export type Items<Item> = Iterable<Item> | AsyncIterable<Item>

export interface RemoteCallOptions {
  readonly signal?: Signal
  /** From the call to its answer, wherever it goes. Default 300,000; Infinity waits for ever. */
  readonly timeoutMs?: number
  /** It may safely run twice, so a call that a death interrupted goes to another member by itself. */
  readonly idempotent?: boolean
  /** Only there; else on the member that suits best. */
  readonly on?: string
}

export interface ImportOptions extends Omit<RemoteCallOptions, 'idempotent' | 'signal'> {
  /** All functions, or those named. */
  readonly idempotent?: boolean | readonly string[]
}

/** Calls a function by its name; what a remote module is made of. */
export interface FunctionCaller {
  call(name: string, args: readonly unknown[]): Promise<unknown>
  map(name: string, items: Items<unknown>, options: MapOptions): RemoteMap<unknown>
  with(name: string, options: RemoteCallOptions): FunctionCaller
}

export function remoteModule<Module>(caller: FunctionCaller): RemoteModule<Module> {
  const functions = new Map<string, RemoteFunction<(...args: unknown[]) => unknown>>()
  return new Proxy(Object.freeze(Object.create(null) as object), {
    get: (_, name) => {
      if (typeof name !== 'string' || name === 'then') return undefined
      const known = functions.get(name)
      if (known !== undefined) return known
      const made = remoteFunction(caller, name)
      functions.set(name, made)
      return made
    },
  }) as RemoteModule<Module>
}

function remoteFunction(caller: FunctionCaller, name: string): RemoteFunction<(...args: unknown[]) => unknown> {
  return Object.assign((...args: unknown[]) => caller.call(name, args), {
    map: (items: Items<unknown>, options: MapOptions = {}) => caller.map(name, items, options),
    with: (options: RemoteCallOptions) => remoteFunction(caller.with(name, options), name),
  })
}
