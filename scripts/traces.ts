/**
 * `npm run traces`: makes the six moments of `docs/traces.md` happen in a shop of its own, and draws what was recorded: a
 * picture each, and in the page the tree and the query that finds it. Where there is a Jaeger, it is asked each query.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { env } from 'node:process'
import { connect, migrate, type Sql, seed } from '@shop/db'
import { startPostgres, startRedis, temporaryDirectory, throwaway } from '@shop/local-stack'
import { findJaeger, type Jaeger, startCollector, startJaeger } from '@shop/telemetry/testing'

import { messageOf } from './messages.ts'
import { processGroup } from './shop-processes.ts'
import { createShutdown } from './shutdown.ts'
import { parse, UsageError } from './start-options.ts'
import { openTerminal } from './terminal.ts'
import { type JaegerQuery, MOMENTS, type Moment, type TracedShop } from './trace-moments.ts'
import { pictureOf, treeOf } from './waterfall.ts'

const HELP = `npm run traces

Writes the pictures of docs/traces and the trees and queries in docs/traces.md, from what a shop of its own
exports. Two processes of the API, a worker, Postgres and Redis; half a minute.

  --help   show this`

const EXIT = { done: 0, failed: 2 } as const
const PAGE = new URL('../docs/traces.md', import.meta.url)
const PICTURES = new URL('../docs/traces/', import.meta.url)
const ADMIN_TOKEN = 'the-token-of-the-pictures'

const terminal = openTerminal()
const shutdown = createShutdown({
  onBegin: () => terminal.say('\n  Stopping …'),
  onForce: () => terminal.warn('  Stopped at once.'),
  onProblem: (part, error) => terminal.fail(`  ${part}: ${messageOf(error)}`),
  onEnd: () => terminal.end(),
})

try {
  const { help } = parse(process.argv.slice(2), { help: { type: 'boolean', short: 'h', default: false } })
  if (help) terminal.say(HELP)
  else await drawAll()
  await shutdown.run(EXIT.done)
} catch (error) {
  // A stop in the middle makes what is under way fail; that is no news.
  if (!shutdown.isStopping) {
    terminal.end()
    terminal.fail(`\n  ${messageOf(error)}${error instanceof UsageError ? `\n\n${HELP}` : ''}`)
    await shutdown.run(EXIT.failed)
  }
}

async function drawAll(): Promise<void> {
  const jaeger = await openJaeger()
  const shop = await openShop(jaeger)
  let page = readFileSync(PAGE, 'utf8')
  mkdirSync(PICTURES, { recursive: true })
  for (const moment of MOMENTS) {
    const step = terminal.step(moment.name)
    shop.collector.clear()
    const made = await moment(shop)
    writeFileSync(new URL(`${made.name}.svg`, PICTURES), pictureOf(made.spans, made.title))
    page = withMoment(page, made)
    for (const query of jaeger ? made.queries : []) await requireFound(jaeger as Jaeger, query)
    step.done(`${made.spans.length} spans${jaeger ? ', found in Jaeger' : ''}`)
  }
  writeFileSync(PAGE, page)
}

/** Puts what was recorded between the marks of this moment. */
function withMoment(page: string, { name, title, queries, spans }: Moment): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const [before, rest] = page.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`docs/traces.md has no marks for ${name}.`)
  const rows = queries.map(({ service, operation, tags = {} }) => {
    const pairs = Object.entries(tags).map(([key, value]) => `${key}=${value}`)
    return `| \`${service}\` | \`${operation}\` | ${pairs.length > 0 ? `\`${pairs.join(' ')}\`` : ''} |`
  })
  return `${before}${begin}
| service | operation | tags |
|---|---|---|
${rows.join('\n')}

![${title}](traces/${name}.svg)

\`\`\`text
${treeOf(spans)}
\`\`\`
${end}${after}`
}

async function openJaeger(): Promise<Jaeger | undefined> {
  const binary = findJaeger()
  if (binary === undefined) {
    terminal.say('  No Jaeger on this machine: the queries of the page are not tried.')
    return undefined
  }
  const jaeger = await startJaeger(binary)
  shutdown.add({ name: 'Jaeger', stop: () => jaeger.stop(), force: () => undefined })
  return jaeger
}

