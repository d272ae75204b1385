/**
 * What the suite `growth` needs from us: a system that grows by one member process at a time.
 */
export interface Growing {
  /** Starts one more member in a process of its own; resolves when it has joined and can be called. */
  grow(): Promise<void>
  /** A null call from this process, which is a member, to the first member that `grow` started. */
  call(): Promise<unknown>
  close(): Promise<void>
}

export interface GrowthAdapter {
  /** A new system in `folder` with this process as its only member. */
  begin(folder: string): Promise<Growing>
}
