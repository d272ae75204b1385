/**
 * How long objects that nobody touches still have, as Amoeba's servers counted it: 24 lives, one less with each ageing,
 * all of them back with a touch, destroyed at none.
 *
 * There an ageing that came before the touches were through destroyed what was in use. Here it is refused while a round
 * of touches (a pass) is open, and until one has been completed since the last ageing. Lives are in memory: a server
 * that starts again gives every object all of them, which is the safe side. It keeps an entry only for objects that
 * have lost a life, so no more than the service has objects.
 */
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'

export const livesMax = 24
export const passesOpenMax = 64
/** Passes that are over, remembered so that a late repetition opens none of them again. */
const passesOverMax = 256

export interface Aged {
  /** That are left. */
  readonly objects: number
  readonly destroyed: number
  /** That were to go and could not be destroyed; the next ageing tries again. */
  readonly failed: number
}

export class Lives {
  readonly #left = new Map<number, number>()
  readonly #dying = new Set<number>()
  readonly #open = new Set<string>()
  readonly #over = new Set<string>()
  #hasCompletedPass = false
  #isAgeing = false

  /** False: too late, it is being destroyed. */
  touch(object: number): boolean {
    if (this.#dying.has(object)) return false
    this.#left.delete(object)
    return true
  }

  /**
   * Before the touches of a message are done. @throws CardumenError `try-again` over `passesOpenMax`.
   */
  openPass(pass: string): void {
    if (this.#open.has(pass) || this.#over.has(pass)) return
    if (this.#open.size >= passesOpenMax)
      throw new CardumenError('try-again', `${passesOpenMax} passes of touches are open here; finish or abandon one.`)
    this.#open.add(pass)
  }

  /** After the touches of its last message. */
  completePass(pass: string): void {
    if (!this.#open.delete(pass)) return
    this.#hasCompletedPass = true
    this.#over.add(pass)
    for (const oldest of this.#over) {
      if (this.#over.size <= passesOverMax) break
      this.#over.delete(oldest)
    }
  }

  abandonPass(pass: string): void {
    this.#open.delete(pass)
  }

  livesOf(object: number): number {
    return this.#left.get(object) ?? livesMax
  }

  get passesOpen(): number {
    return this.#open.size
  }

  /**
   * @param destroy - fails with a CardumenError where the object stays.
   * @throws CardumenError `touch-unfinished`; `try-again` while another ageing is under way.
   */
  async age(
    objects: Iterable<number> | AsyncIterable<number>,
    destroy: (object: number) => Promise<void>,
  ): Promise<Aged> {
    this.#refuseUnlessTouched()
    this.#isAgeing = true
    this.#hasCompletedPass = false
    try {
      const present = await this.#takeLives(objects)
      const { destroyed, failed } = await this.#destroyDead(destroy)
      return { objects: present - destroyed, destroyed, failed }
    } finally {
      this.#isAgeing = false
    }
  }

  #refuseUnlessTouched(): void {
    if (this.#isAgeing) throw new CardumenError('try-again', 'Another ageing is under way.')
    if (this.#open.size > 0) {
      const names = [...this.#open].map((pass) => JSON.stringify(pass)).join(', ')
      throw new CardumenError('touch-unfinished', `Passes of touches are open: ${names}.`, {
        hint: 'Finish them with isLast, or name those in `abandon` that nobody will finish.',
      })
    }
    if (!this.#hasCompletedPass)
      throw new CardumenError('touch-unfinished', 'No pass of touches has been completed since the last ageing.')
  }

  /** How many objects there are; those of which there is none any more are forgotten. */
  async #takeLives(objects: Iterable<number> | AsyncIterable<number>): Promise<number> {
    const seen = new Set<number>()
    for await (const object of objects) {
      if (seen.has(object)) continue
      seen.add(object)
      this.#left.set(object, Math.max(0, (this.#left.get(object) ?? livesMax) - 1))
    }
    for (const object of this.#left.keys()) if (!seen.has(object)) this.#left.delete(object)
    return seen.size
  }

  /** A touch that comes before an object's turn still saves it. */
  async #destroyDead(destroy: (object: number) => Promise<void>): Promise<{ destroyed: number; failed: number }> {
    const counts = { destroyed: 0, failed: 0 }
    for (const [object] of [...this.#left].filter(([, left]) => left === 0)) {
      if (this.#left.get(object) !== 0) continue
      this.#dying.add(object)
      try {
        await destroy(object)
        this.#left.delete(object)
        counts.destroyed++
      } catch (error) {
        if (!isCardumenError(error)) throw error
        this.#left.set(object, 1)
        counts.failed++
      } finally {
        this.#dying.delete(object)
      }
    }
    return counts
  }
}
