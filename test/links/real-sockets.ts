/** A site whose members talk over real sockets of this machine, and that cleans up after itself. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { UnixTcpNetwork } from '../../src/host/unix-tcp-network.ts'
import { Site } from './link-member.ts'

export const transports = ['unix', 'tcp'] as const
export type Transport = (typeof transports)[number]

export async function realSite(context: TestContext, transport: Transport): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'links-'))
  const site = new Site(new UnixTcpNetwork(transport === 'unix' ? { kind: 'unix', folder } : { kind: 'tcp' }))
  context.after(async () => {
    await site.close()
    await rm(folder, { recursive: true, force: true })
  })
  return site
}