/** As Jaeger's page asks: spans of this operation that have all of these tags. */
async function requireFound({ url }: Jaeger, { service, operation, tags = {} }: JaegerQuery): Promise<void> {
  const query = new URLSearchParams({ service, operation, tags: JSON.stringify(tags), lookback: '1h', limit: '20' })
  const response = await fetch(`${url}/api/traces?${query}`)
  const { data } = (await response.json()) as { data: readonly unknown[] | null }
  if (!data?.length) throw new Error(`Jaeger finds nothing by ${JSON.stringify({ service, operation, tags })}.`)
}

async function openShop(jaeger: Jaeger | undefined): Promise<TracedShop> {
  const step = terminal.step('shop')
  step.progress('starting, of its own')
  const directory = await temporaryDirectory('traces')
  shutdown.add({ name: 'data', stop: () => directory.remove(), force: () => undefined })
  const collector = await startCollector({ forwardTo: jaeger?.endpoint })
  shutdown.add({ name: 'collector', stop: () => collector.stop(), force: () => undefined })
  const postgres = await startPostgres({ dir: join(directory.path, 'postgres'), settings: throwaway })
  shutdown.add({ name: 'PostgreSQL', stop: () => postgres.stop(), force: () => postgres.kill('SIGQUIT') })
  await migrate(postgres.url)
  await seed(postgres.url, { size: 'tiny' })
  const redis = await startRedis({ dir: join(directory.path, 'redis') })
  shutdown.add({ name: 'Redis', stop: () => redis.stop(), force: () => redis.kill('SIGKILL') })
  const { sql, close } = connect({ url: postgres.url, max: 1, applicationName: 'shop-traces' })
  shutdown.add({ name: 'connection', stop: () => close(), force: () => undefined })

  const start = async (kind: 'api' | 'worker', service: string, more: Record<string, string> = {}): Promise<string> => {
    const group = processGroup({
      kind,
      count: 1,
      port: 0,
      // Complete: what is set in the person's own environment must not change what is drawn.
      env: {
        PATH: env.PATH,
        DATABASE_URL: postgres.url,
        REDIS_URL: redis.url,
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
        OTEL_SERVICE_NAME: service,
        LOG_LEVEL: 'error',
        ...more,
      },
      say: terminal.say,
      onExit: (name, how) => terminal.say(`  ${name} ended (${how}).`),
    })
    shutdown.add({ name: service, stop: () => group.stop(), force: () => group.force() })
    await group.start()
    return group.urls[0] ?? ''
  }
  const api = { ADMIN_TOKEN, WARM_LIMIT_MS: '0' }
  const urls = await Promise.all([start('api', 'shop-api', api), start('api', 'shop-api-2', api)])
  await start('worker', 'shop-worker', { EDGE_PURGE_URL: await openEdge() })
  const products = await chosen(sql)
  await settle(urls, products.at(-1) as number)
  step.done('two processes of the API, and a worker')
  const [row] = await sql<{ slug: string }[]>`
    select c.slug from categories c where exists (select from products p where p.category_id = c.id) order by c.id limit 1`
  return {
    collector,
    sql,
    redisUrl: redis.url,
    adminToken: ADMIN_TOKEN,
    urls,
    products: products.slice(0, 4) as unknown as TracedShop['products'],
    category: row?.slug ?? '',
    stopRedis: () => redis.stop(),
  }
}

async function chosen(sql: Sql): Promise<readonly number[]> {
  const rows = await sql<{ id: number }[]>`select id from products where status = 'active' order by id limit 5`
  return rows.map(({ id }) => id)
}

/** The first time has connections to open, scripts to send and code to compile; the pictures are of any other time. */
async function settle(urls: readonly string[], product: number): Promise<void> {
  for (const url of urls) {
    for (let time = 0; time < 50; time++) {
      await (await fetch(`${url}/products/${product}`)).arrayBuffer()
      const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' }
      const body = JSON.stringify({ amount: 1_000 + time, currency: 'EUR' })
      await (await fetch(`${url}/products/${product}/price`, { method: 'PUT', headers, body })).arrayBuffer()
    }
  }
}

/** An edge that holds nothing and says that it is purged. */
async function openEdge(): Promise<string> {
  const server = createServer((_, response) => void response.end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  shutdown.add({
    name: 'edge',
    stop: async () => {
      server.close()
      server.closeAllConnections()
    },
    force: () => undefined,
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
