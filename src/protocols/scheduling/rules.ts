/**
 * All scheduling rules by name. A rule is added by a name in `messages.ts` and a line here.
 */
import type { RuleName } from './messages.ts'
import type { Rule } from './rule.ts'
import { firstCome, roundRobin } from './rules/by-arrival.ts'
import { feedback } from './rules/by-feedback.ts'
import { shortest, shortestRemaining } from './rules/by-length.ts'
import { chorus, fixedPriority } from './rules/by-priority.ts'
import { lottery, stride } from './rules/by-share.ts'

export const rules: Readonly<Record<RuleName, Rule>> = {
  chorus,
  'first-come': firstCome,
  'round-robin': roundRobin,
  priority: fixedPriority,
  shortest,
  'shortest-remaining': shortestRemaining,
  feedback,
  lottery,
  stride,
}
