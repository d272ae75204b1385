/**
 * Calls the greeter, once or as often as it is told: `node examples/greeter/client.ts [name] [times]`.
 *
 * With two servers, kill one with `kill -9` while this runs: the calls go on.
 */
import { isCardumenError, join } from 'cardumen'
import { Greeter } from './service.ts'

const [name = 'world', times = '1'] = process.argv.slice(2)
await using system = await join()
const greeter = system.open(Greeter, 'greeter')
try {
  for (let time = 0; time < Number(times); time++) console.log(await greeter.greet({ name }))
  for await (const number of greeter.countDown({ from: 3 })) console.log(number)
} catch (error) {
  if (!isCardumenError(error)) throw error
  console.error(`${error.message} (${error.code}, executed: ${error.executed})`)
  process.exitCode = 1
}
