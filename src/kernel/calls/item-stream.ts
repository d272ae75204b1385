/**
 * The caller's end of a stream: an async iterable that starts its call at the first `next` and credits what is taken.
 *
 * At most a window of items waits here, whatever the server does. Leaving the loop early cancels the call. It serves
 * one loop, like a generator.
 */
/** What a stream asks of the calls that carry it. */
export interface StreamCarrier {
  start(): void
  consumed(count: number): void
  cancel(): void
  /** Decodes and checks one item; may throw or reject. */
  read(body: Uint8Array): unknown
}

export class ItemStream implements AsyncIterableIterator<unknown> {
  readonly #carrier: StreamCarrier
  readonly #bodies: Uint8Array[] = []
  #started = false
  #end: { readonly error: Error | undefined } | undefined
  /** Of every `next` that waits; a loop has one. */
  #wakes: (() => void)[] = []

  constructor(carrier: StreamCarrier) {
    this.#carrier = carrier
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  push(body: Uint8Array): void {
    if (this.#end !== undefined) return
    this.#bodies.push(body)
    this.#wakeUp()
  }

  finish(error: Error | undefined): void {
    this.#end ??= { error }
    this.#wakeUp()
  }

  async next(): Promise<IteratorResult<unknown>> {
    if (!this.#started) {
      this.#started = true
      this.#carrier.start()
    }
    while (this.#bodies.length === 0 && this.#end === undefined) await this.#change()
    const body = this.#bodies.shift()
    if (body !== undefined) return await this.#take(body)
    const error = this.#end?.error
    this.#end = { error: undefined }
    if (error !== undefined) throw error
    return { done: true, value: undefined }
  }

  async return(): Promise<IteratorResult<unknown>> {
    this.#bodies.length = 0
    if (this.#started && this.#end === undefined) this.#carrier.cancel()
    this.#started = true
    this.#end = { error: undefined }
    this.#wakeUp()
    return { done: true, value: undefined }
  }

  async #take(body: Uint8Array): Promise<IteratorResult<unknown>> {
    if (this.#end === undefined) this.#carrier.consumed(1)
    try {
      return { done: false, value: await this.#carrier.read(body) }
    } catch (error) {
      await this.return()
      throw error
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakes.push(resolve)
    })
  }

  #wakeUp(): void {
    for (const wake of this.#wakes.splice(0)) wake()
  }
}
