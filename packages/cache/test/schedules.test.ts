/**
 * Random schedules: two processes read, write and invalidate while a third hand decides when loads end, when answers and
 * messages arrive, what is evicted and what fails. Both the start and the end of every operation are scheduled:
 * delaying only the end would let racy code pass.
 *
 * Every read is checked against what was acknowledged before it began. A failing schedule is shrunk and its seed printed;
 * `SCHEDULES=100000 npx vitest run test/schedules` runs more of them.
 */

import fc from 'fast-check'
import { expect, test } from 'vitest'

import { type Cache, createCache, type Resource } from '../src/index.ts'
import { ManualClock, RedisDouble } from '../src/testing.ts'

const BOUND = 300
const RUNS = Number(process.env.SCHEDULES ?? 10_000)

interface Value {
  readonly key: number
  readonly version: number
}

type Kind = 'known tag' | 'late tag' | 'key'
const process_ = fc.nat({ max: 1 })
const key_ = fc.nat({ max: 1 })

const step = fc.oneof(
  { weight: 30, arbitrary: fc.record({ do: fc.constant('read' as const), p: process_, k: key_ }) },
  { weight: 20, arbitrary: fc.record({ do: fc.constant('end load' as const), n: fc.nat({ max: 5 }) }) },
  {
    weight: 15,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      p: process_,
      k: key_,
      how: fc.constantFrom<Kind>('known tag', 'late tag', 'key'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('hold messages' as const), p: process_ }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('deliver messages' as const), p: process_, all: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('hold answers' as const), p: process_ }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('deliver answers' as const), p: process_ }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('cut bus' as const), p: process_ }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('hear' as const), p: process_ }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('evict tag' as const), k: key_, late: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deny' as const), p: process_, denied: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('evict state', 'flush', 'freeze', 'thaw', 'kill', 'save', 'restart'),
    }),
  },
  { weight: 7, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 10, 60, 150, 320) }) },
)

/** What the world agreed on: by when which version had to be seen, and by whom. */
interface Acknowledged {
  readonly key: number
  readonly version: number
  readonly at: number
  readonly process: number
  /** Redis has it; otherwise only the process itself must honour it. */
  readonly everywhere: boolean
}

class Fleet {
  readonly clock = new ManualClock()
  readonly double = new RedisDouble()
  readonly violations: string[] = []
  readonly #versions = [0, 0]
  readonly #acknowledged: Acknowledged[] = []
  readonly #loads: (() => void)[] = []
  readonly #caches: Cache[] = []
  readonly #resources: Resource<number, Value>[] = []
  #saved: ReturnType<RedisDouble['snapshot']> | undefined

  constructor(maxTags: number) {
    for (let p = 0; p < 2; p++) {
      const cache = createCache({
        name: 'fleet',
        redis: this.double.open,
        clock: this.clock,
        maxStaleness: BOUND,
        memory: { maxTags },
      })
      this.#caches.push(cache)
      this.#resources.push(
        cache.resource<number, Value>({
          name: 'value',
          version: 1,
          ttl: 5_000,
          loadTimeout: 1_000,
          key: (key) => [key],
          tags: (key) => [`known:${key}`],
          tagsOf: ({ key }) => [`late:${key}`],
          load: (key) => this.#load(key),
        }),
      )
    }
  }

  /** The source is read when the load begins; its answer arrives when the schedule says so. */
  #load(key: number): Promise<Value> {
    const value = { key, version: this.#versions[key] ?? 0 }
    return new Promise((resolve) => this.#loads.push(() => resolve(value)))
  }

  read(p: number, key: number): void {
    const startedAt = this.clock.now()
    const binding = this.#acknowledged.filter(
      (one) => one.key === key && ((one.everywhere && one.at + BOUND < startedAt) || one.process === p),
    )
    const least = Math.max(0, ...binding.map(({ version }) => version))
    this.#resources[p]?.get(key).then(
      (value) => {
        const got = value?.version ?? -1
        if (got < least)
          this.violations.push(`P${p} read ${key} at ${startedAt}: got ${got}, acknowledged was ${least}`)
      },
      () => undefined, // A load that timed out is no stale read.
    )
  }

  write(p: number, key: number, how: Kind): void {
    const version = (this.#versions[key] ?? 0) + 1
    this.#versions[key] = version
    const done =
      how === 'key'
        ? this.#resources[p]?.invalidate(key)
        : this.#caches[p]?.invalidateTags([how === 'known tag' ? `known:${key}` : `late:${key}`])
    done?.then((everywhere) => this.#acknowledged.push({ key, version, at: this.clock.now(), process: p, everywhere }))
  }

  endLoad(n: number): void {
    this.#loads.splice(n % Math.max(1, this.#loads.length), 1)[0]?.()
  }

  fault(name: string): void {
    const { double } = this
    if (name === 'evict state') double.evictState()
    if (name === 'flush') double.flushAll()
    if (name === 'freeze' && double.state === 'up') double.freeze()
    if (name === 'thaw' && double.state === 'frozen') double.thaw()
    if (name === 'kill') double.kill()
    if (name === 'save' && double.state === 'up') this.#saved = double.snapshot()
    if (name === 'restart' && double.state === 'dead') double.restart(this.#saved)
  }

  async close(): Promise<void> {
    if (this.double.state === 'frozen') this.double.thaw()
    if (this.double.state === 'dead') this.double.restart(this.#saved)
    for (const process of this.double.processes) {
      process.deliverAnswers()
      process.deliverMessages()
      process.hear()
    }
    for (let i = 0; i < 8; i++) {
      await this.clock.advance(300)
      for (const end of this.#loads.splice(0)) end()
    }
    await Promise.all(this.#caches.map((cache) => cache.close()))
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function play(
  steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[],
  maxTags: number,
): Promise<Fleet> {
  const fleet = new Fleet(maxTags)
  await fleet.clock.advance(200)
  for (const one of steps) {
    const wire = 'p' in one ? fleet.double.processes[one.p] : undefined
    switch (one.do) {
      case 'read':
        fleet.read(one.p, one.k)
        break
      case 'write':
        fleet.write(one.p, one.k, one.how)
        break
      case 'end load':
        fleet.endLoad(one.n)
        break
      case 'hold messages':
        wire?.holdMessages()
        break
      case 'deliver messages':
        wire?.deliverMessages(one.all ? undefined : 1)
        break
      case 'hold answers':
        wire?.holdAnswers()
        break
      case 'deliver answers':
        wire?.deliverAnswers()
        break
      case 'cut bus':
        wire?.cutBus()
        break
      case 'hear':
        wire?.hear()
        break
      case 'evict tag':
        fleet.double.evictTag(`${one.late ? 'late' : 'known'}:${one.k}`)
        break
      case 'deny':
        if (one.denied) wire?.denied.add('invalidate')
        else wire?.denied.clear()
        break
      case 'wait':
        await fleet.clock.advance(one.ms)
        break
      default:
        fleet.fault(one.do)
    }
    await turn()
  }
  await fleet.close()
  return fleet
}

test(`no read is older than what was acknowledged, in ${RUNS} schedules`, { timeout: 600_000 }, async () => {
  const schedule = fc.array(step, { minLength: 10, maxLength: 80 })
  await fc.assert(
    fc.asyncProperty(schedule, fc.constantFrom(2, 100), async (steps, maxTags) => {
      const { violations } = await play(steps, maxTags)
      expect(violations).toEqual([])
    }),
    { numRuns: RUNS, ...(process.env.SEED && { seed: Number(process.env.SEED) }) },
  )
})
