/**
 * What the suite `start` needs from us: a system that can be brought up, called, observed and taken down.
 */
export interface StartAdapter {
  /** `cardumen up` with so many members, its state in `folder`; resolves when the command has ended. */
  up(folder: string, members: number): Promise<void>
  /** Joins that system and makes one call to a member; resolves when it was answered. */
  firstCall(folder: string): Promise<FirstCall>
  /** `cardumen down`. */
  down(folder: string): Promise<void>
}

export interface FirstCall {
  /** The processes of the members that `up` started. */
  readonly pids: readonly number[]
  /** Leaves the system, so that nothing of the caller keeps its members busy. */
  close(): Promise<void>
}
