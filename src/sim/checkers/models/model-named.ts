/**
 * The models by their names.
 */
import { counter } from './counter.ts'
import { kv } from './kv.ts'
import { lock } from './lock.ts'
import type { Model, ModelName } from './model.ts'
import { fifo, queue } from './queue.ts'
import { register } from './register.ts'

const models: Readonly<Record<ModelName, Model>> = { register, kv, queue, lock, fifo, counter }

export const modelNames: readonly ModelName[] = Object.keys(models) as ModelName[]

export function modelNamed(name: string): Model | undefined {
  return Object.values(models).find((each) => each.name === name)
}
