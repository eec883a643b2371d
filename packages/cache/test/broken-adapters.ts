/**
 * Adapters with one fault each: the double, with a method or a message that does not keep its contract. Each names the
 * case of the conformance suites that refuses it.
 */

import type { BusListener, BusMessage } from '../src/bus.ts'
import { type Clock, type Millis, millis, type ServerMs } from '../src/clock.ts'
import { EMPTY, identityOf } from '../src/codec.ts'
import type { ProcessDouble } from '../src/redis-double.ts'
import type { Remote } from '../src/remote.ts'
import { type AdapterUnderTest, RedisDouble } from '../src/testing.ts'
import { doubleAdapter } from './adapters.ts'

/** One process of the double before it is broken. */
interface Whole {
  readonly double: RedisDouble
  readonly process: ProcessDouble
  readonly clock: Clock
  /** Its methods, for those that take their place. */
  readonly as: Remote
}

export interface Fault {
  readonly fault: string
  readonly refusedBy: string
  readonly methods: (whole: Whole) => Partial<Remote>
}

/** The double, all of whose processes have this fault. */
export function broken({ methods }: Fault): AdapterUnderTest {
  const double = new RedisDouble()
  return {
    ...doubleAdapter(double),
    open(name, clock, bound) {
      double.open(name, clock, bound)
      const process = double.processes.at(-1)
      if (!process) throw new Error('nothing was opened')
      return Object.assign(process, methods({ double, process, clock, as: methodsOf(process) }))
    },
  }
}

function methodsOf(process: ProcessDouble): Remote {
  return {
    usable: true,
    read: process.read.bind(process),
    scan: process.scan.bind(process),
    claim: process.claim.bind(process),
    seize: process.seize.bind(process),
    fill: process.fill.bind(process),
    replace: process.replace.bind(process),
    release: process.release.bind(process),
    tags: process.tags.bind(process),
    invalidate: process.invalidate.bind(process),
    announce: process.announce.bind(process),
    renew: process.renew.bind(process),
    listen: process.listen.bind(process),
    close: process.close.bind(process),
  }
}

function listener({ as }: Whole, change: (listener: BusListener) => Partial<BusListener>): Partial<Remote> {
  return { listen: (whole) => as.listen({ ...whole, ...change(whole) }) }
}

/** A bus that delivers these messages in place of each one. */
function messages(whole: Whole, change: (message: BusMessage) => readonly BusMessage[]): Partial<Remote> {
  return listener(whole, ({ message }) => ({ message: (given) => change(given).forEach(message) }))
}

