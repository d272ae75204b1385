/**
 * Deadlocks in words: "A holds L1, waits for L2; B holds L2, waits for L1", and under it the stack of each wait.
 *
 * Each party is said to hold what the party before it in the cycle waits for, so the sentence can be followed round.
 */
import type { Deadlock, Findings, Link } from './find-deadlocks.ts'
import { printable } from './printable.ts'

/** Parties that are told one by one; further ones are counted. */
const namesToldMax = 32

/** One line for the cycle, as messages of errors have it. */
export function describeCycle(cycle: readonly Link[]): string {
  const told = cycle.slice(0, namesToldMax).map((link, at) => {
    const before = cycle.at(at - 1) ?? link
    return printable(`${link.party.name} ${roleFor(before)}, ${waitsFor(link)}`)
  })
  const rest = cycle.length - told.length
  return rest === 0 ? told.join('; ') : `${told.join('; ')}; and ${rest} more`
}

/** The cycle, who else is tied up with it, and the stack of each wait of which one was recorded. */
export function describeDeadlock(deadlock: Deadlock): string {
  return [summaryOf(deadlock), ...deadlock.cycle.slice(0, namesToldMax).flatMap(describeStack)].join('\n')
}

/** The same without the stacks. */
export function summaryOf({ certainty, cycle, parties }: Deadlock): string {
  const inCycle = new Set(cycle.map(({ party }) => party.id))
  const others = parties.filter(({ id }) => !inCycle.has(id)).map(({ name }) => name)
  return [
    `${certainty === 'certain' ? 'Deadlock' : 'Suspected deadlock'}: ${describeCycle(cycle)}.`,
    ...(certainty === 'certain' ? [] : [`  It would end if ${wayOut(cycle)}.`]),
    ...(others.length === 0 ? [] : [`  Tied up with it: ${listed(others)}.`]),
  ].join('\n')
}

/** All that was found; one line where nothing was. */
export function describeFindings({ deadlocks, stopped }: Findings, partyName: (id: number) => string): string {
  const texts = deadlocks.map(describeDeadlock)
  const names = [...new Set(stopped.map(({ party }) => partyName(party)))]
  if (names.length > 0) texts.push(`Stopped for ever without being in a cycle: ${listed(names)}.`)
  return texts.length === 0 ? 'No deadlock.' : texts.join('\n')
}

/** What a party is to the one before it in the cycle. */
function roleFor({ resource, next }: Link): string {
  if (next === 'ahead') return `is before it in the queue of ${resource.name}`
  if (next === 'may-give') return `is one of those who could give ${resource.name}`
  if (resource.kind === 'join') return `has not ended`
  if (resource.kind === 'barrier') return `has not come to ${resource.name}`
  if (resource.kind === 'channel') return `is to send to ${resource.name}`
  if (resource.kind === 'once') return `runs ${resource.name}`
  if (resource.kind === 'resources') return `holds some of ${resource.name}`
  return `holds ${resource.name}`
}

function waitsFor({ wait, resource }: Link): string {
  const units = resource.kind === 'semaphore' && wait.count > 1 ? `${wait.count} units of ` : ''
  const waits = wait.isAsync ? 'awaits' : 'waits for'
  return `${waits} ${resource.kind === 'join' ? 'the end of ' : units}${resource.name}`
}

function wayOut(cycle: readonly Link[]): string {
  const ways: string[] = []
  if (cycle.some(({ wait }) => wait.isAsync)) ways.push('one who awaits has other work that gives back what it holds')
  if (cycle.some(({ wait }) => wait.hasDeadline)) ways.push('a wait reaches its deadline')
  if (cycle.some(({ resource }) => resource.providers !== 'holders')) ways.push('somebody else releases')
  return ways.join(', or ')
}

function describeStack({ party, wait, resource }: Link): readonly string[] {
  if (wait.stack === undefined) return []
  const lines = wait.stack.split('\n').map((line) => `    ${printable(line.trim())}`)
  return [printable(`  ${party.name} waits for ${resource.name}:`), ...lines]
}

function listed(names: readonly string[]): string {
  const told = printable(names.slice(0, namesToldMax).join(', '))
  return names.length <= namesToldMax ? told : `${told} and ${names.length - namesToldMax} more`
}
