/**
 * Our own scenarios by name: what the command line, the tests, the soak and the planted bugs run.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { Scenario } from '../scenario.ts'
import { bully } from './bully.ts'
import { callFormsScenario } from './call-forms.ts'
import { callMachine } from './call-machine.ts'
import { calls } from './calls.ts'
import { deaths } from './deaths.ts'
import { directory } from './directory.ts'
import { directoryWatch } from './directory-watch.ts'
import { engine } from './engine.ts'
import { firstCalls } from './first-calls.ts'
import { forgeries } from './forgeries.ts'
import { leaseLock } from './lease-lock.ts'
import { locatePorts } from './locate.ts'
import { moving } from './moving.ts'
import { nameTables } from './names.ts'
import { recordLog } from './record-log.ts'
import { register } from './register.ts'
import { revoking } from './revoking.ts'
import { runs } from './run.ts'
import { schedulingScenario } from './scheduling.ts'
import { tokenRing } from './token-ring.ts'

/** In the order in which they are listed: machines alone, then whole members. */
export const scenarios: readonly Scenario[] = [
  callMachine,
  callFormsScenario,
  tokenRing,
  bully,
  locatePorts,
  schedulingScenario,
  calls,
  firstCalls,
  forgeries,
  register,
  nameTables,
  moving,
  directory,
  directoryWatch,
  revoking,
  deaths,
  leaseLock,
  runs,
  engine,
  recordLog,
]

/** @throws CardumenError `scenario-unknown`. */
export function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name)
  if (found !== undefined) return found
  throw new CardumenError('scenario-unknown', `There is no scenario "${name}".`, {
    hint: `There are ${scenarios.map((scenario) => scenario.name).join(', ')}; a file's path ends with .ts, .js or .mjs.`,
  })
}
