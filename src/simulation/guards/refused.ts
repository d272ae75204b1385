/**
 * What a program under simulation is not to touch, and what it uses instead: the table of the guards.
 *
 * Here is time, chance, and what reaches out of the process; reading a given moment (`new Date(ms)`), hashing and the
 * synchronous forms of compression are functions of their arguments and stay allowed. Named are functions: classes
 * where making an instance is what reaches out.
 */
export interface Refusal {
  /** As people write it: `Date.now`, `node:fs`. */
  readonly name: string
  readonly instead: string
  /** Where the functions are. */
  readonly holder: object
  /** Undefined: all of its functions that begin in lower case. */
  readonly keys?: readonly string[]
}

const time = 'system.clock.now()'
const waiting = 'await system.sleep(ms), or system.clock.after(ms, run)'
const chance = 'system.random'
const talking = 'a service of the system (system.serve and system.open), over the network of the world'
const disk = 'the disk of the virtual member (life.disk)'
const programs = 'system.run(module) or system.import(module), with what the world has under that name'
const synchronous = 'the synchronous form, since threads of the real world answer in any order'
const machine = 'what the scenario tells the program: a virtual member has no machine'

const builtins: readonly (readonly [module: string, instead: string, keys?: readonly string[]])[] = [
  ['node:fs', disk],
  ['node:fs/promises', disk],
  ['node:timers', waiting, ['setTimeout', 'setInterval', 'setImmediate']],
  ['node:timers/promises', waiting, ['setTimeout', 'setInterval', 'setImmediate']],
  ['node:net', talking, ['connect', 'createConnection', 'createServer', 'Socket', 'Server']],
  ['node:tls', talking, ['connect', 'createServer', 'TLSSocket', 'Server']],
  ['node:http', talking, ['request', 'get', 'createServer', 'Server', 'Agent', 'ClientRequest']],
  ['node:https', talking, ['request', 'get', 'createServer', 'Server', 'Agent']],
  ['node:http2', talking, ['connect', 'createServer', 'createSecureServer']],
  ['node:dgram', talking, ['createSocket', 'Socket']],
  ['node:dns', talking, ['lookup', 'lookupService', 'reverse', 'Resolver', ...resolvers()]],
  ['node:dns/promises', talking, ['lookup', 'lookupService', 'reverse', 'Resolver', ...resolvers()]],
  ['node:child_process', programs],
  ['node:worker_threads', programs, ['Worker', 'MessageChannel', 'BroadcastChannel']],
  [
    'node:crypto',
    chance,
    [
      ...['randomBytes', 'randomFill', 'randomFillSync', 'randomInt', 'randomUUID', 'randomUUIDv7', 'getRandomValues'],
      ...['pseudoRandomBytes', 'prng', 'rng', 'generateKey', 'generateKeySync', 'generateKeyPair'],
      ...['generateKeyPairSync', 'generatePrime', 'generatePrimeSync'],
    ],
  ],
  ['node:crypto', synchronous, ['pbkdf2', 'scrypt', 'hkdf', 'checkPrime']],
  [
    'node:zlib',
    synchronous,
    [
      ...['deflate', 'inflate', 'deflateRaw', 'inflateRaw', 'gzip', 'gunzip', 'unzip'],
      ...['brotliCompress', 'brotliDecompress', 'zstdCompress', 'zstdDecompress'],
    ],
  ],
  [
    'node:os',
    machine,
    ['freemem', 'loadavg', 'uptime', 'cpus', 'networkInterfaces', 'hostname', 'availableParallelism'],
  ],
]

/** `Date` itself is not among them: only `new Date()` without arguments is refused. */
export function refusals(): readonly Refusal[] {
  return [...globalRefusals(), ...builtins.map(([name, instead, keys]) => builtinRefusal(name, instead, keys))]
}

/** For `new Date()` and `Date()`, which the table cannot say. */
export const insteadOfDate = time

function globalRefusals(): readonly Refusal[] {
  const timersPromises = process.getBuiltinModule('node:timers/promises')
  return [
    { name: '', instead: waiting, holder: globalThis, keys: ['setTimeout', 'setInterval', 'setImmediate'] },
    { name: '', instead: talking, holder: globalThis, keys: ['fetch', 'WebSocket', 'EventSource', 'BroadcastChannel'] },
    { name: '', instead: 'promises', holder: globalThis, keys: ['MessageChannel'] },
    { name: 'Date', instead: time, holder: Date, keys: ['now'] },
    { name: 'Math', instead: chance, holder: Math, keys: ['random'] },
    {
      name: 'performance',
      instead: time,
      holder: Object.getPrototypeOf(performance) as object,
      keys: ['now', 'mark', 'measure'],
    },
    { name: 'process', instead: time, holder: process, keys: ['hrtime', 'uptime', 'cpuUsage'] },
    { name: 'process', instead: 'return or throw', holder: process, keys: ['exit', 'abort', 'kill', 'chdir'] },
    { name: 'crypto', instead: chance, holder: Crypto.prototype, keys: ['getRandomValues', 'randomUUID'] },
    { name: 'crypto.subtle', instead: `node:crypto in ${synchronous}`, holder: SubtleCrypto.prototype },
    { name: 'AbortSignal', instead: waiting, holder: AbortSignal, keys: ['timeout'] },
    { name: 'Atomics', instead: waiting, holder: Atomics, keys: ['wait', 'waitAsync'] },
    {
      name: 'node:timers/promises scheduler',
      instead: waiting,
      holder: Object.getPrototypeOf(timersPromises.scheduler) as object,
      keys: ['wait', 'yield'],
    },
  ]
}

function builtinRefusal(name: string, instead: string, keys: readonly string[] | undefined): Refusal {
  const holder = process.getBuiltinModule(name)
  if (holder === undefined) throw new Error(`This Node has no ${name}.`)
  return { name, instead, holder, ...(keys !== undefined && { keys }) }
}

function resolvers(): readonly string[] {
  const kinds = ['', '4', '6', 'Any', 'Caa', 'Cname', 'Mx', 'Naptr', 'Ns', 'Ptr', 'Soa', 'Srv', 'Tlsa', 'Txt']
  return kinds.map((kind) => `resolve${kind}`)
}
