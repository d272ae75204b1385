/**
 * What the last to arrive at a barrier does: a function of its own thread, or an exported function that any thread can load.
 */
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { CardumenError } from '../../lib/cardumen-error.ts'

export interface ModuleAction {
  /** Without `await` at its top, since it is loaded while others are blocked. */
  readonly module: URL | string
  readonly name: string
}

export type BarrierAction = (() => void) | ModuleAction

export function isTravellingAction(action: BarrierAction | undefined): action is ModuleAction | undefined {
  return typeof action !== 'function'
}

/** @throws CardumenError `option-invalid` */
export function assertAction(action: unknown): void {
  if (action === undefined || typeof action === 'function') return
  const { module, name } = (action ?? {}) as Partial<ModuleAction>
  if (typeof name === 'string' && (module instanceof URL || (typeof module === 'string' && URL.canParse(module))))
    return
  throw new CardumenError(
    'option-invalid',
    'The action of a barrier is a function, or a module by its URL and a name.',
    {
      hint: "{ module: new URL('./work.ts', import.meta.url), name: 'report' }",
    },
  )
}

/** @throws CardumenError `option-invalid`: there is no such function; and whatever the action throws */
export function doAction(action: BarrierAction): void {
  if (typeof action === 'function') return action()
  const path = fileURLToPath(action.module)
  const loaded: unknown = createRequire(path)(path)
  const found: unknown = typeof loaded === 'object' && loaded !== null ? Reflect.get(loaded, action.name) : undefined
  if (typeof found !== 'function')
    throw new CardumenError('option-invalid', `The module ${path} exports no function "${action.name}".`)
  found()
}
