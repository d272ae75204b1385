/**
 * What the suite `engine` measures: a store of keys that several processes of one machine share.
 */
export interface BenchEngine {
  /** Resolves once the value is on disk. */
  put(key: string, value: Uint8Array): Promise<unknown>
  get(key: string): Promise<unknown>
  close(): Promise<void>
}

/** An engine's module exports this as `adapter`; several processes open the same folder. */
export interface EngineAdapter {
  open(folder: string): Promise<BenchEngine>
}

/** Values of the bench: 64 bytes, as everywhere. */
export const VALUE_BYTES = 64