const tier: Fault[] = [
  {
    fault: 'what is not there reads as empty bytes',
    refusedBy: 'a key that was never filled reads as undefined',
    methods: ({ as }) => ({ read: async (keys) => (await as.read(keys)).map((bytes) => bytes ?? EMPTY) }),
  },
  {
    fault: 'bytes go through text',
    refusedBy: 'what one process fills, every process reads, byte for byte',
    methods: ({ as }) => ({
      read: async (keys) => (await as.read(keys)).map((bytes) => bytes && Buffer.from(bytes.toString())),
    }),
  },
  {
    fault: 'what is missing is left out of the answer',
    refusedBy: 'many keys are answered in the order asked for',
    methods: ({ as }) => ({
      read: async (keys) => (await as.read(keys)).filter((bytes) => bytes || keys.length === 1),
    }),
  },
  {
    fault: 'a key is cut where it has its last part',
    refusedBy: 'an entry is read under its own key only',
    methods: ({ as }) => ({ read: (keys) => as.read(keys.map((key) => key.replace(/(:[^:]+):1$/, '$1'))) }),
  },
  {
    fault: 'reads of one turn share one answer',
    refusedBy: 'a read sees what was done before it was asked, though an earlier one is under way',
    methods({ as }) {
      const underWay = new Map<string, ReturnType<Remote['read']>>()
      return {
        read(keys) {
          const shared = underWay.get(keys.join()) ?? as.read(keys)
          underWay.set(keys.join(), shared)
          setImmediate(() => underWay.clear())
          return shared
        },
      }
    },
  },
  {
    fault: 'a scan ends with its first step',
    refusedBy: 'going through all keys shows each that is there all the time',
    methods: ({ as }) => ({ scan: async (...asked) => ({ ...(await as.scan(...asked)), next: undefined }) }),
  },
  {
    fault: 'a scan that goes on begins behind what has been removed',
    refusedBy: 'going through all keys shows each that is there all the time',
    methods: ({ as }) => {
      let at = 0
      return {
        async scan(pattern, cursor, count) {
          at = cursor === undefined ? 0 : at
          const { keys } = await as.scan(pattern, undefined, 1_000_000)
          const step = keys.slice(at, at + count)
          at += count
          return { keys: step, next: at < keys.length ? 'more' : undefined }
        },
      }
    },
  },
  {
    fault: 'a bracket in a pattern begins a class',
    refusedBy: 'a pattern is matched as a whole, and only "*" and "?" have a meaning',
    methods: ({ as }) => ({
      scan: (pattern, cursor, count) => as.scan(pattern.replaceAll(/\[.*?\]/g, '?'), cursor, count),
    }),
  },
  {
    fault: 'a pattern is sought behind a beginning of its own',
    refusedBy: 'a pattern is matched as a whole, and only "*" and "?" have a meaning',
    methods: ({ as }) => ({ scan: (pattern, cursor, count) => as.scan(`conformance.${pattern}`, cursor, count) }),
  },
  {
    fault: 'a store that is gone has no keys',
    refusedBy: 'without a store these reject in finite time: read, scan',
    methods: ({ as }) => ({ scan: (...asked) => as.scan(...asked).catch(() => ({ keys: [], next: undefined })) }),
  },
  {
    fault: 'a store that is gone reads as empty',
    refusedBy: 'without a store these reject in finite time: read, scan',
    methods: ({ as }) => ({ read: (keys) => as.read(keys).catch(() => keys.map(() => undefined)) }),
  },
  {
    fault: 'a silent store is waited for without end',
    refusedBy: 'with a silent store these reject in finite time: read, scan',
    methods: ({ as, double }) => ({
      read: (keys) => (double.state === 'frozen' ? new Promise(() => undefined) : as.read(keys)),
    }),
  },
  {
    fault: "the client's own error",
    refusedBy: 'after close these reject: read, scan',
    methods: ({ as }) => ({ read: (keys) => as.read(keys).catch(() => Promise.reject(new Error('ECONNREFUSED'))) }),
  },
]

