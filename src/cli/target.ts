/**
 * What an argument means that names an object: a path of the directory, the name of a service, or the text of a
 * capability, which may also stand in a variable of the environment (`env:NAME`) or on the standard input (`-`).
 *
 * A text on the command line can be read by everybody who may list the processes of this machine; the other two ways
 * cannot. Nothing here repeats what was given where it may be a secret.
 */
import process from 'node:process'
import { Capability } from '../kernel/capabilities/capability.ts'
import { CardumenError } from '../lib/cardumen-error.ts'
import type { System } from '../servers/system.ts'
import { checkedPath, isPath } from './path-text.ts'
import type { StandardOptions } from './standard-options.ts'

/** What `system.open` takes: a path, a name, or a capability. */
type Target = string | Capability

/** Of the standard input, from which nobody needs more than a few texts. */
const inputCharactersMax = 64 * 1_024

/**
 * For `system.open` and `system.standard`, which look paths and names up by themselves, and go on to another replica.
 * @throws CardumenError `capability-invalid`, `option-invalid`.
 */
export async function clientTargetOf(system: System, text: string): Promise<Target> {
  if (isPath(text)) return checkedPath(text) === '/' ? system.directory.capability : checkedPath(text)
  if (!isSecret(text)) return checkedName(text)
  const [capability, ...others] = await secretsOf(text)
  if (capability === undefined || others.length > 0) throw new CardumenError('option-invalid', 'Give one capability.')
  return capability
}

/**
 * The capability that it means; of a name the server's that answers first in line, of a path the first of its row.
 * @throws CardumenError as `clientTargetOf`, and what looking it up throws.
 */
export async function capabilityOf(system: System, text: string): Promise<Capability> {
  return firstOf(await capabilitiesOf(system, text))
}

/** All that it means: of a path the whole set of its row, of a name each of its servers, of the input each line. */
export async function capabilitiesOf(system: System, text: string): Promise<readonly Capability[]> {
  if (isPath(text)) return await capabilitiesAt(system, checkedPath(text))
  if (isSecret(text)) return await secretsOf(text)
  const name = checkedName(text)
  const servers = system.member.servers(name)
  if (servers.length > 0) return servers.map((server) => server.capability)
  throw new CardumenError('name-unknown', `Nobody serves the name "${name}".`)
}

/**
 * All that it means, for a command that needs no more than to have them. A text is enough by itself: only for a path or
 * a name is a system joined.
 */
export async function heldCapabilities(
  options: StandardOptions,
  command: string,
  text: string,
): Promise<readonly Capability[]> {
  if (isSecret(text)) return await secretsOf(text)
  const { joinExisting } = await import('./joined.ts')
  await using system = await joinExisting(options, command)
  return await capabilitiesOf(system, text)
}

/** The first of them. @throws CardumenError as `capabilitiesOf`. */
export async function heldCapability(options: StandardOptions, command: string, text: string): Promise<Capability> {
  return firstOf(await heldCapabilities(options, command, text))
}

function firstOf([first]: readonly Capability[]): Capability {
  if (first !== undefined) return first
  throw new CardumenError('name-unknown', 'There is no capability under this name.')
}

/** The root has no row of its own. */
async function capabilitiesAt(system: System, path: string): Promise<readonly Capability[]> {
  return path === '/' ? [system.directory.capability] : (await system.directory.lookup(path)).capabilities
}

/** Whether it can be the name of a service. */
export function isName(text: string): boolean {
  return /^[a-z0-9][a-z0-9._-]{0,127}$/.test(text)
}

/** Whether it is a capability itself, however it is given. */
export function isSecret(text: string): boolean {
  return text === '-' || text.startsWith('env:') || text.trimStart().startsWith('cap:')
}

async function secretsOf(text: string): Promise<readonly Capability[]> {
  if (text === '-') return parsedLines(await standardInput(), 'The standard input')
  if (!text.startsWith('env:')) return [Capability.parse(text)]
  const name = text.slice('env:'.length)
  return parsedLines(process.env[name] ?? '', `The variable ${name}`)
}

function parsedLines(text: string, source: string): readonly Capability[] {
  const lines = text.split(/\s+/).filter((line) => line !== '')
  if (lines.length > 0) return lines.map((line) => Capability.parse(line))
  throw new CardumenError('capability-invalid', `${source} holds no capability.`)
}

async function standardInput(): Promise<string> {
  let text = ''
  for await (const chunk of process.stdin.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk
    if (text.length > inputCharactersMax)
      throw new CardumenError('too-large', 'The standard input is too long for capabilities.')
  }
  return text
}

/** What cannot be a name is not repeated: it may be a capability with something missing in front. */
function checkedName(text: string): string {
  if (isName(text)) return text
  throw new CardumenError(
    'name-invalid',
    'This is no path, name of a service, or capability: a path begins with "/", a capability with "cap:".',
    { hint: 'See TARGET in the help of the command.' },
  )
}
