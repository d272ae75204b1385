/**
 * Finds the scenario that a user means: one of ours by its name, or what a module of the user's exports.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import process from 'node:process'
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
  const { promise: idle, reject } = Promise.withResolvers<never>()
  const onIdle = (): void => reject(new Error('it waits for something that never comes, at its top level'))
  process.once('beforeExit', onIdle)
  try {
    return (await Promise.race([import(pathToFileURL(module).href), idle])) as Record<string, unknown>
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CardumenError('module-failed', `${module} cannot be loaded: ${why}`, { cause })
  } finally {
    process.off('beforeExit', onIdle)
  }
}

function isScenario(value: unknown): value is Scenario {
  if (typeof value !== 'object' || value === null) return false
  const { name, members, faultKinds, run } = value as Partial<Record<keyof Scenario, unknown>>
  return (
    typeof name === 'string' && typeof members === 'object' && Array.isArray(faultKinds) && typeof run === 'function'
  )
}
