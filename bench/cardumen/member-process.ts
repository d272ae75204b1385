/**
 * A member in a process of its own that serves the echo under the name that it is given, or offers threads to run jobs on.
 */
import { join } from '../../src/cardumen.ts'
import { answer, childArgument } from '../harness/answer.ts'
import { EchoService } from './echo-service.ts'

export interface MemberArgument {
  readonly folder: string
  /** The name to serve the echo under. */
  readonly echoName?: string
  /** How many threads to run jobs on. */
  readonly threads?: number
}

export type MemberMethods = {
  /** Answered once this member has joined and serves. */
  joined(argument: null): boolean
}

const { folder, echoName, threads } = childArgument<MemberArgument>()
const system = await join({ home: folder })
if (echoName !== undefined) {
  await system.serve(EchoService, { echo: (argument) => argument, bulk: (bytes) => bytes }, { name: echoName })
}
if (threads !== undefined) await system.offerRun({ threads })

const methods: MemberMethods = { joined: () => true }

answer(methods, () => system.close())
