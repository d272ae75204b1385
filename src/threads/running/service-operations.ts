/**
 * What the service thread can be asked, beyond threads themselves.
 *
 * Each entry loads its module when it is asked for the first time, so that the service starts fast. An operation must not
 * block: it runs on the one event loop that all threads of the process rely on.
 */

export interface OperationContext {
  /** Who asks. */
  readonly party: number
  /** Aborted when the asker waits no more: it gave up, or has died. */
  readonly signal: AbortSignal
}

/** What it throws, the asker gets. */
export type Operation = (payload: unknown, context: OperationContext) => unknown

export const operations: Readonly<Record<string, () => Promise<Operation>>> = {
  export: async () => (await import('../processes/service-operations.ts')).exportThings,
  'report-threads': async () => (await import('../processes/service-operations.ts')).report,
  'watch-deadlocks': async () => (await import('../deadlock/deadlock-watch.ts')).beginWatch,
  'unwatch-deadlocks': async () => (await import('../deadlock/deadlock-watch.ts')).endWatch,
  resources: async () => (await import('../deadlock/resource-bank.ts')).carryOutAtBank,
  'remote-stack': async () => (await import('../processes/service-operations.ts')).tellStackElsewhere,
  remote: async () => (await import('../processes/service-operations.ts')).carryOutElsewhere,
}