const lease: Fault[] = [
  {
    fault: 'the lease is granted to everyone',
    refusedBy: 'of many that claim at once, one is granted the lease',
    methods: ({ double }) => ({ claim: async () => ({ type: 'granted', token: double.unique() }) }),
  },
  {
    fault: 'one lease for all keys',
    refusedBy: 'leases of two keys know nothing of each other',
    methods: ({ as }) => ({ claim: (_key, rejected, duration) => as.claim('all', rejected, duration) }),
  },
  {
    fault: 'claims of one turn share one answer',
    refusedBy: 'what one process asks for at once is answered each for itself',
    methods({ as }) {
      const underWay = new Map<string, ReturnType<Remote['claim']>>()
      return {
        claim(key, rejected, duration) {
          const shared = underWay.get(key) ?? as.claim(key, rejected, duration)
          underWay.set(key, shared)
          queueMicrotask(() => underWay.clear())
          return shared
        },
      }
    },
  },
  {
    fault: 'of fills of one turn, all are stored or none',
    refusedBy: 'what one process asks for at once is answered each for itself',
    methods({ as }) {
      let last: Promise<boolean> = Promise.resolve(true)
      return {
        fill(key, token, bytes, lifetime) {
          last = Promise.all([last, as.fill(key, token, bytes, lifetime)]).then((stored) => stored.every(Boolean))
          return last
        },
      }
    },
  },
  {
    fault: 'an entry is found only while nobody rejects anything',
    refusedBy: 'a claim finds the entry, and takes no lease',
    methods: ({ as, double }) => ({
      claim(key, rejected, duration) {
        const held = double.memory.entries.get(key)
        return as.claim(key, rejected && held && identityOf(held.bytes), duration)
      },
    }),
  },
  {
    fault: 'what is rejected is not looked at',
    refusedBy: 'an entry whose identity is rejected counts as absent',
    methods: ({ as }) => ({ claim: (key, _rejected, duration) => as.claim(key, undefined, duration) }),
  },
  {
    fault: 'tokens are counted for each key',
    refusedBy: 'no token is granted twice',
    methods: ({ as, double }) => ({
      async claim(key, rejected, duration) {
        const claim = await as.claim(key, rejected, duration)
        const held = double.memory.leases.get(key)
        if (claim.type !== 'granted' || !held) return claim
        double.memory.leases.set(key, { ...held, token: '1' })
        return { type: 'granted', token: '1' }
      },
    }),
  },
  {
    fault: 'a lease never ends',
    refusedBy: 'a lease ends by itself after its duration: claim',
    methods: ({ as }) => ({
      async claim(key, rejected, duration) {
        const claim = await as.claim(key, rejected, NEVER)
        return claim.type === 'busy' ? { type: 'busy', endsIn: duration } : claim
      },
    }),
  },
  {
    fault: 'busy does not say when the lease ends',
    refusedBy: 'of many that claim at once, one is granted the lease',
    methods: ({ as }) => ({
      async claim(key, rejected, duration) {
        const claim = await as.claim(key, rejected, duration)
        return claim.type === 'busy' ? { type: 'busy', endsIn: NEVER } : claim
      },
    }),
  },
  {
    fault: 'a lease ends too early',
    refusedBy: 'a lease ends by itself after its duration: claim',
    methods: ({ as }) => ({ claim: (key, rejected, duration) => as.claim(key, rejected, millis(duration / 2)) }),
  },
  {
    fault: 'a seized lease never ends',
    refusedBy: 'a lease ends by itself after its duration: seize',
    methods: ({ as }) => ({ seize: (key) => as.seize(key, NEVER) }),
  },
  {
    fault: 'a token stands until another is granted',
    refusedBy: 'a holder that stood still past its lease stores nothing, though nobody came after it',
    methods: ({ as, double }) => ({
      fill(key, token, bytes, lifetime) {
        const held = double.memory.leases.get(key)
        if (held) double.memory.leases.set(key, { ...held, endsAt: NEVER })
        return as.fill(key, token, bytes, lifetime)
      },
    }),
  },
  {
    fault: 'seize waits its turn',
    refusedBy: 'seize takes the lease from its holder, and leaves the entry',
    methods: ({ as, double }) => ({
      seize: async (key, duration) => double.memory.leases.get(key)?.token ?? as.seize(key, duration),
    }),
  },
  {
    fault: 'seize removes the entry',
    refusedBy: 'seize takes the lease from its holder, and leaves the entry',
    methods: ({ as, double }) => ({
      seize(key, duration) {
        double.memory.entries.delete(key)
        return as.seize(key, duration)
      },
    }),
  },
  {
    fault: 'fill without fence',
    refusedBy: 'a fill after its key was invalidated is refused',
    methods: ({ double, clock }) => ({
      async fill(key, _token, bytes, lifetime) {
        double.memory.entries.set(key, { bytes, expiresAt: clock.now() + lifetime })
        return true
      },
    }),
  },
  {
    fault: 'a fill keeps its trace to itself',
    refusedBy: 'a fill tells its trace to who waits',
    methods: ({ as }) => ({ fill: (key, token, bytes, lifetime) => as.fill(key, token, bytes, lifetime) }),
  },
  {
    fault: 'a fill that is refused ends the lease',
    refusedBy: 'a fill under a foreign token is refused, and the lease stands',
    methods: ({ as, double }) => ({
      async fill(key, token, bytes, lifetime) {
        const stored = await as.fill(key, token, bytes, lifetime)
        double.memory.leases.delete(key)
        return stored
      },
    }),
  },
  {
    fault: 'a fill leaves the lease',
    refusedBy: 'a fill ends the lease: its token stores once',
    methods: ({ as, double }) => ({
      fill(key, token, bytes, lifetime) {
        const held = double.memory.leases.get(key)
        const stored = as.fill(key, token, bytes, lifetime)
        if (held) double.memory.leases.set(key, held)
        return stored
      },
    }),
  },
  {
    fault: 'an entry never ends',
    refusedBy: 'a fill stores for its lifetime',
    methods: ({ as }) => ({ fill: (key, token, bytes) => as.fill(key, token, bytes, NEVER) }),
  },
  {
    fault: 'the end of a lease is told to nobody',
    refusedBy: 'a fill wakes who waits, and nobody else',
    methods: (whole) => messages(whole, (message) => (message.type === 'lease-ended' ? [] : [message])),
  },
  {
    fault: 'the end of a lease is told to everyone',
    refusedBy: 'a fill wakes who waits, and nobody else',
    methods: ({ as, double }) => ({
      async fill(key, token, bytes, lifetime) {
        const stored = await as.fill(key, token, bytes, lifetime)
        if (stored) double.publish({ type: 'lease-ended', key, end: { type: 'stored' } })
        return stored
      },
    }),
  },
  {
    fault: 'a seizure forgets who waits',
    refusedBy: 'who waits for a lease that is seized is woken by its new holder',
    methods: ({ as, double }) => ({
      seize(key, duration) {
        double.memory.leases.delete(key)
        return as.seize(key, duration)
      },
    }),
  },
  {
    fault: 'every end is told as one without a value',
    refusedBy: 'a release ends the lease, and tells who waits: failed',
    methods: ({ as }) => ({ release: (key, token) => as.release(key, token, { type: 'not-stored' }) }),
  },
  {
    fault: 'the end of a lease is told twice',
    refusedBy: 'a release ends the lease, and tells who waits: unshared',
    methods: (whole) => messages(whole, (message) => (message.type === 'lease-ended' ? [message, message] : [message])),
  },
  {
    fault: 'a release asks for no token',
    refusedBy: 'a release under a foreign token does nothing',
    methods: ({ as, double }) => ({
      release: (key, _token, end) => as.release(key, double.memory.leases.get(key)?.token ?? '', end),
    }),
  },
  {
    fault: 'replace asks for no identity',
    refusedBy: 'replace puts bytes in place of those with its identity, and of no others',
    methods: ({ as, double }) => ({
      replace(key, identity, bytes) {
        const held = double.memory.entries.get(key)
        return as.replace(key, held ? identityOf(held.bytes) : identity, bytes)
      },
    }),
  },
  {
    fault: 'replace begins the lifetime anew',
    refusedBy: 'what is put in place of bytes lives only as long as those had left',
    methods: ({ as, double, clock }) => ({
      async replace(key, identity, bytes) {
        const replaced = await as.replace(key, identity, bytes)
        if (replaced) double.memory.entries.set(key, { bytes, expiresAt: clock.now() + 600 })
        return replaced
      },
    }),
  },
]

