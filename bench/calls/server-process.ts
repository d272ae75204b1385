/**
 * The server's process of one contender: it serves, and says how much CPU time it has used.
 */
import { answer, childArgument } from '../harness/answer.ts'
import { cpuHereUs } from '../harness/load.ts'
import { type Pairing, loadContender } from './pairing.ts'

export type ServerMethods = {
  address(argument: null): string
  cpuUs(argument: null): number
}

const pairing = childArgument<Pairing>()
const contender = await loadContender(pairing)
const serving = await contender.serve(pairing.setting)

const methods: ServerMethods = {
  address: () => serving.address,
  cpuUs: () => cpuHereUs(),
}

answer(methods, () => serving.close())
