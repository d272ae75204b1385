/**
 * A queue that takes from its front at no cost that grows with its length.
 *
 * Its owner knows the bound.
 */
const compactionSizeMin = 256

export class Fifo<Item> {
  #items: Item[] = []
  #start = 0

  get size(): number {
    return this.#items.length - this.#start
  }

  get first(): Item | undefined {
    return this.#items[this.#start]
  }

  push(item: Item): void {
    this.#items.push(item)
  }

  shift(): Item | undefined {
    if (this.#start === this.#items.length) return undefined
    const item = this.#items[this.#start++]
    if (this.#start === this.#items.length) this.clear()
    else if (this.#start >= compactionSizeMin && this.#start * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#start)
      this.#start = 0
    }
    return item
  }

  clear(): void {
    this.#items = []
    this.#start = 0
  }
}
