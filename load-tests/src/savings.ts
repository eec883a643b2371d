/**
 * `npm run savings`: how many queries the cache saves, and which tier answers.
 *
 * The same requests twice, without the cache and with it, each from cold: two processes, an empty Redis. Postgres counts
 * its own statements (`pg_stat_statements`), the answers say what the cache did (`Cache-Status`).
 */

import { ask } from './client.ts'
import { requestMix } from './mix.ts'
import { grouped } from './numbers.ts'
import { watchPostgres } from './products-lock.ts'
import { openShop } from './shop.ts'
import type { Terminal } from './terminal.ts'
import { Visitor } from './visitor.ts'

const PROCESSES = 2
const CLIENTS = 32
const S = 0.99
const SEED = 1

/** What the shop promises (README.md). */
const LEAST_HITS = 0.97
const LEAST_SAVED = 0.92

/** Who answered a request. A page of a list is as cached as the least cached of what it shows. */
const TIERS = ['memory', 'redis', 'another’s load', 'a load of its own', 'no cache'] as const
type Tier = (typeof TIERS)[number]

interface Run {
  readonly queries: number
  readonly answered: ReadonlyMap<Tier, number>
}

export async function savings(
  requests: number,
  { terminal, signal }: { terminal: Terminal; signal: AbortSignal },
): Promise<boolean> {
  await using stack = new AsyncDisposableStack()
  const start = terminal.step('shop')
  start.progress('starting, of its own')
  const shop = await openShop(signal, 'demo')
  stack.defer(() => shop.close())
  const postgres = watchPostgres(shop.databaseUrl)
  stack.defer(() => postgres.close())
  const { products, categories } = await postgres.popularity()
  start.done(`${PROCESSES} processes, Redis ${shop.redisVersion}, ${grouped(products.length)} products on sale`)
  terminal.say(
    `  ${grouped(requests)} requests from cold, by Zipf's law with s = ${S}: 80 % a product, 12 % a list,\n` +
      '  5 % ten products at once, 3 % categories, their facets and what sells best',
  )

  const off = await play('off')
  const on = await play('on')
  const saved = 1 - on.queries / off.queries
  const loaded = (on.answered.get('a load of its own') ?? 0) + (on.answered.get('no cache') ?? 0)
  const hits = 1 - loaded / requests
  const perThousand = ({ queries }: Run): string => grouped((queries / requests) * 1_000, 1)
  terminal.say(
    `  queries of 1 000 requests   ${perThousand(off)} without, ${perThousand(on)} with: − ${percent(saved)}`,
  )
  terminal.say(
    `  answered by                 ${TIERS.map((tier) => `${tier} ${percent((on.answered.get(tier) ?? 0) / requests)}`).join(', ')}`,
  )
  terminal.say(`  without a load of their own ${percent(hits)}`)
  return hits >= LEAST_HITS && saved >= LEAST_SAVED

  async function play(cache: 'on' | 'off'): Promise<Run> {
    const step = terminal.step(`cache ${cache}`)
    const api = await shop.startApi({ cache, processes: PROCESSES, signal })
    try {
      // Statements are prepared once per connection and process: that is no part of a request.
      await Promise.all(api.urls.map((url) => ask(`${url}/readyz`)))
      await postgres.countFromHere()
      const next = requestMix({ products, categories, s: S, seed: SEED })
      const answered = new Map<Tier, number>()
      let left = requests
      const client = async (_: unknown, i: number): Promise<void> => {
        const visitor = new Visitor(api.urls[i % PROCESSES] as string)
        try {
          while (left-- > 0) {
            signal.throwIfAborted()
            const tier = tierOf(await visitor.visit(next()))
            answered.set(tier, (answered.get(tier) ?? 0) + 1)
            if (left % 100 === 0) step.progress(`${grouped(requests - left)} of ${grouped(requests)} requests`)
          }
        } finally {
          visitor.close()
        }
      }
      await Promise.all(Array.from({ length: CLIENTS }, client))
      const queries = await postgres.reads()
      step.done(`${grouped(queries)} queries`)
      return { queries, answered }
    } finally {
      await api.stop()
    }
  }
}

function tierOf(cacheStatus: string): Tier {
  if (cacheStatus.includes('detail=memory')) return 'memory'
  if (cacheStatus.includes('; hit')) return 'redis'
  if (cacheStatus.includes('collapsed')) return 'another’s load'
  return cacheStatus === '' ? 'no cache' : 'a load of its own'
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}
