/** The standard operations of a service: which rights each needs, and what each does. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { Capability } from '../capabilities/capability.ts'
import { caller, callers, contextOf, serverOf } from '../fixtures/standard-server.ts'
import { allRights, rightsOf, type Rights } from '../capabilities/rights.ts'
import { encodeSelector } from '../calls/selector.ts'
import type { ObjectHooks, ParameterValue } from './standard-objects.ts'
import { Standard } from './standard-service.ts'

describe('a standard operation', () => {
  const needed: Readonly<Record<string, Rights>> = {
    info: 'read',
    restrict: 0,
    status: 'read',
    touch: 0,
    age: 'all',
    copy: ['create', 'read'],
    destroy: 'destroy',
    getparams: 'read',
    setparams: 'modify',
    revoke: 0,
  }

  it('is one of those that this table has', () => {
    assert.deepEqual(Object.keys(Standard.operations).sort(), Object.keys(needed).sort())
  })

  for (const [operation, right] of Object.entries(needed)) {
    const bits = rightsOf(right)
    it(`std.${operation} needs ${JSON.stringify(right)}, and no other right`, () => {
      const server = serverOf({})
      assert.equal(server.refusalOf(operation, server.service.capabilityFor(0, bits)), undefined)
      for (let bit = 0; bit < 32; bit++) {
        const mask = (1 << bit) >>> 0
        if ((bits & mask) === 0) continue
        const without = server.service.capabilityFor(0, (allRights & ~mask) >>> 0)
        assert.equal(server.refusalOf(operation, without), 'right-missing', `without bit ${bit}`)
      }
    })
  }

  it('asks for the rights to parameters that the service says', () => {
    const server = serverOf({ parameterRights: { get: 'admin', set: 'owner' } })
    const of = (right: Rights): Capability => server.service.capabilityFor(1, right)
    assert.deepEqual(
      [server.refusalOf('getparams', of('read')), server.refusalOf('getparams', of('admin'))],
      ['right-missing', undefined],
    )
    assert.deepEqual(
      [server.refusalOf('setparams', of('modify')), server.refusalOf('setparams', of('owner'))],
      ['right-missing', undefined],
    )
  })

  it('is known only by its full name, beside one of the service with the same', async () => {
    const server = serverOf({ info: () => 'the standard one' })
    const capability = server.service.capabilityFor(1)
    assert.equal(server.refusalOf('info', capability), undefined)
    const own = server.service.admit(encodeSelector(capability, 'info'), caller, callers)
    assert.equal(await own.operation.handler(undefined, contextOf(1, capability)), 'its own')
    assert.equal(await server.call('info', capability), 'the standard one')
  })
})

describe('every object', () => {
  it('has a line of info, also where the service says nothing of it', async () => {
    const server = serverOf({})
    assert.equal(await server.call('info', server.service.capabilityFor(0)), 'service things')
    assert.equal(await server.call('info', server.service.capabilityFor(5)), 'object of things')
  })

  it('has a line of info that moves no cursor and has an end', async () => {
    const server = serverOf({ info: () => `a\u001b[2Jb\nc${'x'.repeat(5_000)}` })
    const line = String(await server.call('info', server.service.capabilityFor(1)))
    assert.ok(line.startsWith('a [2Jb cxxx'))
    assert.equal(line.length, 1_024)
  })

  it('is unknown to all of them once the service has it no more', async () => {
    const server = serverOf({ has: (object) => object === 1, destroy: () => undefined })
    for (const [operation, input] of Object.entries({
      info: undefined,
      status: undefined,
      destroy: undefined,
      getparams: undefined,
      setparams: {},
    }))
      await assert.rejects(server.call(operation, server.service.capabilityFor(2), input), { code: 'object-unknown' })
    assert.equal(await server.call('info', server.service.capabilityFor(1)), 'object of things')
  })

  it('offers no more than its service does', async () => {
    const server = serverOf({})
    const [service, object] = [server.service.capabilityFor(0), server.service.capabilityFor(1)]
    await assert.rejects(server.call('destroy', object), { code: 'operation-unsupported' })
    await assert.rejects(server.call('copy', service, { original: object }), { code: 'operation-unsupported' })
    await assert.rejects(server.call('age', service, {}), { code: 'operation-unsupported' })
    assert.deepEqual(await server.call('getparams', object), {})
    assert.deepEqual(server.notes, [])
  })
})

describe('std.restrict', () => {
  it('gives what the holder can make alone, and never a right that was not there', async () => {
    const server = serverOf({})
    const held = server.service.capabilityFor(1, ['read', 'modify'])
    const narrower = (await server.call('restrict', held, { rights: rightsOf(['read', 'destroy']) })) as Capability
    assert.ok(narrower.equals(held.restrict({ rights: ['read', 'destroy'] })))
    assert.equal(narrower.rights, rightsOf('read'))
  })
})

describe('std.destroy', () => {
  it('is in the audit before the object goes', async () => {
    const seen: number[] = []
    const server = serverOf({ destroy: () => void seen.push(server.notes.length) })
    const capability = server.service.capabilityFor(4)
    await server.call('destroy', capability)
    assert.deepEqual(seen, [1])
    assert.deepEqual(server.notes, [
      {
        what: 'destroyed',
        who: caller,
        port: server.service.port,
        object: 4,
        name: 'things',
        branch: capability.branch,
      },
    ])
    assert.equal(server.refusalOf('info', capability), 'capability-revoked')
  })

  it('says that it ran, where the object is gone and its capabilities could not be revoked', async () => {
    const seen: number[] = []
    const server = serverOf({ destroy: (object) => void seen.push(object) })
    const capability = server.service.capabilityFor(4)
    server.breakRevocations()
    await assert.rejects(server.call('destroy', capability), { code: 'too-large', executed: 'yes' })
    assert.deepEqual(seen, [4])
  })

  it('destroys nothing where the audit cannot be written', async () => {
    let isDestroyed = false
    const server = serverOf({ destroy: () => void (isDestroyed = true) })
    server.breakAudit()
    await assert.rejects(server.call('destroy', server.service.capabilityFor(4)), { code: 'disk-full', executed: 'no' })
    assert.equal(isDestroyed, false)
  })

  it('that the service refuses is recorded as failed', async () => {
    const refusal = new CardumenError('directory-not-empty', 'It has rows.')
    const server = serverOf({ destroy: () => Promise.reject(refusal) })
    await assert.rejects(server.call('destroy', server.service.capabilityFor(4)), { code: 'directory-not-empty' })
    assert.deepEqual(server.failures, ['directory-not-empty'])
    assert.equal(server.refusalOf('info', server.service.capabilityFor(4)), undefined)
  })
})

describe('std.copy', () => {
  it('needs an original that this server takes, and the right to read it', async () => {
    const server = serverOf({
      copy: (original) => server.service.capabilityFor(Capability.partsOf(original).object + 10),
    })
    const service = server.service.capabilityFor(0, ['create', 'read'])
    const copy = (await server.call('copy', service, {
      original: server.service.capabilityFor(1, 'read'),
    })) as Capability
    assert.equal(Capability.partsOf(copy).object, 11)
    const unreadable = { original: server.service.capabilityFor(1, 'modify') }
    await assert.rejects(server.call('copy', service, unreadable), { code: 'right-missing' })
    const revoked = server.service.capabilityFor(2)
    await server.service.revokeAll(2)
    await assert.rejects(server.call('copy', service, { original: revoked }), { code: 'capability-refused' })
    await assert.rejects(server.call('copy', copy, { original: copy }), { code: 'operation-unsupported' })
  })
})

describe('std.touch', () => {
  it('looks at no capability of a caller that had too many refused, and touches nothing then', async () => {
    const server = serverOf({})
    server.throttle()
    const capability = server.service.capabilityFor(1)
    const touch = (objects: readonly Capability[]): Promise<unknown> =>
      server.call('touch', capability, { objects, pass: 'p' })
    await assert.rejects(touch([capability]), { code: 'throttled', executed: 'no' })
    assert.deepEqual(await touch([]), { touched: 1, refused: 0 })
  })

  it('counts those of the capabilities that this server does not take', async () => {
    const [server, other] = [serverOf({}), serverOf({})]
    const objects = [server.service.capabilityFor(2), other.service.capabilityFor(2)]
    assert.deepEqual(await server.call('touch', server.service.capabilityFor(1, 0), { objects }), {
      touched: 2,
      refused: 1,
    })
  })

  it('keeps alive what std.age would destroy', async () => {
    const destroyed: number[] = []
    const objects = (): readonly number[] => [1, 2].filter((object) => !destroyed.includes(object))
    const server = serverOf({ collectable: objects, destroy: (object) => void destroyed.push(object) })
    const service = server.service.capabilityFor(0)
    for (let round = 0; round < 24; round++) {
      await assert.rejects(server.call('age', service, {}), { code: 'touch-unfinished' })
      await server.call('touch', service, {
        objects: [server.service.capabilityFor(1, 0)],
        pass: `p${round}`,
        isLast: true,
      })
      await server.call('age', service, {})
    }
    assert.deepEqual(destroyed, [2])
    assert.deepEqual(
      server.notes.map(({ what, object }) => [what, object]),
      [['destroyed', 2]],
    )
  })
})

describe('parameters', () => {
  const values = new Map<string, ParameterValue>([
    ['level', 1],
    ['label', 'a'],
  ])
  const parameters: ObjectHooks['parameters'] = {
    level: {
      type: 'number',
      description: 'How much',
      get: () => values.get('level') ?? 0,
      set: (_, value) => void values.set('level', value),
    },
    label: {
      type: 'text',
      description: 'What it is called',
      get: () => values.get('label') ?? '',
      set: () => Promise.reject(new CardumenError('option-invalid', 'never')),
    },
    age: { type: 'number', description: 'How old', get: () => 9 },
  }

  it('tell their type, description and value, and whether they can be set', async () => {
    const server = serverOf({ parameters })
    const found = await server.call('getparams', server.service.capabilityFor(1))
    assert.deepEqual(found, {
      level: { type: 'number', description: 'How much', value: 1, isReadOnly: false },
      label: { type: 'text', description: 'What it is called', value: 'a', isReadOnly: false },
      age: { type: 'number', description: 'How old', value: 9, isReadOnly: true },
    })
  })

  it('are all left as they are where one of the values cannot be set', async () => {
    const server = serverOf({ parameters })
    const set = (given: Readonly<Record<string, ParameterValue>>): Promise<unknown> =>
      server.call('setparams', server.service.capabilityFor(1), given)
    await assert.rejects(set({ level: 2, nothing: 1 }), { code: 'input-refused', executed: 'no' })
    await assert.rejects(set({ level: 2, constructor: 1 }), { code: 'input-refused' })
    await assert.rejects(set({ level: 2, age: 1 }), { code: 'operation-unsupported' })
    await assert.rejects(set({ level: '2' }), { code: 'input-refused' })
    assert.equal(values.get('level'), 1)
    await set({ level: 3 })
    assert.equal(values.get('level'), 3)
  })

  it('that were set before one that refused are told of in the error', async () => {
    const server = serverOf({ parameters })
    const set = server.call('setparams', server.service.capabilityFor(1), { level: 5, label: 'b' })
    await assert.rejects(set, { code: 'option-invalid', executed: 'yes' })
  })
})