const tags: Fault[] = [
  {
    fault: 'every tag is minted when it is read',
    refusedBy: 'a missing tag that is not minted is undefined, and stays missing',
    methods: ({ as }) => ({ tags: (names) => as.tags(names, true) }),
  },
  {
    fault: 'tags are answered in the order of their names',
    refusedBy: 'tags are answered in the order asked for',
    methods: ({ as }) => ({ tags: (names, mint) => as.tags([...names].sort(), mint) }),
  },
  {
    fault: 'a tag is minted at 0',
    refusedBy: 'a missing tag is minted with the number of the latest invalidation of any tag',
    methods: ({ as }) => ({
      async tags(names, mint) {
        const { epoch, states } = await as.tags(names, mint)
        return { epoch, states: states.map((state) => state && { ...state, number: mint ? 0 : state.number }) }
      },
    }),
  },
  {
    fault: 'of two that mint, each has its own nonce',
    refusedBy: 'two that mint one tag at once are given the same nonce',
    methods: ({ as, double }) => ({
      tags(names, mint) {
        if (mint) for (const name of names) double.evictTag(name)
        return as.tags(names, mint)
      },
    }),
  },
  {
    fault: 'one missing tag has all minted',
    refusedBy: 'minting leaves the tags that are there as they are',
    methods: ({ as, double }) => ({
      tags(names, mint) {
        const isMissing = names.some((name) => !double.memory.tags.has(name))
        if (mint && isMissing) for (const name of names) double.evictTag(name)
        return as.tags(names, mint)
      },
    }),
  },
  {
    fault: 'numbers are counted for each tag',
    refusedBy: 'each invalidation counts one up, whoever asks for it and whatever it names',
    methods: ({ as }) => {
      const counts = new Map<string, number>()
      return {
        async invalidate(names, keys) {
          const number = (counts.get(names.join()) ?? 0) + 1
          counts.set(names.join(), number)
          return { ...(await as.invalidate(names, keys)), number }
        },
      }
    },
  },
  {
    fault: 'an invalidation resolves before it is done',
    refusedBy: 'an invalidation gives each of its tags a new nonce with its number',
    methods: ({ as, double }) => ({
      async invalidate(names, keys) {
        const before = new Map(double.memory.tags)
        const done = await as.invalidate(names, keys)
        const after = double.memory.tags
        double.memory.tags = before
        setImmediate(() => {
          double.memory.tags = after
        })
        return done
      },
    }),
  },
  {
    fault: 'an invalidation leaves the lease',
    refusedBy: 'an invalidation removes entry and lease of each of its keys, and of no others',
    methods: ({ as, double }) => ({
      invalidate(names, keys) {
        const leases = new Map(double.memory.leases)
        const done = as.invalidate(names, keys)
        double.memory.leases = leases
        return done
      },
    }),
  },
  {
    fault: 'an invalidation removes every entry',
    refusedBy: 'an invalidation removes entry and lease of each of its keys, and of no others',
    methods: ({ as, double }) => ({
      invalidate(names, keys) {
        double.memory.entries.clear()
        return as.invalidate(names, keys)
      },
    }),
  },
  {
    fault: 'the message comes before the removal',
    refusedBy: 'entry and lease are gone before the message is heard',
    methods: ({ as, double }) => ({
      async invalidate(names, keys) {
        const [entries, leases] = [new Map(double.memory.entries), new Map(double.memory.leases)]
        const done = as.invalidate(names, keys)
        Object.assign(double.memory, { entries, leases })
        await new Promise(setImmediate)
        for (const key of keys) for (const held of [entries, leases]) held.delete(key)
        return done
      },
    }),
  },
  {
    fault: 'the bus changes the names of tags',
    refusedBy: 'an invalidation is told to every process as it was asked for',
    methods: (whole) =>
      messages(whole, (message) => ['tags' in message ? { ...message, tags: message.tags.map(encodeURI) } : message]),
  },
  {
    fault: 'an announcement removes the entries',
    refusedBy: 'an announcement is told to every process, and removes nothing',
    methods: ({ as, double }) => ({
      announce(changed, stale) {
        for (const key of [...changed, ...stale]) double.memory.entries.delete(key)
        return as.announce(changed, stale)
      },
    }),
  },
  {
    fault: 'renew keeps the epoch',
    refusedBy: 'renew begins another epoch, in which the count goes on and the tags are missing',
    methods: ({ as }) => ({ renew: () => as.announce([], []) }),
  },
  {
    fault: 'the count starts again with the epoch',
    refusedBy: 'renew begins another epoch, in which the count goes on and the tags are missing',
    methods: ({ as, double }) => ({
      renew() {
        double.position().number = 0
        return as.renew()
      },
    }),
  },
  {
    fault: 'tags outlive their epoch',
    refusedBy: 'renew begins another epoch, in which the count goes on and the tags are missing',
    methods: ({ as, double }) => ({
      async tags(names, mint) {
        const { epoch, states } = await as.tags(names, mint)
        return { epoch, states: states.map((state, i) => state ?? double.memory.tags.get(names[i] ?? '')) }
      },
    }),
  },
  {
    fault: 'a tag has its first nonce for good',
    refusedBy: 'a tag that was lost is missing, and is minted as another',
    methods: ({ as }) => ({
      async tags(names, mint) {
        const { epoch, states } = await as.tags(names, mint)
        return {
          epoch,
          states: states.map((state, i) => (state && mint ? { ...state, nonce: `first of ${names[i]}` } : state)),
        }
      },
    }),
  },
  {
    fault: 'words are counted in the store, and start again with it',
    refusedBy: 'after everything was lost another epoch begins',
    methods({ double }) {
      Object.assign(double, { unique: () => `word ${double.memory.state?.number}` })
      return {}
    },
  },
  {
    fault: 'an invalidation that cannot be sent is taken for done',
    refusedBy: 'without a store these reject in finite time: tags, invalidate, announce, renew',
    methods: ({ as }) => ({
      invalidate: (names, keys) => as.invalidate(names, keys).catch(() => ({ epoch: '', number: 0, nonce: '' })),
    }),
  },
  {
    fault: 'tags wait for a silent store without end',
    refusedBy: 'with a silent store these reject in finite time: tags, invalidate, announce, renew',
    methods: ({ as, double }) => ({
      tags: (names, mint) => (double.state === 'frozen' ? new Promise(() => undefined) : as.tags(names, mint)),
    }),
  },
  {
    fault: 'the epoch is that of the first start',
    refusedBy: 'after a restart from an older snapshot another epoch begins',
    methods({ double }) {
      Object.defineProperty(double, 'run', { get: () => 'run', set: () => undefined })
      return {}
    },
  },
]

