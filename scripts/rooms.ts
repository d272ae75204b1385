/**
 * The rooms of the source tree, from the ground up, and which of them each may import.
 *
 * This table is the design's, as data: the boundary checker holds every import and every tsconfig.json against it. A room is added by
 * one line here, its folder with a tsconfig.json, and its line in the root tsconfig.json.
 */

export type Room = {
  readonly name: string
  /** Folder, relative to the root of the checkout, with a slash at its end. */
  readonly folder: string
  /** A closed room compiles without Node's types, and lint bans by name what the language still lets through. */
  readonly closed: boolean
  readonly mayImport: readonly string[]
  /** Packages it may import besides; an open room may also import Node's own modules. */
  readonly packages: readonly string[]
}

const belowKernel = ['lib', 'wire', 'protocols', 'edges']
const belowServers = [...belowKernel, 'kernel']
const belowSharing = [...belowServers, 'servers']
const belowFaces = [...belowSharing, 'sharing', 'host', 'engines', 'threads', 'sim']
const schema = ['@standard-schema/spec']
const hashes = ['@noble/hashes/sha2.js', '@noble/hashes/hmac.js']

export const rooms: readonly Room[] = [
  room('lib', { closed: true, mayImport: [], packages: [] }),
  room('wire', { closed: true, mayImport: ['lib'], packages: ['#msgpackr'] }),
  room('protocols', { closed: true, mayImport: ['lib'], packages: [] }),
  room('edges', { closed: true, mayImport: ['lib', 'wire'], packages: [] }),
  room('kernel', { closed: true, mayImport: belowKernel, packages: [...schema, ...hashes] }),
  room('servers', { closed: true, mayImport: belowServers, packages: schema }),
  room('sharing', { closed: true, mayImport: belowSharing, packages: schema }),
  room('host', { closed: false, mayImport: ['lib', 'wire', 'edges'], packages: [] }),
  room('engines', { closed: false, mayImport: ['lib', 'wire', 'edges'], packages: [] }),
  room('threads', { closed: false, mayImport: ['lib', 'protocols', 'edges', 'host'], packages: [] }),
  room('sim', {
    closed: true,
    mayImport: [...belowSharing, 'sharing'],
    packages: [...schema, ...hashes],
  }),
]

/** The public faces: they tie the edges to the kernel and may import anything. */
export const faces: Room = {
  name: 'faces',
  folder: 'src/',
  closed: false,
  mayImport: belowFaces,
  packages: [...schema, 'commander'],
}

/** The room that a file is in, by its path relative to the root; undefined outside src. */
export function roomOf(path: string): Room | undefined {
  return rooms.find((each) => path.startsWith(each.folder)) ?? (path.startsWith(faces.folder) ? faces : undefined)
}

/** Tests and what they run stand outside the walls of the room that they test. */
export function isTest(path: string): boolean {
  return path.endsWith('.test.ts') || path.includes('/fixtures/')
}

function room(name: string, rest: Omit<Room, 'name' | 'folder'>): Room {
  return { name, folder: `src/${name}/`, ...rest }
}
