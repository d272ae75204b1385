/**
 * Child processes of a member, for `system.run`.
 */
export interface Processes {
  /** @throws CardumenError `process-failed` where it cannot be started. */
  start(spec: ProcessSpec, events: ProcessEvents): Promise<ChildProcess>
}

export interface ProcessSpec {
  /** URL or path of a JavaScript or TypeScript module. */
  readonly module: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly workingFolder: string | undefined
}

export interface ChildProcess {
  readonly pid: number
  /** False: wait for `onInputDrain` before writing more. */
  writeInput(chunk: Uint8Array): boolean
  endInput(): void
  /** Stops and resumes reading of both outputs; for back-pressure. */
  pauseOutput(): void
  resumeOutput(): void
  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM' | 'SIGKILL' | 'SIGINT'): void
}

export interface ProcessEvents {
  onOutput(stream: 'stdout' | 'stderr', chunk: Uint8Array): void
  onInputDrain(): void
  /** Last; the outputs are at their end. */
  onExit(status: ExitStatus): void
}

export interface ExitStatus {
  readonly code: number | undefined
  readonly signal: string | undefined
}
