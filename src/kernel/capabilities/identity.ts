/**
 * Who a server is: the port that it listens on, the key that its capabilities are made with, and how both are kept.
 *
 * An identity that is drawn ends with the serving. One that is kept stands in the engine under a name, so that a later
 * life, on whichever member, is the same server to everybody who holds a capability of it. Its get-port is the seed of a
 * key pair (`port-proof.ts`). What it does not do: say which member serves it now; that is the row of the port.
 */
import type { Crypto, Signer } from '../../edges/crypto.ts'
import type { Engine } from '../../edges/engine.ts'
import { concatBytes } from '../../lib/bytes.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { Port } from '../../lib/identifiers.ts'
import { getPortBytes, putPortOf } from '../ports/port-proof.ts'

const keyBytes = 32
const keyIdBytes = 4
const identityPrefix = 'identity/'

export interface Identity {
  /** Known to the server alone: whoever has it can pose as the server. */
  readonly getPort: Uint8Array
  readonly port: Port
  /** Of the get-port: proves that this is the server of the port. */
  readonly signer: Signer
  /** What all capabilities of this server are made with. */
  readonly key: Uint8Array
  /** Names the key in capabilities, and says nothing about it. */
  readonly keyId: number
  /** The name that it is kept under in the engine; undefined: it ends with this serving. */
  readonly keptAs: string | undefined
}

export function drawnIdentity(crypto: Crypto): Identity {
  return identityOf(crypto, drawnSecrets(crypto), undefined)
}

/**
 * The one of this name, which is made at its first use.
 * @throws CardumenError `name-invalid`, `engine-failed` (the row is none), and what the engine throws.
 */
export async function keptIdentity(engine: Engine, crypto: Crypto, name: string): Promise<Identity> {
  checkIdentityName(name)
  const key = identityPrefix + name
  const drawn = drawnSecrets(crypto)
  const { succeeded, reads } = await engine.transact({
    conditions: [{ kind: 'absent', key }],
    then: [{ kind: 'put', key, value: drawn }],
    otherwise: [{ kind: 'get', key }],
  })
  const secrets = succeeded ? drawn : reads[0]?.value
  if (secrets?.length === drawn.length) return identityOf(crypto, secrets, name)
  throw new CardumenError('engine-failed', `The row of the identity "${name}" cannot be read.`)
}

/** Rows of what was revoked, below the row of the identity. */
export function identityRows(name: string, of: 'generation' | 'revoked'): string {
  return `${identityPrefix}${name}/${of}/`
}

function checkIdentityName(name: string): void {
  if (/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name)) return
  throw new CardumenError('name-invalid', `"${name}" is no name for an identity: 1 to 64 of a-z 0-9 . _ -`)
}

function drawnSecrets(crypto: Crypto): Uint8Array {
  return crypto.randomBytes(getPortBytes + keyBytes + keyIdBytes)
}

function identityOf(crypto: Crypto, secrets: Uint8Array, keptAs: string | undefined): Identity {
  const own = concatBytes([secrets])
  const getPort = own.subarray(0, getPortBytes)
  const signer = crypto.signerOf(getPort)
  return {
    getPort,
    port: putPortOf(crypto, signer.publicKey),
    signer,
    key: own.subarray(getPortBytes, getPortBytes + keyBytes),
    keyId: new DataView(own.buffer).getUint32(getPortBytes + keyBytes),
    keptAs,
  }
}
