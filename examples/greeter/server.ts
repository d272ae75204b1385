/**
 * Serves the greeter until it is told to stop. Start several: they share the calls under one name.
 *
 *     node examples/greeter/server.ts
 */
import { join } from 'cardumen'
import { Greeter } from './service.ts'

await using system = await join()
await system.serve(
  Greeter,
  {
    greet: ({ name }) => `Hello ${name}, says process ${process.pid}`,
    countDown: async function* ({ from }) {
      for (let number = from; number > 0; number--) yield number
    },
  },
  { name: 'greeter' },
)
console.log(`greeter serves in process ${process.pid}`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void system.close())
await system.ended
