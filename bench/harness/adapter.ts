/**
 * Finds our own side of a suite, which lies in `bench/cardumen/`.
 *
 * Floors and peers can be measured from a tree in which our side is not built yet. A suite asks for
 * its adapter here and says "skipped" where there is none.
 */
import { existsSync } from 'node:fs'

/** The module of an adapter, or undefined where it does not exist. */
export function adapterIn(module: URL): URL | undefined {
  return existsSync(module) ? module : undefined
}

/** Loads what a module exports as `adapter`; the caller names its type. */
export async function loadAdapter<T>(module: URL): Promise<T> {
  const { adapter } = (await import(module.href)) as { adapter?: T }
  if (adapter === undefined) throw new Error(`${module.pathname} exports no "adapter"`)
  return adapter
}
