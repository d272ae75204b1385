/**
 * Holds every import against the table of rooms: `node scripts/boundaries.ts [root]` prints each violation and exits with 1.
 *
 * The second wall beside `tsc -b`, whose project references refuse an upward import, and the only one for what references cannot say:
 * a protocol imports no other protocol, a server knows another by its interface and client only, packages have their rooms, examples are
 * programs that a user would write. It also keeps the first wall honest, by holding each tsconfig.json against the same table.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { faces, isTest, type Room, roomOf, rooms } from './rooms.ts'
import { importsOf, type SourceFile, sourceFiles } from './source-files.ts'

/** One sentence for each violation under the root, each with the file that it is in; none when the walls stand. */
export function boundaryViolations(root: string): readonly string[] {
  const files = sourceFiles(root, ['src', 'examples', 'bench'], ['.ts'])
  return [...files.filter((file) => !isTest(file.path)).flatMap(violationsIn), ...configurationViolations(root, files)]
}

function violationsIn(file: SourceFile): readonly string[] {
  const room = roomOf(file.path)
  const complaints = importsOf(file).map((target) =>
    room === undefined ? outsideComplaint(file.path, target) : roomComplaint(room, file.path, target),
  )
  return complaints.filter((each) => each !== undefined).map((complaint) => `${file.path}: ${complaint}`)
}

function roomComplaint(room: Room, path: string, target: string): string | undefined {
  const other = roomOf(target)
  if (other === undefined) return packageComplaint(room, target)
  if (other.name !== room.name) {
    return room.mayImport.includes(other.name)
      ? serverComplaint(path, target)
      : `${room.name} may not import ${other.name} (${target})`
  }
  return neighbourComplaint(room, path, target)
}

function packageComplaint(room: Room, target: string): string | undefined {
  if (/^(?:src|examples|bench|test|scripts)\//.test(target) || target.startsWith('../'))
    return `nothing in src may import ${target}`
  if (target.startsWith('node:'))
    return room.closed ? `a closed room knows no Node (${target}): use the interfaces of src/edges` : undefined
  if (room.packages.includes(target)) return undefined
  return `the package ${target} is not among those that ${room.name} may import (scripts/rooms.ts)`
}

/** Protocols and engines stand apart from one another; servers meet by interface and client. */
function neighbourComplaint(room: Room, path: string, target: string): string | undefined {
  const own = subfolderOf(room, path)
  const other = subfolderOf(room, target)
  if (own === other || other === undefined) return undefined
  if (room.name === 'protocols' || room.name === 'engines')
    return `${room.name}/${own ?? ''} may not import ${room.name}/${other} (${target})`
  return serverComplaint(path, target)
}

/** Ties the servers of a member together, so that hosts and simulated worlds give their programs the same `System`. */
const tieOfServers = 'src/servers/system.ts'

/** Only the faces, and the one file that ties a member's servers together, may reach into a server not their own. */
function serverComplaint(path: string, target: string): string | undefined {
  const isInside = /^src\/servers\/[^/]+\//.test(target)
  if (!isInside || /\/(?:interface|client)\.ts$/.test(target) || roomOf(path) === faces || path === tieOfServers)
    return undefined
  return `a server is known only by its interface.ts and client.ts (${target})`
}

function subfolderOf(room: Room, path: string): string | undefined {
  const rest = path.slice(room.folder.length).split('/')
  return rest.length > 1 ? rest[0] : undefined
}

/** Examples and benches use what any user has: the public faces. */
function outsideComplaint(path: string, target: string): string | undefined {
  if (!target.startsWith('src/')) return undefined
  if (path.startsWith('examples/')) return `an example imports 'cardumen', as its reader would (${target})`
  const isFace = /^src\/[^/]+\.ts$/.test(target)
  return isFace ? undefined : `a bench may import the public faces only (${target})`
}

function configurationViolations(root: string, files: readonly SourceFile[]): readonly string[] {
  const inhabited = rooms.filter((room) => files.some((file) => file.path.startsWith(room.folder)))
  const expected = inhabited.map((room) => ({ room, file: `${room.folder}tsconfig.json` }))
  return [
    ...expected.flatMap(({ room, file }) => configurationComplaints(root, file, room, inhabited)),
    ...configurationComplaints(root, 'src/tsconfig.json', faces, inhabited),
  ]
}

function configurationComplaints(
  root: string,
  file: string,
  room: Room,
  inhabited: readonly Room[],
): readonly string[] {
  if (!existsSync(join(root, file))) return [`${file}: missing, so that nothing compiles ${room.folder}`]
  const text = readFileSync(join(root, file), 'utf8')
  const references = [...text.matchAll(/"path":\s*"([^"]+)"/g)].map((match) => (match[1] ?? '').replace(/^\.\.?\//, ''))
  const isInhabited = (name: string): boolean => inhabited.some((each) => each.name === name)
  const tooMany = references
    .filter((name) => !room.mayImport.includes(name))
    .map((name) => `${file}: ${room.name} may not refer to ${name}`)
  const missing = room.mayImport
    .filter((name) => isInhabited(name) && !references.includes(name))
    .map((name) => `${file}: the reference to ${name} is missing`)
  const base = room.closed ? 'tsconfig.closed.json' : 'tsconfig.base.json'
  const wrongBase = text.includes(`/${base}"`) ? [] : [`${file}: must extend ${base}`]
  return [...tooMany, ...missing, ...wrongBase]
}

if (import.meta.main) {
  const root = process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url)))
  const violations = boundaryViolations(root)
  for (const violation of violations) console.error(violation)
  process.exitCode = violations.length === 0 ? 0 : 1
}
