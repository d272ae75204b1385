/** Where the token counts as there, one case a test: rings of members in an order that the test chooses. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { life, type Ring, ringOf } from '../../protocols/mutex/fixtures/ring.ts'
import { isTokenThere } from './token-ring-presence.ts'

/** The token is with a, or on its way from there to b. */
function ringWithTokenAt(where: 'a' | 'its way'): Ring {
  const ring = ringOf(['a', 'b', 'c'])
  ring.submit('a', { kind: 'regenerate', generation: 1 })
  if (where === 'its way') ring.fire('a', { kind: 'rest' })
  return ring
}

describe('the token', () => {
  it('is there while its holder runs, and gone with it', () => {
    const ring = ringWithTokenAt('a')
    assert.equal(isTokenThere(ring.states, 1), true)
    ring.crash('a')
    assert.equal(isTokenThere(ring.states, 1), false)
  })

  it('is not there if it is of an older generation than the one asked for', () => {
    assert.equal(isTokenThere(ringWithTokenAt('a').states, 2), false)
  })

  it('is there on its way to a life that runs, even when the message was lost', () => {
    const ring = ringWithTokenAt('its way')
    assert.equal(isTokenThere(ring.states, 1), true)
    ring.lose()
    assert.equal(isTokenThere(ring.states, 1), true)
  })

  it('is gone on its way to a life that is over, before its sender has heard of it', () => {
    const ring = ringWithTokenAt('its way')
    ring.crash('b', 'unseen')
    assert.equal(isTokenThere(ring.states, 1), false)
    ring.restart('b')
    assert.equal(isTokenThere(ring.states, 1), false)
  })

  it('is there with whoever had it from the dead one', () => {
    const ring = ringWithTokenAt('its way')
    const { message } = ring.sent[0] ?? assert.fail('nothing was sent')
    ring.inject(life('a'), 'b', message)
    ring.fire('b', { kind: 'rest' })
    ring.crash('b', 'unseen')
    assert.equal(isTokenThere(ring.states, 1), false, 'c was handed it by the dead one, and has not got it')
    ring.deliver()
    assert.notEqual(ring.state('c').token, undefined)
    assert.equal(isTokenThere(ring.states, 1), true)
  })

  it('that its receiver took and lost with its own death further on is gone, though the sender waits for its ACK', () => {
    const ring = ringWithTokenAt('its way')
    const { message } = ring.sent[0] ?? assert.fail('nothing was sent')
    ring.inject(life('a'), 'b', message)
    ring.fire('b', { kind: 'rest' })
    ring.lose()
    ring.crash('c')
    assert.notEqual(ring.state('a').passing, undefined)
    assert.equal(isTokenThere(ring.states, 1), false)
  })
})
