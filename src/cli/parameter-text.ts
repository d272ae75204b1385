/** Settings of parameters as people write them: `level=3`, read as what the server says that the parameter is. */
import type { Parameter, ParameterValue } from '../kernel/standard/standard-objects.ts'
import { CardumenError } from '../lib/cardumen-error.ts'

const truths: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  false: false,
  no: false,
  off: false,
}

/** @throws CardumenError `option-invalid`. */
export function parseSettings(settings: readonly string[]): ReadonlyMap<string, string> {
  const texts = new Map<string, string>()
  for (const setting of settings) {
    const [name = '', value] = setting.split(/=(.*)/s)
    if (name === '' || value === undefined) throw invalid(`"${setting}" is no setting: it looks like level=3.`)
    if (texts.has(name)) throw invalid(`"${name}" is set twice.`)
    texts.set(name, value)
  }
  return texts
}

/** @throws CardumenError `option-invalid` for what is not there, or of another type. */
export function valuesOf(
  texts: ReadonlyMap<string, string>,
  parameters: Readonly<Record<string, Pick<Parameter, 'type'>>>,
): Record<string, ParameterValue> {
  const known = Object.keys(parameters)
  return Object.fromEntries(
    [...texts].map(([name, value]) => {
      const type = known.includes(name) ? parameters[name]?.type : undefined
      if (type === undefined) throw invalid(`There is no parameter "${name}"; there is ${known.join(', ') || 'none'}.`)
      return [name, valueOf(name, type, value)]
    }),
  )
}

function valueOf(name: string, type: Parameter['type'], value: string): ParameterValue {
  if (type === 'text') return value
  const read = type === 'number' ? numberOf(value) : truths[value.toLowerCase()]
  if (read === undefined) {
    const what = type === 'number' ? 'a number' : 'true or false'
    throw invalid(`The parameter "${name}" is ${what}, not "${value}".`)
  }
  return read
}

function numberOf(text: string): number | undefined {
  const value = Number(text)
  return text.trim() !== '' && Number.isFinite(value) ? value : undefined
}

function invalid(message: string): CardumenError {
  return new CardumenError('option-invalid', message)
}
