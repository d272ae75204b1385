/**
 * What the first use of a capability costs its server for each link of the chain: reading it, walking the chain from
 * the key, and gathering what its caveats take away. A chain has one link more than caveats.
 */
import { Remote } from '../harness/remote.ts'
import { interleave, pick } from '../harness/rounds.ts'
import { median } from '../harness/statistics.ts'
import type { Context } from '../harness/suite.ts'
import type { ChainMethods } from './chain-process.ts'
import type { Part } from './part.ts'

const CHAINS = [1, 4, 16] as const
const COUNT = 5_000
const LINK_US_MAX = 10

export async function measureFirstUse({ effort, progress }: Context, home: string): Promise<Part> {
  await using chains = new Remote<ChainMethods>(new URL('./chain-process.ts', import.meta.url), home)
  for (const caveats of CHAINS) await chains.request('verifyUs', { caveats, count: COUNT })
  const rounds = await interleave(CHAINS.map(String), effort.rounds, progress, (caveats) =>
    chains.request('verifyUs', { caveats: Number(caveats), count: COUNT }),
  )
  const rows = CHAINS.flatMap((caveats) => {
    const us = median(pick(rounds, String(caveats), (one) => one))
    return [
      { what: `first check of a capability, ${caveats} caveats`, value: us, unit: 'us' },
      {
        what: `first check, ${caveats} caveats: for each link of the chain`,
        value: us / (caveats + 1),
        unit: 'us',
        bound: { atMost: LINK_US_MAX },
      },
    ]
  })
  return { rows, raw: Object.fromEntries(rounds) }
}
