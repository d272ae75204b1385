/**
 * What one end of a connection writes, as segments with bytes of their own, so that neither side sees what the other
 * does to its bytes afterwards.
 *
 * Small segments of one end lie one behind the other in a slab, as they do in what a socket reads: a buffer for each of
 * them would cost more than all else that a message costs. A slab is never written to twice, and goes when the last of
 * its segments is forgotten.
 */
/** Of one segment; a longer write is cut. */
const segmentBytesMax = 65_536
const slabBytes = 4_096
const slabSegmentBytesMax = 1_024

export class SegmentCopies {
  #slab = new Uint8Array(0)
  #filledBytes = 0

  /** The chunks as one batch. */
  of(chunks: readonly Uint8Array[]): readonly Uint8Array[] {
    let leftBytes = 0
    for (const chunk of chunks) leftBytes += chunk.length
    const segments: Uint8Array[] = []
    let segment: Uint8Array | undefined
    let filledBytes = 0
    for (const chunk of chunks) {
      for (let start = 0; start < chunk.length; ) {
        if (segment === undefined) {
          segment = this.#room(Math.min(leftBytes, segmentBytesMax))
          segments.push(segment)
          filledBytes = 0
        }
        const end = Math.min(chunk.length, start + segment.length - filledBytes)
        segment.set(end - start === chunk.length ? chunk : chunk.subarray(start, end), filledBytes)
        filledBytes += end - start
        leftBytes -= end - start
        start = end
        if (filledBytes === segment.length) segment = undefined
      }
    }
    return segments
  }

  /** Never given out twice. */
  #room(sizeBytes: number): Uint8Array {
    if (sizeBytes > slabSegmentBytesMax) return new Uint8Array(sizeBytes)
    if (this.#filledBytes + sizeBytes > this.#slab.length) {
      this.#slab = new Uint8Array(slabBytes)
      this.#filledBytes = 0
    }
    const start = this.#filledBytes
    this.#filledBytes += sizeBytes
    return this.#slab.subarray(start, this.#filledBytes)
  }
}
