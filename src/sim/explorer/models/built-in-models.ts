/**
 * The models that `cardumen explore` knows by name, each with bounds that it ends within in seconds.
 */
import { CardumenError } from '../../../lib/cardumen-error.ts'
import type { AnyModel, Bounds } from '../exploration.ts'
import { bullyModel } from './bully.ts'
import { lockModel } from './lock.ts'
import { rpcModel } from './rpc.ts'
import { sharedMemoryModels } from './shared-memory-models.ts'
import { tokenRingModel } from './token-ring.ts'

export interface BuiltInModel {
  readonly name: string
  readonly members: { readonly min: number; readonly usual: number; readonly max: number }
  readonly bounds: Bounds
  readonly make: (members: number, bounds: Bounds) => AnyModel
}

const usual: Bounds = {
  lossesMax: 0,
  duplicatesMax: 0,
  crashesMax: 0,
  timerFiringsMax: 4,
  persistFailuresMax: 0,
  messagesInFlightMax: 12,
  depthMax: 1_000,
  statesMax: 1_000_000,
}
const fewMembers = { min: 2, usual: 3, max: 5 }

export const builtInModels: readonly BuiltInModel[] = [
  {
    name: 'token-ring',
    members: fewMembers,
    bounds: { ...usual, timerFiringsMax: 3, lossesMax: 1 },
    make: (members, bounds) => tokenRingModel(members, bounds),
  },
  {
    name: 'bully',
    members: fewMembers,
    bounds: { ...usual, timerFiringsMax: 1, lossesMax: 1 },
    make: (members, bounds) => bullyModel('bully', members, 1, bounds),
  },
  {
    // A death, a life after it, and elections that follow each other. Among three members the number of states cuts it off.
    name: 'bully-restarts',
    members: { min: 2, usual: 2, max: 3 },
    bounds: { ...usual, timerFiringsMax: 2, crashesMax: 1 },
    make: (members, bounds) => bullyModel('bully-restarts', members, 1, bounds),
  },
  {
    name: 'rpc',
    members: { min: 2, usual: 2, max: 3 },
    bounds: { ...usual, timerFiringsMax: 3, lossesMax: 1, duplicatesMax: 1, crashesMax: 1 },
    make: (members, bounds) => rpcModel('rpc', members, 1, bounds),
  },
  {
    // The second call may take the slot of the first one, or wait for it.
    name: 'rpc-two-calls',
    members: { min: 2, usual: 2, max: 3 },
    bounds: { ...usual, timerFiringsMax: 1, lossesMax: 1 },
    make: (members, bounds) => rpcModel('rpc-two-calls', members, 2, bounds),
  },
  {
    name: 'broken-lock',
    members: fewMembers,
    bounds: { ...usual, duplicatesMax: 1 },
    make: (members, bounds) => lockModel('broken-lock', false, members, bounds),
  },
  {
    name: 'numbered-lock',
    members: fewMembers,
    bounds: { ...usual, duplicatesMax: 1 },
    make: (members, bounds) => lockModel('numbered-lock', true, members, bounds),
  },
  ...sharedMemoryModels(usual),
]

export function builtInModel(name: string): BuiltInModel {
  const found = builtInModels.find((model) => model.name === name)
  if (found !== undefined) return found
  const known = builtInModels.map((model) => model.name).join(', ')
  throw new CardumenError('option-invalid', `No model is named "${name}".`, { hint: `There are: ${known}.` })
}