const bus: Fault[] = [
  {
    fault: 'usable before a probe was answered',
    refusedBy: 'a probe is answered before the remote is usable',
    methods: (whole) =>
      listener(whole, ({ answered }) => ({ answered: (...told) => void setImmediate(answered, ...told) })),
  },
  {
    fault: 'of two messages the later comes first',
    refusedBy: 'messages come once and in the order of publishing, to every process',
    methods(whole) {
      const held: BusMessage[] = []
      return messages(whole, (message) => {
        if (message.type !== 'invalidated') return [message]
        if (held.length > 0) return [message, ...held.splice(0)]
        held.push(message)
        return []
      })
    },
  },
  {
    fault: 'a message keeps its trace to itself',
    refusedBy: 'a trace travels with the message, and nothing in its place',
    methods: ({ as }) => ({ announce: (changed, stale) => as.announce(changed, stale) }),
  },
  {
    fault: 'a message without a trace has one',
    refusedBy: 'a trace travels with the message, and nothing in its place',
    methods: ({ as }) => ({ invalidate: (tags, keys, trace = 'none') => as.invalidate(tags, keys, trace) }),
  },
  {
    fault: 'messages are delivered twice',
    refusedBy: 'messages come once and in the order of publishing, to every process',
    methods: (whole) => messages(whole, (message) => [message, message]),
  },
  {
    fault: 'a process does not hear itself',
    refusedBy: 'a process hears its own invalidations',
    methods: ({ as, process }) => ({
      async invalidate(names, keys) {
        process.cutBus()
        const done = as.invalidate(names, keys)
        process.hear()
        return done
      },
    }),
  },
  {
    fault: 'probes are echoed to everyone',
    refusedBy: 'a probe is echoed to the process that sent it, and to no other',
    methods: ({ double, process, as }) => ({
      listen: (whole) => {
        as.listen(whole)
        const deliver = process.deliver.bind(process)
        process.deliver = (message) => {
          if (message.type !== 'echo') return deliver(message)
          for (const other of double.processes) Object.getPrototypeOf(other).deliver.call(other, message)
        }
      },
    }),
  },
  {
    fault: 'one probe, at the start',
    refusedBy: 'probes come more often than the bound, one after the other',
    methods(whole) {
      let echoes = 0
      return messages(whole, (message) => (message.type === 'echo' && ++echoes > 1 ? [] : [message]))
    },
  },
  {
    fault: 'an echo has the number of before',
    refusedBy: 'a probe brings the present epoch and number',
    methods: (whole) =>
      messages(whole, (message) => [message.type === 'echo' ? { ...message, number: message.number - 1 } : message]),
  },
  {
    fault: 'an echo has the instant of its arrival',
    refusedBy: 'an echo that was long under way proves nothing new',
    methods: (whole) =>
      messages(whole, (message) => [message.type === 'echo' ? { ...message, sentAt: whole.clock.now() } : message]),
  },
  {
    fault: 'the time of the server in seconds',
    refusedBy: 'the time of the server is told within its uncertainty',
    methods: (whole) =>
      listener(whole, ({ serverTime }) => ({
        serverTime: (time, at, uncertainty) => serverTime((time / 1_000) as ServerMs, at, uncertainty),
      })),
  },
  {
    fault: 'an interruption is not told',
    refusedBy: 'after an interruption the numbers show what was lost',
    methods: (whole) => listener(whole, () => ({ resumed: () => undefined })),
  },
  {
    fault: 'an outage is not told',
    refusedBy: 'a store that is gone is not usable until it is back',
    methods: (whole) => listener(whole, ({ usable }) => ({ usable: (is) => is && usable(is) })),
  },
  {
    fault: 'after close it goes on',
    refusedBy: 'a remote that is closed tells nothing, sends nothing and sets no timer',
    methods: () => ({ close: async () => undefined }),
  },
  {
    fault: 'close ends the leases it holds, and those of others',
    refusedBy: 'what a closed remote had stored and held stays, and the others go on',
    methods: ({ as, double }) => ({
      close() {
        double.memory.leases.clear()
        return as.close()
      },
    }),
  },
]

export const FAULTS: readonly Fault[] = [...tier, ...lease, ...tags, ...bus]

const NEVER = 1e12 as Millis
