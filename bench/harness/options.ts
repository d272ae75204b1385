/**
 * The bench's command line: which suites, how much effort, and what to do with the outcome.
 */
import { parseArgs } from 'node:util'
import type { Effort } from './suite.ts'

const FULL: Effort = { rounds: 7, warmUpMs: 1500, latencyMs: 700, throughputMs: 1000, idleMs: 10_000 }
const QUICK: Effort = { rounds: 3, warmUpMs: 800, latencyMs: 300, throughputMs: 400, idleMs: 3_000 }

export interface Options {
  readonly suites: readonly string[]
  readonly effort: Effort
  readonly jsonFile: string | undefined
  readonly failOnMiss: boolean
  readonly help: boolean
}

/** Reads the arguments after the script's name; throws a TypeError with a sentence for people on a bad one. */
export function parseOptions(argv: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      'no-fail': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const base = values.quick ? QUICK : FULL
  const rounds = values.rounds === undefined ? base.rounds : parseRounds(values.rounds)
  return {
    suites: positionals,
    effort: { ...base, rounds },
    jsonFile: values.json,
    failOnMiss: !values['no-fail'],
    help: values.help,
  }
}

function parseRounds(text: string): number {
  const rounds = Number(text)
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new TypeError(`--rounds takes a whole number from 1 on, not "${text}"`)
  return rounds
}

export function helpText(suites: readonly { readonly name: string; readonly about: string }[]): string {
  return `Usage: npm run bench -- [suite...] [options]

Measures Cardumen beside a bare floor and its peers, and compares each figure with its bound.
Exit code: 0 if every bound that was measured is kept, 1 if one is missed or a suite broke off, 2 for a bad argument.

Suites (all of them if none is named):
${suites.map((suite) => `  ${suite.name.padEnd(8)} ${suite.about}`).join('\n')}

Options:
  --rounds N    interleaved rounds (default ${FULL.rounds}; ${QUICK.rounds} with --quick)
  --quick       shorter and fewer rounds: for a first look, not for a document
  --json FILE   also write machine, options, rows and every round as JSON
  --no-fail     report missed bounds, but exit with 0
  --help        this text

Examples:
  npm run bench -- calls
  npm run bench -- --quick calls tasks
  npm run bench -- --json figures.json
`
}
