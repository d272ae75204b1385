/**
 * `cardumen cap revoke`: what was given out is refused from now on.
 *
 * All of an object, one branch by its name, or one that was narrowed from a capability in hand; the last needs no
 * right, since nobody could present the wider one who had not the power to give it.
 */
import { Command, InvalidArgumentError, Option } from 'commander'
import type { Capability } from '../../kernel/capabilities/capability.ts'
import type { System } from '../../servers/system.ts'
import type { CommandFace, Operand } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { type StandardOptions, examples } from '../standard-options.ts'
import { targetHelp } from '../target-help.ts'
import { note, print } from '../terminal.ts'

interface Options extends StandardOptions {
  readonly all?: boolean
  readonly branch?: string
  readonly text?: boolean
}

export function capRevokeCommand(): CommandFace<Options> {
  const command = new Command('revoke')
    .summary('take capabilities back')
    .description(
      'The capabilities meant are refused from now on, wherever they are. Give one of CHILD, --branch and --all;\n--branch and --all need the right "admin". After --all a path leads to the one new capability that the server gives.',
    )
    .argument('<target>', 'the object, or the capability that the child was made of')
    .argument('[child]', 'this capability, narrowed from TARGET, and all made of it')
    .option('--branch <id>', 'the one with this branch ("cap show" and "audit" tell it), and all made of it', branchOf)
    .addOption(new Option('--all', 'every capability of the object, TARGET itself too').conflicts('branch'))
    .option('--text', 'with --all: print the one capability that opens the object from then on')
    .addHelpText(
      'after',
      targetHelp +
        '\n' +
        examples(
          ['cardumen cap revoke /services/mail - < given.cap', 'one that was given away'],
          ['cardumen cap revoke /services/mail --branch 0f3c…', 'one of which only the branch is known'],
          ['cardumen cap revoke /services/mail --all', 'all of the object'],
        ),
    )
  return { command, act }
}

async function act(options: Options, given: Operand, child: Operand): Promise<number> {
  const { joinExisting } = await import('../joined.ts')
  const { capabilitiesOf, capabilityOf, isSecret } = await import('../target.ts')
  const target = String(given)
  await refuseUnclear(options, child)
  if (options.all === true && options.text !== true && isSecret(target)) await refuseLoss()
  await using system = await joinExisting(options, 'cap')
  if (options.all === true) await revokeAll(system, target, options)
  else {
    const capabilities = await capabilitiesOf(system, target)
    if (child !== undefined) await revokeChild(system, capabilities, await capabilityOf(system, String(child)))
    else for (const each of capabilities) await system.standard(each).revoke({ branch: options.branch })
    note('It is refused from now on, and all that was made of it.')
  }
  return exitCode.ok
}

/** Of the servers that a name may have, the one that the child is of is asked. */
async function revokeChild(system: System, among: readonly Capability[], child: Capability): Promise<void> {
  const { Capability } = await import('../../kernel/capabilities/capability.ts')
  const parent = among.find((each) => Capability.portOf(each) === Capability.portOf(child))
  if (parent === undefined) return refuse('The capability to revoke is of another server than the target.')
  await system.standard(parent).revoke({ capability: child })
}

/** Each server gives one capability that still opens its object; what is not kept of it is lost. */
async function revokeAll(system: System, target: string, { text }: Options): Promise<void> {
  const { Capability } = await import('../../kernel/capabilities/capability.ts')
  const { capabilitiesOf } = await import('../target.ts')
  const { checkedPath, isPath } = await import('../path-text.ts')
  const hasRow = isPath(target) && checkedPath(target) !== '/'
  const fresh = hasRow
    ? await revokeRow(system, checkedPath(target))
    : await revokeEach(system, await capabilitiesOf(system, target))
  note(`All are refused from now on${hasRow ? ', but for a new one, which the name leads to' : ''}.`)
  if (text === true) for (const each of fresh) print(Capability.toText(each))
}

async function revokeRow(system: System, path: string): Promise<readonly Capability[]> {
  const { capabilities, version } = await system.directory.lookup(path)
  // The same once more: who may not change the name is refused before anything is lost.
  const expected = await system.directory.replace(path, capabilities, { expected: version })
  const fresh = await revokeEach(system, capabilities)
  await system.directory.replace(path, fresh, { expected })
  return fresh
}

async function revokeEach(system: System, capabilities: readonly Capability[]): Promise<readonly Capability[]> {
  const fresh: Capability[] = []
  for (const each of capabilities) fresh.push(await system.revoke(each))
  return fresh
}

function branchOf(text: string): string {
  if (/^[0-9a-f]{32}$/.test(text)) return text
  throw new InvalidArgumentError('It has 32 hexadecimal digits.')
}

async function refuseUnclear({ all, branch }: Options, child: Operand): Promise<void> {
  const ways = [all === true, branch !== undefined, child !== undefined].filter(Boolean).length
  if (ways !== 1) await refuse('What shall be revoked? Give one of: a capability, --branch, --all.')
}

async function refuseLoss(): Promise<void> {
  await refuse('Nothing would open the object afterwards: give --text, which prints the new capability, and keep that.')
}

async function refuse(message: string): Promise<never> {
  const { CardumenError } = await import('../../lib/cardumen-error.ts')
  throw new CardumenError('option-invalid', message)
}
