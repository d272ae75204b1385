/**
 * The part of msgpackr that the codec uses, typed without Node's Buffer.
 *
 * msgpackr's own types want Node's, which a closed room does not have. `#msgpackr` stands for the pure JavaScript
 * build (package.json, `imports`), because the optional native part needs an install script.
 */
declare module '#msgpackr' {
  export interface PackOptions {
    readonly useRecords: false
    readonly mapsAsObjects: true
    readonly useToJSON: false
    readonly moreTypes: false
  }

  /** The whole of msgpackr's buffer; the packed bytes lie from `start` to `end`. */
  export interface ReusedBuffer extends Uint8Array {
    readonly start: number
    readonly end: number
  }

  export class Packr {
    constructor(options: PackOptions)
    pack(value: unknown, reuseBufferMode: 512): ReusedBuffer
    /** Only for the test that compares it with our reader. */
    unpack(bytes: Uint8Array): unknown
  }
}
