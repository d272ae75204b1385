/** The bank as the service thread carries out orders on it, one after the other. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { type Place, removePrimitive } from '../memory/primitives.ts'
import { newPlace } from '../waiting/site.ts'
import { answers, atBank, type RequestOrder, type ResourceReport, type ResourceState } from './resource-bank.ts'

const [one, other] = [1, 2]
const code = (expected: Parameters<typeof isCardumenError>[1]) => (error: unknown) => isCardumenError(error, expected)

function opened(units: number): ResourceState {
  return { place: newPlace('resources', undefined), units: { unit: units }, waitingMax: 8 }
}

function claimed(state: ResourceState, party: number, client: number, most: number): void {
  atBank(state, party, { kind: 'claim', client, most: { unit: most }, name: `client ${client}` })
}

function requestOf(client: number, units: number): RequestOrder {
  return { client, number: 1, amounts: { unit: units }, answer: new Int32Array(new SharedArrayBuffer(4)) }
}

function requested(state: ResourceState, party: number, order: RequestOrder): number {
  atBank(state, party, { kind: 'request', ...order })
  return Atomics.load(order.answer, 0)
}

function freeIn(state: ResourceState): number | undefined {
  return (atBank(state, one, { kind: 'report' }) as ResourceReport).free['unit']
}

/** Row of a manager that was closed. */
function closed({ place }: ResourceState): Place {
  removePrimitive(place)
  return place
}

describe('the bank of a manager of resources', () => {
  it('takes back what a request was granted whose waiter had given up by then', () => {
    const state = opened(2)
    claimed(state, one, one, 2)
    const order = requestOf(one, 2)
    assert.equal(requested(state, one, order), answers.granted)
    atBank(state, one, { kind: 'give-up', ...order })
    assert.equal(freeIn(state), 2)
    closed(state)
  })

  it('forgets a request that was given up while it waited, and grants what stood behind it', () => {
    const state = opened(2)
    for (const party of [one, other]) claimed(state, party, party, 2)
    assert.equal(requested(state, one, requestOf(one, 2)), answers.granted)
    const order = requestOf(other, 2)
    assert.equal(requested(state, other, order), answers.none)
    atBank(state, other, { kind: 'give-up', ...order })
    atBank(state, one, { kind: 'release', client: one, amounts: { unit: 2 } })
    assert.deepEqual([Atomics.load(order.answer, 0), freeIn(state)], [answers.none, 2])
    closed(state)
  })

  it('grants a waiting request with the release that makes it safe', () => {
    const state = opened(1)
    for (const party of [one, other]) claimed(state, party, party, 1)
    requested(state, one, requestOf(one, 1))
    const order = requestOf(other, 1)
    assert.equal(requested(state, other, order), answers.none)
    assert.equal(atBank(state, one, { kind: 'leave', client: one }), 1)
    assert.equal(Atomics.load(order.answer, 0), answers.granted)
    closed(state)
  })

  it('lets nobody act for the client of another thread', () => {
    const state = opened(1)
    claimed(state, one, one, 1)
    requested(state, one, requestOf(one, 1))
    assert.throws(() => requested(state, other, requestOf(one, 1)), code('claim-exceeded'))
    assert.throws(() => atBank(state, other, { kind: 'release', client: one, amounts: { unit: 1 } }), code('not-held'))
    assert.equal(atBank(state, other, { kind: 'leave', client: one }), 0)
    assert.equal(freeIn(state), 0)
    closed(state)
  })

  it('is none any more once its manager is closed', () => {
    const state = opened(1)
    claimed(state, one, one, 1)
    closed(state)
    assert.throws(() => requested(state, one, requestOf(one, 1)), code('closed'))
  })
})
