/**
 * One typed array of each kind over the rows of a struct, made when the struct is laid over its memory.
 *
 * A row refers to these instead of having views of its own, so a row costs a few words to make. The class is the same
 * for all schemas, which keeps the accessors' reads of it fast however many schemas a process has. Fields are only
 * declared: one that is initialised as undefined first could hold anything, and every read of it would be checked.
 */
export class StructViews {
  declare readonly int8: Int8Array<SharedArrayBuffer>
  declare readonly uint8: Uint8Array<SharedArrayBuffer>
  declare readonly int16: Int16Array<SharedArrayBuffer>
  declare readonly uint16: Uint16Array<SharedArrayBuffer>
  declare readonly int32: Int32Array<SharedArrayBuffer>
  declare readonly uint32: Uint32Array<SharedArrayBuffer>
  declare readonly float32: Float32Array<SharedArrayBuffer>
  declare readonly float64: Float64Array<SharedArrayBuffer>
  declare readonly bigint64: BigInt64Array<SharedArrayBuffer>
  declare readonly biguint64: BigUint64Array<SharedArrayBuffer>

  /** `offsetBytes` and `sizeBytes` are multiples of 8. */
  constructor(memory: SharedArrayBuffer, offsetBytes: number, sizeBytes: number) {
    this.int8 = new Int8Array(memory, offsetBytes, sizeBytes)
    this.uint8 = new Uint8Array(memory, offsetBytes, sizeBytes)
    this.int16 = new Int16Array(memory, offsetBytes, sizeBytes / 2)
    this.uint16 = new Uint16Array(memory, offsetBytes, sizeBytes / 2)
    this.int32 = new Int32Array(memory, offsetBytes, sizeBytes / 4)
    this.uint32 = new Uint32Array(memory, offsetBytes, sizeBytes / 4)
    this.float32 = new Float32Array(memory, offsetBytes, sizeBytes / 4)
    this.float64 = new Float64Array(memory, offsetBytes, sizeBytes / 8)
    this.bigint64 = new BigInt64Array(memory, offsetBytes, sizeBytes / 8)
    this.biguint64 = new BigUint64Array(memory, offsetBytes, sizeBytes / 8)
  }
}
