/**
 * A set of keys in the order of their UTF-8 bytes, which is the order of code points and not JavaScript's own.
 *
 * A sorted array: inserting moves what stands behind, which for the some thousand keys of a simulated system is
 * cheaper than a tree.
 */
export class OrderedKeys {
  readonly #keys: string[] = []

  /** The key must not be there. */
  add(key: string): void {
    this.#keys.splice(this.#firstFrom(key), 0, key)
  }

  /** Harmless where it is not there. */
  remove(key: string): void {
    const place = this.#firstFrom(key)
    if (this.#keys[place] === key) this.#keys.splice(place, 1)
  }

  /** At most `countMax` keys that begin with `prefix`, greater than `after` where that is given. */
  under(prefix: string, after: string | undefined, countMax: number): readonly string[] {
    const isAfterLater = after !== undefined && compareKeys(after, prefix) >= 0
    let place = this.#firstFrom(isAfterLater ? after : prefix)
    if (isAfterLater && this.#keys[place] === after) place++
    const found: string[] = []
    for (; found.length < countMax; place++) {
      const key = this.#keys[place]
      if (key === undefined || !key.startsWith(prefix)) break
      found.push(key)
    }
    return found
  }

  #firstFrom(key: string): number {
    let low = 0
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (compareKeys(this.#keys[middle] ?? '', key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Negative, 0 or positive, in the order of code points; both texts well-formed. */
function compareKeys(left: string, right: string): number {
  const length = Math.min(left.length, right.length)
  for (let index = 0; index < length; index++) {
    const difference = rank(left.charCodeAt(index)) - rank(right.charCodeAt(index))
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

/** Halves of surrogate pairs stand for code points above all others, but below U+E000 as units. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}
