/**
 * Finds the scenario that a user means: one of ours by its name, or what a module of the user's exports.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CardumenError } from '../lib/cardumen-error.ts'
import type { Scenario } from '../sim/scenario.ts'
import { scenarioNamed } from '../sim/scenarios/registry.ts'

export interface FoundScenario {
  readonly scenario: Scenario
  /** Absolute path; undefined: it is one of ours. */
  readonly module: string | undefined
}

/** @throws CardumenError `scenario-unknown`, `module-failed`. */
export async function findScenario(word: string): Promise<FoundScenario> {
  if (!/\.[cm]?[jt]s$/.test(word)) return { scenario: scenarioNamed(word), module: undefined }
  const module = resolve(word)
  if (!existsSync(module)) throw new CardumenError('module-failed', `There is no file ${module}.`)
  return { scenario: await exportedScenario(module), module }
}

async function exportedScenario(module: string): Promise<Scenario> {
  const exported = await imported(module)
  const found = Object.values(exported).find(isScenario)
  if (found !== undefined) return found
  throw new CardumenError('scenario-unknown', `${module} exports no scenario.`, {
    hint: "Write: export const scenario = defineScenario({ … }, async (world) => { … }), from 'cardumen/simulate'.",
  })
}

async function imported(module: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(module).href)) as Record<string, unknown>
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CardumenError('module-failed', `${module} cannot be loaded: ${why}`, { cause })
  }
}

function isScenario(value: unknown): value is Scenario {
  return typeof value === 'object' && value !== null && 'faultKinds' in value && 'run' in value && 'members' in value
}
