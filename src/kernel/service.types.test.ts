/** What the compiler refuses of a client and of handlers; `tsc -b` runs this file. */
import { z } from 'zod'
import type { Member } from './member.ts'
import { type Client, defineService, type Handlers } from './service.ts'

const Shop = defineService('shop', {
  price: { input: z.object({ article: z.string(), count: z.number().default(1) }), output: z.number() },
  open: { output: z.boolean() },
  close: {},
  articles: { input: z.string(), output: z.object({ name: z.string() }), stream: true },
  picture: { raw: true },
})
type ShopOperations = (typeof Shop)['operations']

export async function clients(member: Member, shop: Client<ShopOperations>): Promise<void> {
  const price: number = await shop.price({ article: 'fish' })
  const isOpen: boolean = await shop.open()
  const nothing: void = await shop.close()
  const picture: Uint8Array = await shop.picture(new Uint8Array(1), { timeoutMs: 5, semantics: 'maybe', priority: 0 })
  for await (const { name } of shop.articles('fish')) name.toUpperCase()
  await member.open(Shop, 'shop').open(undefined, { signal: AbortSignal.timeout(5) as never })
  void [price, isOpen, nothing, picture]

  // @ts-expect-error an argument of another type
  await shop.price({ article: 5 })
  // @ts-expect-error an argument that lacks a field
  await shop.price({ count: 5 })
  // @ts-expect-error no argument where one is needed
  await shop.price()
  // @ts-expect-error an argument where there is none
  await shop.open('now')
  // @ts-expect-error a result of another type
  const text: string = await shop.price({ article: 'fish' })
  // @ts-expect-error a result where there is none
  const closed: boolean = await shop.close()
  // @ts-expect-error an operation that is not there
  await shop.rename('fish')
  // @ts-expect-error a stream is no promise
  shop.articles('fish').then(() => undefined)
  // @ts-expect-error a promise is no stream
  void shop.open()[Symbol.asyncIterator]
  // @ts-expect-error text where bytes are passed
  await shop.picture('fish')
  // @ts-expect-error semantics that nobody offers
  await shop.open(undefined, { semantics: 'exactly-once' })
  // @ts-expect-error a priority that there is not
  await shop.open(undefined, { priority: 9 })
  void [text, closed]
}

const handlers: Handlers<ShopOperations> = {
  price: ({ article, count }) => article.length * count,
  open: async (_, { signal }) => !signal.aborted,
  close: () => undefined,
  async *articles(start) {
    yield { name: start }
  },
  picture: (bytes) => bytes,
}

// @ts-expect-error a result of another type
export const wrongResult: Handlers<ShopOperations> = { ...handlers, price: () => 'much' }
// @ts-expect-error a promise of another type
export const wrongPromise: Handlers<ShopOperations> = { ...handlers, open: async () => 'yes' }
// @ts-expect-error an argument of another type
export const wrongArgument: Handlers<ShopOperations> = { ...handlers, price: (article: string) => article.length }
// @ts-expect-error one value where a stream is due
export const wrongStream: Handlers<ShopOperations> = { ...handlers, articles: async () => ({ name: 'fish' }) }
// @ts-expect-error a handler is missing
export const missing: Handlers<ShopOperations> = {
  price: handlers.price,
  open: handlers.open,
  close: handlers.close,
  picture: handlers.picture,
}
async function* numbers(): AsyncGenerator<{ name: number }> {
  yield { name: 5 }
}
// @ts-expect-error a streamed value of another type
export const wrongItem: Handlers<ShopOperations> = { ...handlers, articles: numbers }
