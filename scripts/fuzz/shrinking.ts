/**
 * Makes a failing input smaller: delta debugging (Zeller and Hildebrandt, 2002), then zeros wherever the bytes do not matter.
 *
 * It cuts out halves, quarters and so on down to single bytes, and keeps what still fails, whatever claim it then breaks.
 * The tries are bounded, so an input that is slow to run comes out larger than it could.
 */
const triesMax = 4_000

export async function shrunk(input: Uint8Array, fails: (input: Uint8Array) => Promise<boolean>): Promise<Uint8Array> {
  let tries = 0
  const stillFails = async (candidate: Uint8Array): Promise<boolean> => tries++ < triesMax && (await fails(candidate))
  return await zeroed(await cut(input, stillFails), stillFails)
}

type Question = (candidate: Uint8Array) => Promise<boolean>

async function cut(input: Uint8Array, stillFails: Question): Promise<Uint8Array> {
  let smallest = input
  for (let size = Math.ceil(input.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < smallest.length; ) {
      const candidate = new Uint8Array([...smallest.subarray(0, at), ...smallest.subarray(at + size)])
      if (await stillFails(candidate)) smallest = candidate
      else at += size
    }
  }
  return smallest
}

async function zeroed(input: Uint8Array, stillFails: Question): Promise<Uint8Array> {
  const plainest = input.slice()
  for (let at = 0; at < plainest.length; at++) {
    const kept = plainest[at] ?? 0
    if (kept === 0) continue
    plainest[at] = 0
    if (!(await stillFails(plainest.slice()))) plainest[at] = kept
  }
  return plainest
}
