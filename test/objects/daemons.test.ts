/** The directory, as daemons serve it to programs that come and go. Whole processes. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type DaemonInfo, down, join, type System, up } from '../../src/cardumen.ts'
import { memberId } from '../../src/lib/identifiers.ts'
import { MemberService, memberServiceName } from '../../src/servers/member/interface.ts'

describe('the directory of a system with daemons', { timeout: 120_000 }, () => {
  let home: string
  let system: System
  let daemons: readonly DaemonInfo[]

  before(async () => {
    home = await mkdtemp(joinPath(tmpdir(), 'cardumen-daemons-'))
    daemons = await up({ home, members: 2 })
    system = await join({ home, name: 'visitor' })
  })
  after(async () => {
    await system.close()
    await down({ home })
    await rm(home, { recursive: true, force: true })
  })

  it('is served by one of them, before anybody asks for it', async () => {
    assert.equal((await serving()).length, 1)
    assert.ok(!system.member.status().services.includes('directory'))
  })

  it('has every row that was acknowledged after its server was killed', async () => {
    const root = system.environment['root'] ?? assert.fail('no root')
    await system.directory.enter('/kept', root)
    const [server] = await serving()
    process.kill(server?.pid ?? assert.fail('nobody serves the directory'), 'SIGKILL')
    const { capability } = await system.directory.lookup('/kept')
    assert.ok(capability.equals(root))
  })

  async function serving(): Promise<readonly DaemonInfo[]> {
    const asked = daemons.map(async (daemon) => {
      const { services } = await system.open(MemberService, memberServiceName(memberId(daemon.name))).status()
      return services.includes('directory') ? [daemon] : []
    })
    return (await Promise.all(asked)).flat()
  }
})
