/** Sockets lie in a short folder of one user, however long the path of the state folder is. */
import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { openSocketFolder, removeStaleSockets, socketPath, socketPathBytesMax } from './socket-folder.ts'
import { UnixTcpNetwork } from './unix-tcp-network.ts'

const runtimeVariable = 'XDG_RUNTIME_DIR'
const before = process.env[runtimeVariable]
let place = ''

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'socket-folder-'))
  await mkdir(join(place, 'run'), { mode: 0o700 })
  process.env[runtimeVariable] = join(place, 'run')
})

afterEach(async () => {
  if (before === undefined) delete process.env[runtimeVariable]
  else process.env[runtimeVariable] = before
  await rm(place, { recursive: true, force: true })
})

test('the folder lies in the runtime folder of the user and nobody else can enter it', async () => {
  const folder = await openSocketFolder(join(place, 'state'))
  assert.equal(join(folder, '..'), join(place, 'run'))
  assert.equal((await stat(folder)).mode & 0o777, 0o700)
  assert.equal(await openSocketFolder(join(place, 'state')), folder)
  assert.notEqual(await openSocketFolder(join(place, 'other')), folder)
})

test('members of one state folder meet, by whatever path they reach it', async () => {
  await mkdir(join(place, 'state'))
  await symlink(join(place, 'state'), join(place, 'alias'))
  assert.equal(await openSocketFolder(join(place, 'alias')), await openSocketFolder(join(place, 'state')))
})

test('a state folder whose path has 200 characters has sockets that can be dialled', async () => {
  const state = join(place, 'x'.repeat(99), 'y'.repeat(99))
  await mkdir(state, { recursive: true })
  const folder = await openSocketFolder(state)
  const name = `${'n'.repeat(64)}.123456789`
  assert.ok(Buffer.byteLength(socketPath(folder, name)) <= socketPathBytesMax)
  const network = new UnixTcpNetwork({ kind: 'unix', folder })
  const listener = await network.listen(name, (connection) => connection.destroy())
  const connection = await network.dial(listener.endpoints[0] ?? '', { timeoutMs: 1_000 })
  connection.destroy()
  await listener.close()
})

test('without a private runtime folder the sockets lie under the folder for temporary files', async () => {
  for (const runtime of [undefined, join(place, 'missing'), join(place, 'r'.repeat(90))]) {
    if (runtime === undefined) delete process.env[runtimeVariable]
    else process.env[runtimeVariable] = runtime
    const folder = await openSocketFolder(join(place, 'state'))
    assert.equal(join(folder, '..'), join(tmpdir(), `cardumen-${process.getuid?.() ?? 'user'}`))
    await rm(folder, { recursive: true })
  }
})

const intrusions: readonly (readonly [string, (path: string) => Promise<unknown>])[] = [
  ['can be entered by others', (path) => chmod(path, 0o755)],
  ['is a link to elsewhere', (path) => rm(path, { recursive: true }).then(() => symlink(place, path))],
  ['is a file', (path) => rm(path, { recursive: true }).then(() => writeFile(path, ''))],
]

for (const [what, intrude] of intrusions) {
  test(`a folder that ${what} is refused with what to do`, async () => {
    const folder = await openSocketFolder(join(place, 'state'))
    await intrude(folder)
    await assert.rejects(openSocketFolder(join(place, 'state')), { code: 'state-unwritable' })
  })
}

test('sockets that nobody listens on are removed, others are left', async () => {
  const folder = await openSocketFolder(join(place, 'state'))
  const network = new UnixTcpNetwork({ kind: 'unix', folder })
  const live = await network.listen('live', (connection) => connection.destroy())
  const fresh = join(folder, 'fresh.sock')
  const stale = join(folder, 'stale.sock')
  for (const path of [fresh, stale]) await leaveSocket(path)
  for (const path of [stale, live.endpoints[0]?.slice('unix:'.length) ?? ''])
    await utimes(path, new Date(0), new Date(0))
  await removeStaleSockets(folder)
  assert.deepEqual((await readdir(folder)).toSorted(), [socketPath('', 'live'), 'fresh.sock'].toSorted())
  await live.close()
})

/** A socket as a killed process leaves it: renamed away, so that closing does not remove it. */
async function leaveSocket(path: string): Promise<void> {
  const server = createServer()
  await new Promise<void>((settle) => server.listen(`${path}.t`, settle))
  await rename(`${path}.t`, path)
  await new Promise((settle) => server.close(settle))
}
