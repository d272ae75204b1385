/**
 * What the suite `engine` measures: a store of keys that several processes of one machine share.
 */
export interface BenchEngine {
  /** Resolves once the value is on disk. */
  put(key: string, value: Uint8Array): Promise<unknown>
  get(key: string): Promise<unknown>
  /** Puts a key that goes when this process dies. Only where there is such a thing, like `follow`. */
  hold?(key: string): Promise<unknown>
  /** Tells of each change below a prefix, whoever made it, for as long as the engine is open. Resolves once it does. */
  follow?(prefix: string, onChange: (key: string) => void): Promise<void>
  close(): Promise<void>
}

/** An engine's module exports this as `adapter`; several processes open the same folder. */
export interface EngineAdapter {
  open(folder: string): Promise<BenchEngine>
}

/** Values of the bench: 64 bytes, as everywhere. */
export const VALUE_BYTES = 64
