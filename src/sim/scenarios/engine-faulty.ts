/**
 * Engines that break a promise on purpose, around one that keeps it: they show that the scenario's checkers find it.
 */
import type { Engine, WatchBatch } from '../../edges/engine.ts'
import type { Entry } from '../../edges/engine.ts'

export type EngineVariant = 'right' | 'stale-get' | 'gap-in-watch' | 'torn-list' | 'lost-write' | 'lasting-lease'

/** One request in so many is done wrong. */
const wrongEvery = 7

export function engineOf(engine: Engine, variant: EngineVariant): Engine {
  let requests = 0
  const isWrong = (): boolean => ++requests % wrongEvery === 0
  switch (variant) {
    case 'right':
      return engine
    case 'stale-get':
      return changed(engine, { get: staleGet(engine, isWrong) })
    case 'gap-in-watch':
      return changed(engine, { watch: (prefix, options) => withGaps(engine.watch(prefix, options), isWrong) })
    case 'torn-list':
      return changed(engine, { list: (prefix, options) => tornList(engine, prefix, options) })
    case 'lost-write':
      return changed(engine, {
        put: async (key, value, options) =>
          key.startsWith('once/') && isWrong()
            ? (await engine.list('none/')).revision
            : engine.put(key, value, options),
      })
    case 'lasting-lease':
      return changed(engine, { put: (key, value) => engine.put(key, value) })
  }
}

function changed(engine: Engine, change: Partial<Engine>): Engine {
  return {
    systemId: engine.systemId,
    failure: engine.failure,
    get: (key) => engine.get(key),
    list: (prefix, options) => engine.list(prefix, options),
    transact: (transaction) => engine.transact(transaction),
    put: (key, value, options) => engine.put(key, value, options),
    delete: (key) => engine.delete(key),
    watch: (prefix, options) => engine.watch(prefix, options),
    grantLease: (options) => engine.grantLease(options),
    suspect: (lease) => engine.suspect(lease),
    close: () => engine.close(),
    [Symbol.asyncDispose]: () => engine.close(),
    ...change,
  }
}

function staleGet(engine: Engine, isWrong: () => boolean): Engine['get'] {
  const before = new Map<string, Entry | undefined>()
  return async (key) => {
    if (isWrong() && before.has(key)) return before.get(key)
    const entry = await engine.get(key)
    before.set(key, entry)
    return entry
  }
}

async function* withGaps(batches: AsyncIterable<WatchBatch>, isWrong: () => boolean): AsyncGenerator<WatchBatch, void> {
  for await (const batch of batches) if (!isWrong()) yield batch
}

/** The second half is read later than the first. */
async function tornList(engine: Engine, ...[prefix, options]: Parameters<Engine['list']>): ReturnType<Engine['list']> {
  const first = await engine.list(prefix, options)
  const second = await engine.list(prefix, options)
  const half = Math.ceil(first.entries.length / 2)
  return { ...first, entries: [...first.entries.slice(0, half), ...second.entries.slice(half)] }
}
