/** The task of a large argument: what remains is the cost of bringing it there. */
export function lengthOf(buffer: ArrayBuffer | SharedArrayBuffer): number {
  return buffer.byteLength
}
