/**
 * What a member offers that runs things for others: the service `run`, and the objects that it makes, processes.
 *
 * Functions go by `call` and `callMany`, whose bytes nobody looks into between the caller and the worker thread: on
 * both ways parcels (`wire/parcels.ts`), one for each job, numbered by the caller.
 *
 *     to the server:    id job   label 0  an encoded JobRequest
 *     to the caller:    id job   label 0 done, 1 failed   an encoded JobReply
 *                       id jobs unfinished at the server   label 2   u32 threads, u32 free memory in MB
 *
 * Each answer begins with the last, so a caller learns how busy the server is without asking. Programs go by `start`,
 * which gives the capability of a process object.
 */
import { defineService } from '../../kernel/service.ts'
import {
  anyCapability,
  bytes,
  listOf,
  objectOf,
  oneOf,
  optional,
  recordOf,
  text,
  truth,
  wholeNumber,
} from '../../kernel/schemas.ts'
import { capabilitiesMax } from '../environment.ts'

/** The name under which members that offer to run things are found. */
export const runName = 'run'

export const jobsPerMessageMax = 256
export const argumentsMax = 1_024
export const argumentCharactersMax = 131_072
export const environmentMax = 1_024
export const inputBytesMax = 262_144
export const processesListedMax = 1_024
export const modulesListedMax = 256

export const jobLabel = { job: 0, done: 0, failed: 1, load: 2 } as const

const capability = anyCapability()
const moduleUrl = text(4_096)
const count = wholeNumber()

const replacement = objectOf({
  reason: oneOf('exited', 'out-of-memory', 'terminated', 'failed'),
  detail: text(4_096),
  atMs: count,
})

const load = objectOf({
  /** Jobs that wait or run. */
  unfinished: count,
  threads: count,
  threadsMax: count,
  freeMegabytes: count,
  modules: listOf(text(4_096), modulesListedMax),
  processes: count,
  /** Worker threads that ended other than for want of work, and the latest of them. */
  replaced: count,
  replacements: listOf(replacement, 64),
})

export const exitStatus = objectOf({ code: optional(wholeNumber()), signal: optional(text(32)) })

export const processInfo = objectOf({
  pid: count,
  module: moduleUrl,
  args: listOf(text(argumentCharactersMax), argumentsMax),
  /** Address of the member that started it. */
  owner: text(128),
  startedMs: count,
  state: oneOf('running', 'suspended', 'ended'),
  exit: optional(exitStatus),
})

const program = objectOf({
  module: moduleUrl,
  args: listOf(text(argumentCharactersMax), argumentsMax),
  env: recordOf(text(argumentCharactersMax), environmentMax),
  /** What it begins with: `system.environment`. */
  capabilities: recordOf(capability, capabilitiesMax),
  workingFolder: optional(text(4_096)),
  /** True: it goes on when the member that started it is gone. */
  detached: truth(),
})

export const Run = defineService('run', {
  /** One job. */
  call: { right: 'create', raw: true },
  /** Several jobs; each answered when it is done. */
  callMany: { right: 'create', raw: true, stream: true },
  /** Loads a module into every thread ahead of the first call; gives the names of its functions. */
  prepare: {
    right: 'create',
    input: objectOf({ module: moduleUrl }),
    output: listOf(text(1_024), 65_536),
    idempotent: true,
  },
  load: { right: 'read', output: load, idempotent: true },
  start: { right: 'create', input: program, output: objectOf({ process: capability, info: processInfo }) },
  /** With each its capability, so only whoever may do anything here sees them. */
  processes: {
    right: ['read', 'admin'],
    output: listOf(objectOf({ process: capability, info: processInfo }), processesListedMax),
    idempotent: true,
  },
})

export const signalNames = ['SIGSTOP', 'SIGCONT', 'SIGTERM', 'SIGKILL', 'SIGINT'] as const

/** None is idempotent: a process ends with its member, so there is nobody else to ask. */
export const Process = defineService('process', {
  info: { right: 'read', output: processInfo },
  /** Both outputs from where the last reader stopped, to the end. One reader at a time. */
  output: {
    right: 'read',
    output: objectOf({ stream: oneOf('stdout', 'stderr'), chunk: bytes(inputBytesMax) }),
    stream: true,
  },
  /** Answers when the process has taken it. */
  write: { right: 'modify', input: objectOf({ chunk: bytes(inputBytesMax) }) },
  endInput: { right: 'modify' },
  signal: { right: 'destroy', input: objectOf({ name: oneOf(...signalNames) }) },
  /** Answers when the process has ended. */
  wait: { right: 'read', output: exitStatus },
  /** Forgets a process, killing it where it still runs. */
  release: { right: 'destroy' },
})
