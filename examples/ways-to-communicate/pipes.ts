/**
 * Two processes joined by pipes: one writes lines to the standard input of the other, and reads what that writes on its standard output.
 * The other one could be any program; here it is this file again. Run it: `node scripts/with-node.mjs examples/ways-to-communicate/pipes.ts`
 */
import { lines, popen } from 'cardumen/threads'

if (process.argv[2] === 'shout') await shout()
else await ask()

/** The other process: a filter, as programs of a pipeline are. */
async function shout(): Promise<void> {
  for await (const line of lines(process.stdin)) process.stdout.write(`${line.toUpperCase()}!\n`)
}

async function ask(): Promise<void> {
  await using filter = popen(process.execPath, [import.meta.filename, 'shout'], { stderr: 'inherit' })
  const answers = filter.lines()
  for (const word of ['hello', 'is anybody there', 'good bye']) {
    filter.stdin.write(`${word}\n`)
    const { value: answer = 'nothing' } = await answers.next()
    console.log(`${word} -> ${answer}`)
  }
  filter.stdin.end()
  const { exitCode } = await filter.wait()
  console.log(`The filter ended with exit code ${exitCode}.`)
}
