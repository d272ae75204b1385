/**
 * Aims at capabilities: as bytes, which come from peers, and as text, which comes from people.
 *
 * What is taken for one gives the same bytes and text again, can be shown and narrowed, and never shows its secret; all
 * else is refused. The first byte of an input says whether the rest is bytes or text.
 */
import { Capability } from '../../src/kernel/capabilities/capability.ts'
import { toHex } from '../../src/lib/bytes.ts'
import { isCardumenError } from '../../src/lib/cardumen-error.ts'
import { fromUtf8, toUtf8 } from '../../src/lib/text.ts'
import { someCapability } from './codec-target.ts'
import type { Target, Verdict } from './target.ts'

const tailBytes = 32
const [asBytes, asText] = [0, 1]

export const capabilitiesTarget: Target = { name: 'capabilities', seeds: seeds(), run }

function run(input: Uint8Array): Verdict {
  if ((input[0] ?? 0) % 2 === asText) return ofText(fromUtf8(input.subarray(1)) ?? '')
  const bytes = input.subarray(1)
  const capability = Capability.fromBytes(bytes)
  if (capability === undefined) return undefined
  if (!Buffer.from(bytes).equals(Capability.toBytes(capability)))
    return 'a capability has other bytes than it was read from'
  return flawOf(capability)
}

function ofText(text: string): Verdict {
  let capability: Capability
  try {
    capability = Capability.parse(text)
  } catch (error) {
    return isCardumenError(error, 'capability-invalid') ? undefined : `parsing throws ${String(error)}`
  }
  return flawOf(capability)
}

function flawOf(capability: Capability): Verdict {
  if (!Capability.parse(Capability.toText(capability)).equals(capability))
    return 'a capability is not what its text says'
  const secret = toHex(Capability.toBytes(capability).slice(-tailBytes))
  if (`${capability.toString()}${JSON.stringify(capability)}`.includes(secret)) return 'a capability shows its secret'
  return narrowingFlaw(capability)
}

function narrowingFlaw(capability: Capability): Verdict {
  let narrower: Capability
  try {
    narrower = capability.restrict({ rights: 1 })
  } catch (error) {
    return isCardumenError(error, 'too-large') ? undefined : `narrowing throws ${String(error)}`
  }
  return (narrower.rights & ~capability.rights & 0xff) === 0 ? undefined : 'a narrower capability has more rights'
}

function seeds(): readonly Uint8Array[] {
  const wide = someCapability(1)
  const narrow = wide.restrict({ rights: 3, operations: ['read', 'std.info'], expiresAt: 5_000 })
  const bound = narrow.restrict({ holder: new Uint8Array(32).fill(9) })
  const all = [
    wide,
    narrow,
    bound,
    Array.from({ length: 12 }).reduce<Capability>((left) => left.restrict({ rights: 1 }), wide),
  ]
  return all.flatMap((each) => [
    Uint8Array.of(asBytes, ...Capability.toBytes(each)),
    Uint8Array.of(asText, ...toUtf8(Capability.toText(each))),
  ])
}
