/**
 * Preloaded into the programs that a member runs: ends the program when the member is gone.
 *
 * The member holds the other end of the socket at descriptor 3 and never writes to it.
 */
import { Socket } from 'node:net'

const parentDescriptor = 3
const killedCode = 137

const parent = new Socket({ fd: parentDescriptor, readable: true, writable: false })
parent.on('error', () => undefined)
parent.on('close', () => process.exit(killedCode))
parent.resume()
parent.unref()
