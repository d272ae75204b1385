/**
 * `cardumen/threads`: processes, threads, and every way to make them wait for each other, on one host.
 *
 * It needs no `join`, no member and no engine: a program imports it, and what it makes lives in its process. Where several
 * names do similar things, the first of a group is the one to begin with. `docs/threads.md` leads on from here.
 */

// Errors are told apart by their code.
export { CardumenError, isCardumenError } from './lib/cardumen-error.ts'
export type { ErrorCode } from './lib/error-codes.ts'

// Threads.
export { Thread } from './threads/running/thread.ts'
export type { ThreadOptions } from './threads/running/thread.ts'
export { currentThread, threads } from './threads/running/current-thread.ts'
export type { ThreadDescription } from './threads/running/current-thread.ts'
export { ThreadLocal } from './threads/running/thread-local.ts'
export { onThreadError } from './threads/running/thread-errors.ts'
export type { ThreadErrorHandler } from './threads/running/thread-errors.ts'

// Many threads for many tasks.
export { Pool } from './threads/pools/pool.ts'
export type { PoolStatistics } from './threads/pools/pool.ts'
export type { PoolOptions, TaskOptions } from './threads/pools/pool-options.ts'
export type { PoolFunction, PoolFunctions } from './threads/pools/pool-functions.ts'
export { handOver } from './threads/pools/hand-over.ts'
export type { HandedOver } from './threads/pools/hand-over.ts'
export { dispatcher } from './threads/pools/dispatcher.ts'
export { team } from './threads/pools/team.ts'
export { pipeline } from './threads/pools/pipeline.ts'
export type { Stage } from './threads/pools/pipeline.ts'
export type { Organisation, OrganisationOptions } from './threads/pools/organisation.ts'
export type { TeamOptions } from './threads/pools/team.ts'

// Processes and programs.
export { Process } from './threads/processes/process.ts'
export type { ProcessOptions } from './threads/processes/process.ts'
export { popen, run } from './threads/processes/program.ts'
export type { Exit, PopenOptions, Program, ProgramOptions, RunOptions, RunResult } from './threads/processes/program.ts'
export { lines } from './threads/processes/lines.ts'
export { currentProcess } from './threads/processes/current-process.ts'
export type { CurrentProcess } from './threads/processes/current-process.ts'

// Waiting for each other: between threads, and between processes.
export { Lock } from './threads/waiting/lock.ts'
export type { LockOptions } from './threads/waiting/lock.ts'
export { RLock } from './threads/waiting/reentrant-lock.ts'
export { Semaphore } from './threads/waiting/semaphore.ts'
export type { SemaphoreAsyncWaitOptions, SemaphoreOptions, SemaphoreWaitOptions } from './threads/waiting/semaphore.ts'
export { BoundedSemaphore } from './threads/waiting/bounded-semaphore.ts'
export { Event } from './threads/waiting/event.ts'
export type { EventOptions } from './threads/waiting/event.ts'
export { Condition } from './threads/waiting/condition.ts'
export type { ConditionOptions } from './threads/waiting/condition.ts'
export { Barrier } from './threads/waiting/barrier.ts'
export type { BarrierOptions } from './threads/waiting/barrier.ts'
export { RWLock } from './threads/waiting/reader-writer-lock.ts'
export type { RWLockOptions } from './threads/waiting/reader-writer-lock.ts'
export { Once } from './threads/waiting/once.ts'
export type { OnceOptions } from './threads/waiting/once.ts'
export { monitor } from './threads/waiting/monitor.ts'
export type { Inside, Monitor, MonitorOptions, MonitorParts, Pause } from './threads/waiting/monitor.ts'
export type { AsyncWaitOptions, WaitOptions } from './threads/waiting/wait-options.ts'
export { FileLock } from './threads/processes/file-lock.ts'

// Handing things over.
export { Channel } from './threads/processes/channel.ts'
export type { ChannelOptions } from './threads/processes/channel.ts'
export { Ring } from './threads/data/ring.ts'
export type { RingOptions } from './threads/data/ring.ts'
export { BoundedQueue } from './threads/data/bounded-queue.ts'
export type { QueueOptions } from './threads/data/bounded-queue.ts'

// Data that threads share.
export { SharedArray } from './threads/data/shared-array.ts'
export { SharedStruct, struct } from './threads/data/struct.ts'
export type { AtomicFields, StructCursor, StructRow, StructType } from './threads/data/struct.ts'
export type { Field, Schema } from './threads/data/struct-layout.ts'
export { SharedMap } from './threads/data/shared-map.ts'
export type { MapOptions } from './threads/data/shared-map.ts'

// Deadlocks: found, prevented, avoided.
export { findDeadlocks } from './threads/deadlock/find-deadlocks.ts'
export { findDeadlocks as checkWaitGraph } from './protocols/deadlock/find-deadlocks.ts'
export type { Deadlock, Findings } from './protocols/deadlock/find-deadlocks.ts'
export type { WaitGraph } from './protocols/deadlock/wait-graph.ts'
export { watchDeadlocks } from './threads/deadlock/watch-deadlocks.ts'
export type { WatchDeadlocksOptions } from './threads/deadlock/watch-deadlocks.ts'
export type { DeadlockLink, FoundDeadlock } from './threads/deadlock/found-deadlock.ts'
export { reportOnSignal, reportThreads } from './threads/deadlock/report-threads.ts'
export { acquireAll, acquireAllAsync } from './threads/deadlock/acquire-all.ts'
export { OrderedLocks } from './threads/deadlock/ordered-locks.ts'
export { ResourceManager } from './threads/deadlock/safe-resources.ts'
export type { ResourceManagerOptions } from './threads/deadlock/safe-resources.ts'
export type { ResourceReport } from './threads/deadlock/resource-bank.ts'
export type { ResourceClient } from './threads/deadlock/resource-client.ts'
export type { Amounts } from './protocols/deadlock/banker.ts'

// Exclusion with nothing but reads and writes, to learn from.
export type { Phase } from './protocols/shared-memory/program.ts'
export type { RegisterLockOptions } from './threads/registers/customer-table.ts'
export type { CustomerOptions, LockCustomer } from './threads/registers/lock-customer.ts'
export { BakeryLock } from './threads/registers/bakery-lock.ts'
export { PetersonLock } from './threads/registers/peterson-lock.ts'
export { DekkerLock } from './threads/registers/dekker-lock.ts'
export { TicketLock } from './threads/registers/ticket-lock.ts'
export { TestAndSetLock } from './threads/registers/test-and-set-lock.ts'
export { RegisterFile } from './threads/registers/register-file.ts'
export { SharedRegisters } from './threads/registers/shared-registers.ts'

// Who runs when.
export { CooperativeScheduler } from './threads/scheduling/cooperative-scheduler.ts'
export type { ScheduledWork, WorkOptions } from './threads/scheduling/cooperative-scheduler.ts'
export type { AsyncWork, GeneratorWork, Turn } from './threads/scheduling/scheduled-job.ts'
export type { RuleOptions } from './threads/scheduling/rule-driver.ts'
export { drawSchedule } from './threads/scheduling/draw-schedule.ts'
export { processPriority, setPriority } from './threads/scheduling/nice.ts'
export { UserThreads } from './threads/user-space/user-threads.ts'
export type { UserThreadOptions } from './threads/user-space/user-threads.ts'
export type { ThreadBody, UserThread, Waiting } from './threads/user-space/user-thread.ts'
export { measureBlockingCall, measureCreation, measureSwitching } from './threads/user-space/measure.ts'
