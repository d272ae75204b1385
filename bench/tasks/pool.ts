/**
 * What competes in the suite `tasks`: a pool of two that runs a task with next to nothing in it.
 */
export interface Pool {
  /** Runs the null task, which returns its argument, on one of the pool's two. */
  run(argument: number): Promise<number>
  close(): Promise<void>
}

/** A pool's module exports this as `adapter`; `folder` is empty and its own, `option` is the entrant's. */
export interface PoolAdapter {
  start(folder: string, option: string): Promise<Pool>
}

export const POOL_SIZE = 2
