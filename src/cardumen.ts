/**
 * The public face of cardumen: `join` a system, and define services for it.
 *
 * Everything else is reached from the `System` that `join` gives. What is not exported here is not public.
 */
export { type DaemonInfo, up, type UpOptions } from './fleet/up.ts'
export { down, type Downed } from './fleet/down.ts'
export type { FleetOptions } from './fleet/daemons.ts'
export { join, type JoinOptions } from './join.ts'
export { type AuditReader, type OfferOptions, type RevokeOptions, System } from './servers/system.ts'
export type { Cancel, Clock } from './edges/clock.ts'
export type { Random } from './lib/random.ts'
export { jobSignal } from './host/current-job.ts'
export { defineService } from './kernel/service.ts'
export { Capability, type Restriction } from './kernel/capabilities/capability.ts'
export { rights, type RightName, type Rights } from './kernel/capabilities/rights.ts'
export { Standard } from './kernel/standard/standard-service.ts'
export type { ObjectHooks, Parameter, ParameterValue } from './kernel/standard/standard-objects.ts'
export type { AuditAct, AuditRecord } from './kernel/standard/audit.ts'
export type { CapabilitySet } from './servers/environment.ts'
export type { Directory } from './servers/directory/client.ts'
export type {
  Capabilities,
  DirectoryChange,
  DirectoryEvent,
  Found,
  GivenMasks,
  ListOptions,
  LookupOptions,
  Masks,
  Row,
  RowChange,
  WatchOptions,
} from './servers/directory/changes.ts'
export { CardumenError, isCardumenError } from './lib/cardumen-error.ts'
export { errorCodes } from './lib/error-codes.ts'
export type { Executed } from './lib/cardumen-error.ts'
export type { ErrorCode } from './lib/error-codes.ts'
export type {
  CallContext,
  CallOptions,
  Client,
  Handlers,
  OperationDefinition,
  Operations,
  Priority,
  Semantics,
  Service,
} from './kernel/service.ts'
export type { Ending } from './kernel/ending.ts'
export type { Served, ServeOptions } from './kernel/serving.ts'
export type { MemberEntry } from './kernel/membership.ts'
export type { RunServer } from './servers/run/server.ts'
export type { ImportOptions, RemoteCallOptions, RemoteFunction, RemoteModule } from './servers/run/remote-module.ts'
export type { MapOptions, MapProgress, RemoteMap } from './servers/run/remote-map.ts'
export type { ProgramOptions, RemoteProgram } from './servers/run/remote-program.ts'
