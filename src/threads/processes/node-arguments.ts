/**
 * Which of its own arguments a Node hands on to a Node that it starts: loaders and conditions, but not what says what to
 * run or who may look into it.
 */

/** These say what this one runs, and take the next argument with them. */
const withValue = new Set(['-e', '--eval', '-p', '--print', '-pe'])
/** A second one would want the same port, or would run tests, or would watch the same files. */
const ownBusiness = /^--(?:inspect|debug|test|watch|input-type|eval=|print=|check|cpu-prof|heap-prof)|^-[ci]$/

export function inheritedArguments(execArgv: readonly string[]): string[] {
  const kept: string[] = []
  for (let index = 0; index < execArgv.length; index++) {
    const argument = execArgv[index] as string
    if (withValue.has(argument)) index++
    else if (!ownBusiness.test(argument)) kept.push(argument)
  }
  return kept
}
