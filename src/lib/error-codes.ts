/**
 * Every code that a `CardumenError` can carry, with its meaning in one line.
 *
 * The table is the source of `docs/errors.md` (a test compares them) and of the `ErrorCode` type, so a code that is
 * not explained here cannot be thrown. Codes are part of the public interface: they are added, never renamed.
 */
export const errorCodes = {
  // Calls
  'timed-out': 'No answer within timeoutMs.',
  cancelled: 'The caller gave the call up through its AbortSignal.',
  'try-again': 'The server had no room (TA) until the deadline; the call did not run.',
  'address-unknown': 'Nobody serves this port (AU).',
  'name-unknown': 'No server has entered this name, or the directory shows no row of it.',
  'member-died': 'The member that had the call died.',
  'reply-lost': 'The call ran, but its reply is no longer kept.',
  'operation-unknown': 'The service has no operation of this name.',
  'operation-unsupported': 'The object does not offer this standard operation.',
  'capability-refused': 'The capability is not one that this server gave out, or is bound to another member.',
  'capability-expired': 'The capability was genuine and its time is over.',
  'capability-revoked': 'The capability was genuine and was revoked.',
  'capability-invalid': 'The text is no capability, or was cut off or mistyped.',
  'right-missing': 'The capability does not grant the right, or the operation, that the call needs.',
  throttled: 'The caller was refused too often in a short time; its call was not looked at.',
  'input-refused': 'The argument does not fit the input schema of the operation.',
  'output-refused': 'The result does not fit the output schema of the operation.',
  'handler-failed': 'The handler, or the function called, threw; cause has its error with its remote stack.',
  'cannot-travel': 'A value holds what cannot be sent: a function, a symbol, a promise, an instance of a class.',
  'too-large': 'A message or value is over its limit.',
  // Links
  unreachable: 'No link to the member could be made.',
  'handshake-refused': 'The peer is of another protocol version, system or identity.',
  'frame-refused': 'The peer sent bytes that are no valid frame; the link was closed.',
  // Joining and the state folder
  'name-taken': 'A live member of the system has this name.',
  'name-invalid': 'Not a valid name.',
  'option-invalid': 'An option has a value that makes no sense.',
  closed: 'The system, link or engine was closed by this program.',
  'state-unwritable': 'The state folder cannot be created, entered or written.',
  'state-newer': 'The state folder was written by a newer version of cardumen.',
  'state-damaged': 'The state file is no valid database, or was removed or replaced while it was open.',
  'disk-full': 'The disk of the state folder is full.',
  'disk-failed': 'The disk could not carry out an operation; what was not synced counts as lost.',
  'engine-failed': 'The engine could not carry out an operation.',
  'system-absent': 'No system is running in this state folder.',
  // Engine
  compacted: 'The revision to watch from is older than what the engine keeps.',
  'lease-lost': 'The lease has ended.',
  'transaction-too-large': 'Over 128 operations in one transaction.',
  'value-too-large': 'A value of over 1 MiB, or a key of over 4 KiB.',
  // Ports, objects and the directory
  'port-taken': 'A live member serves this identity already.',
  'object-unknown': 'The server has no such object, or has destroyed it.',
  'name-exists': 'The directory has a row of this name.',
  'name-clash': 'A row is not as the change expected it; nothing was changed.',
  'not-a-directory': 'A component of the path names no directory.',
  'directory-not-empty': 'Only an empty directory can be destroyed.',
  'directory-full': 'The directory, or a row of it, is at its bound.',
  'access-refused': 'The capability of the directory grants no column of this row.',
  'touch-unfinished': 'Ageing waits for a pass of touches to complete.',
  'root-absent': 'This process was given no root directory.',
  // Running
  'module-failed': 'The module could not be loaded where it was to run.',
  'function-unknown': 'The module exports no function of this name.',
  'worker-exited': 'The worker that ran the job exited or ran out of memory; it was replaced.',
  'process-failed': 'A process could not be started, or its priority not be changed.',
  'process-unknown': 'No running process has this identifier.',
  // Threads and processes of one host
  'would-block': 'A wait that blocks was asked for where nothing may block: on the main thread of a process.',
  'not-owner': 'Only its owner may release this lock, or use what it guards.',
  'not-held': 'It was released more often than it was acquired.',
  'holder-died': 'Whoever held it died; what it protects may be half changed. It is free again.',
  'barrier-broken': 'A party of the barrier died, gave up or timed out; nobody passes until it is reset.',
  'semaphore-overflow': 'The release would bring the semaphore above its bound.',
  interrupted: 'The wait was ended by another thread through interrupt().',
  deadlock: 'The wait is part of a cycle of waits, and was chosen to fail.',
  'order-violated': 'Locks were to be acquired in one order, and this acquire goes against it.',
  'claim-exceeded': 'More was asked for than was claimed, or is there at all.',
  'out-of-bounds': 'An index, field or length lies outside the shared memory.',
  'memory-too-small': 'The shared memory is too small for what it is to hold, or holds something else.',
  'capacity-reached': 'A table of fixed size is full.',
  'thread-state':
    'The thread or process is not in a state that allows this: not started, started twice, joining itself, started where none can be.',
  'thread-failed': 'The thread ended with an error; cause has it.',
  'thread-exited': 'The thread ended without a result: it was terminated, exited, or ran out of memory.',
  'program-failed': 'The program ended by a signal, or with an exit code other than 0.',
  'home-lost': 'The process in which this shared thing lives has died, and the thing with it.',
  // Simulation
  'history-invalid': 'A recorded history is not one: its lines, their order or their operations are wrong.',
  'simulation-failed': 'A claim about a simulated run is broken; the text says which, and how to run it again.',
  'simulation-stuck': 'A simulated world waits for something that will never come.',
  'real-world': 'Code under simulation touched real time, chance or I/O.',
  'scenario-unknown': 'No scenario has this name, or the module exports none.',
  'trace-invalid': 'A saved trace cannot be read: it is damaged, cut off, too long, or no trace.',
  'trace-newer': 'The trace was saved by a newer version of cardumen.',
} as const

export type ErrorCode = keyof typeof errorCodes

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCodes, text)
}
