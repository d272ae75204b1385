/**
 * Lets one process of this machine at a time install: Lamport's bakery (1974) with files for its shared memory.
 *
 * A process takes a number above all it sees and waits until nobody with a smaller one is left. Every file is written and removed by the process
 * whose id it bears, or by anybody once that process is dead, so there is no stale lock to steal and no race in stealing it.
 * Processes that see one folder but not each other (two containers) are not covered.
 */
import { mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'

const pollMs = 100
const waitMsMax = 15 * 60_000

/**
 * Runs the task when this process's turn comes, and gives up the turn however the task ends. Rejects after a quarter of an hour of waiting.
 * The task is handed `share(pid)`: the turn then lasts until that process has ended too, even if this one is killed before it.
 */
export async function withTurn(folder, task) {
  const ticket = takeTicket(folder)
  const forget = () => leave(folder, ticket)
  process.once('exit', forget)
  try {
    const deadline = Date.now() + waitMsMax
    while (isSomebodyBefore(folder, ticket)) {
      if (Date.now() > deadline)
        throw new Error(`another install is still running after ${waitMsMax / 60_000} minutes (see ${folder})`)
      await delay(pollMs)
    }
    await task((pid) => write(folder, `ticket-0-${pid}`))
  } finally {
    forget()
    process.off('exit', forget)
  }
}

function takeTicket(folder) {
  const choosing = `choosing-0-${process.pid}`
  write(folder, choosing)
  const number = 1 + Math.max(0, ...waiting(folder).map((other) => other.number))
  const name = `ticket-${number}-${process.pid}`
  write(folder, name)
  rmSync(join(folder, choosing), { force: true })
  return { name, number, pid: process.pid }
}

function isSomebodyBefore(folder, ticket) {
  return waiting(folder).some((other) => {
    if (other.pid === ticket.pid) return false
    return (
      other.kind === 'choosing' ||
      other.number < ticket.number ||
      (other.number === ticket.number && other.pid < ticket.pid)
    )
  })
}

/** The living in the queue; what the dead left is swept away on the way. */
function waiting(folder) {
  const living = []
  for (const name of readdirSync(folder)) {
    const match = /^(choosing|ticket)-(\d+)-(\d+)$/.exec(name)
    if (match === null) continue
    const pid = Number(match[3])
    if (isAlive(pid)) living.push({ kind: match[1], number: Number(match[2]), pid })
    else rmSync(join(folder, name), { force: true })
  }
  return living
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Somebody leaving may remove the empty folder between our making it and our writing into it. */
function write(folder, name) {
  for (;;) {
    mkdirSync(folder, { recursive: true })
    try {
      writeFileSync(join(folder, name), '')
      return
    } catch (error) {
      if (error.code !== 'ENOENT') throw error
    }
  }
}

function leave(folder, ticket) {
  rmSync(join(folder, ticket.name), { force: true })
  try {
    waiting(folder)
    rmdirSync(folder)
  } catch {
    // Others are waiting in it, or it is gone already: both are fine.
  }
}
