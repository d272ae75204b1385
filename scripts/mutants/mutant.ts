/**
 * A planted bug: one change to one file of ours, and the scenarios that have to find it.
 *
 * The list of them is fixed before any is run: one that survives stays in it and says which checker or fault is missing.
 * Here is what makes a change and takes care that it is the one meant; `run-mutants.ts` makes it in a copy of the tree.
 */

export interface Mutant {
  /** kebab-case, beginning with what it is a bug of. */
  readonly name: string
  /** What is broken, in one sentence. */
  readonly breaks: string
  /** Relative to the root of the checkout. */
  readonly file: string
  /** Occurs exactly once in the file. */
  readonly find: string
  readonly replace: string
  /** Each is run over all seeds; it is found where one of them fails. */
  readonly scenarios: readonly string[]
  /**
   * Known to survive: why no run can tell, or which fault is missing that would. It is run all the same, and once it is
   * found this no longer stands.
   */
  readonly survives?: string
}

/** @throws Error where the text to find is not there, is there more than once, or would not change. */
export function withMutant(
  source: string,
  { name, file, find, replace }: Pick<Mutant, 'name' | 'file' | 'find' | 'replace'>,
): string {
  const parts = source.split(find)
  if (find === '' || parts.length === 1) throw new Error(`${name}: ${file} does not have the text that it replaces`)
  if (parts.length > 2) throw new Error(`${name}: ${file} has the text that it replaces ${parts.length - 1} times`)
  if (find === replace) throw new Error(`${name}: it changes nothing`)
  return parts.join(replace)
}
