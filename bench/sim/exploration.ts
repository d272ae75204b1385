/**
 * One run of `cardumen explore` over the call machine, as whoever looks for a bug in it would start it.
 *
 * With three members and two calls each it has far more states than are looked at. The time is the command's own, so
 * the start of the process is not in it.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export interface Exploration {
  readonly states: number
  readonly ms: number
}

export async function exploreCalls(statesMax: number): Promise<Exploration> {
  const words = ['explore', 'rpc-two-calls', '--members', '3', '--states', String(statesMax), '--json']
  const child = spawn(process.execPath, [CLI, ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')])
  const { verdict, states, ms } = JSON.parse(output) as Partial<Exploration & { verdict: string }>
  if (verdict === 'violated' || states === undefined || ms === undefined)
    throw new Error(`the exploration ended otherwise than it should have:\n${output}`)
  return { states, ms }
}
