/**
 * Where the directory is served in a simulated world: every member offers it, and it moves from one to another.
 *
 * A server that dies is followed by whoever notices first; one that moves has ended in good order before the next begins.
 */
import { isCardumenError } from '../../lib/cardumen-error.ts'
import type { System } from '../../servers/system.ts'
import type { World } from '../members/world.ts'
import { persistently } from './clients.ts'

/** For the program of a member: resolves when somebody serves the directory. */
export async function offerDirectory(system: System): Promise<void> {
  await persistently(system, () => system.offerDirectory())
}

/** Moves it now and then until the time for faults is over; `onMoved` is told of each. */
export async function keepMoving(world: World, gapMsMax: number, onMoved: () => void): Promise<void> {
  for (;;) {
    await world.sleep(gapMsMax * (0.5 + world.random.next() / 2))
    if (world.nowMs >= world.durationMs) return
    const target = world.names[world.random.below(world.names.length)]
    try {
      if (target !== undefined && (await moveTo(world, target))) onMoved()
    } catch (error) {
      if (!isCardumenError(error)) throw error
    }
  }
}

/** False where there is nothing to move. */
async function moveTo(world: World, target: string): Promise<boolean> {
  const source = world.names.find((name) => world.isUp(name) && world.system(name).directories.isServing)
  if (source === undefined || source === target || !world.isUp(target)) return false
  await world.on(source, ({ directories }) => directories.withdraw())
  await world.on(target, ({ directories }) => directories.ensure())
  return true
}
