/**
 * The classes of what can live in another process, each over the way there. Part of the table in `travel/kinds.ts`; a kind is
 * added by a line here.
 */
import type { Unpack } from '../travel/kinds.ts'
import type { Remote } from '../travel/remote.ts'
import type { Shareable } from '../travel/shareable.ts'
import type { RemoteState } from './remote-primitive.ts'

export const remoteKinds: Readonly<Record<string, () => Promise<Unpack>>> = {
  'remote barrier': async () => {
    const { Barrier } = await import('../waiting/barrier.ts')
    return over((remote) => new Barrier(1, {}, remote))
  },
  'remote boundedSemaphore': async () => {
    const { BoundedSemaphore } = await import('../waiting/bounded-semaphore.ts')
    return over((remote) => new BoundedSemaphore(1, {}, remote))
  },
  'remote channel': async () => {
    const { Channel } = await import('./channel.ts')
    return over((remote) => new Channel({}, remote))
  },
  'remote condition': async () => {
    const { Condition } = await import('../waiting/condition.ts')
    return over((remote) => new Condition({}, remote))
  },
  'remote event': async () => {
    const { Event } = await import('../waiting/event.ts')
    return over((remote) => new Event({}, remote))
  },
  'remote lock': async () => {
    const { Lock } = await import('../waiting/lock.ts')
    return over((remote) => new Lock({}, remote))
  },
  'remote once': async () => {
    const { Once } = await import('../waiting/once.ts')
    return over((remote) => new Once({}, remote))
  },
  'remote rLock': async () => {
    const { RLock } = await import('../waiting/reentrant-lock.ts')
    return over((remote) => new RLock({}, remote))
  },
  'remote resources': async () => {
    const { ResourceManager } = await import('../deadlock/safe-resources.ts')
    return over((remote) => new ResourceManager({}, {}, remote))
  },
  'remote rwLock': async () => {
    const { RWLock } = await import('../waiting/reader-writer-lock.ts')
    return over((remote) => new RWLock({}, remote))
  },
  'remote semaphore': async () => {
    const { Semaphore } = await import('../waiting/semaphore.ts')
    return over((remote) => new Semaphore(1, {}, remote))
  },
}

async function over(make: (remote: Remote) => Shareable): Promise<Unpack> {
  const { RemotePrimitive } = await import('./remote-primitive.ts')
  return (state: RemoteState) => make(new RemotePrimitive(state))
}
