/**
 * Two processes that send each other messages over typed channels. A channel holds two messages at most, so whoever sends faster than the other
 * receives has to wait. Run it: `node scripts/with-node.mjs examples/ways-to-communicate/messages.ts`
 */
import { Channel, Process } from 'cardumen/threads'

interface Order {
  readonly dish: string
  readonly count: number
}

interface Bill {
  readonly dish: string
  readonly euros: number
}

const prices: Readonly<Record<string, number>> = { soup: 4, rice: 9, coffee: 2 }

/** The other process: takes orders until the channel is closed, and sends the bills. */
export async function kitchen(orders: Channel<Order>, bills: Channel<Bill>): Promise<void> {
  for await (const { dish, count } of orders) await bills.sendAsync({ dish, euros: (prices[dish] ?? 0) * count })
  bills.close()
}

if (import.meta.main) {
  const orders = new Channel<Order>({ name: 'orders', capacity: 2 })
  const bills = new Channel<Bill>({ name: 'bills', capacity: 2 })
  const cook = new Process(import.meta.url, 'kitchen', { name: 'kitchen', args: [orders, bills] })
  cook.start()
  const ordering = sendAll(orders)
  for await (const { dish, euros } of bills) console.log(`${dish}: ${euros} euros`)
  await ordering
  await cook.join()
}

async function sendAll(orders: Channel<Order>): Promise<void> {
  for (const [dish, count] of [
    ['soup', 2],
    ['rice', 1],
    ['rice', 3],
    ['coffee', 4],
  ] as const)
    await orders.sendAsync({ dish, count })
  orders.close()
}
