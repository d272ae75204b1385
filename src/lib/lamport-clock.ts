/**
 * Lamport time (Lamport, 1978): a counter that orders what could have caused what.
 *
 * Every frame that leaves carries `tick()`, every frame that arrives is `witness`ed. It stays at its greatest value
 * once it reaches it, so a peer that lies about its time spoils the order of traces and nothing else.
 */
export const lamportMax = 0xffff_ffff_ffff

export class LamportClock {
  #time = 0

  /** The time of the latest event. */
  get time(): number {
    return this.#time
  }

  /** The time of the next event here. */
  tick(): number {
    if (this.#time < lamportMax) this.#time++
    return this.#time
  }

  /** Something with this time was received. */
  witness(time: number): void {
    if (time > this.#time) this.#time = time
    this.tick()
  }
}
