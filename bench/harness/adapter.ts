/**
 * Loads one side of a suite: a peer's, or our own, which lies in `bench/cardumen/`.
 *
 * What is compared stands behind one interface, its adapter, so that a suite measures all sides by the same code. One
 * that is missing fails the suite.
 */

/** Loads what a module exports as `adapter`; the caller names its type. */
export async function loadAdapter<T>(module: URL): Promise<T> {
  const { adapter } = (await import(module.href)) as { adapter?: T }
  if (adapter === undefined) throw new Error(`${module.pathname} exports no "adapter"`)
  return adapter
}
