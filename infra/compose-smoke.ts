/**
 * Brings the compose project up on the engine of this machine and looks at it from outside: a product read in one
 * replica, its price changed in the other and then by SQL, the same through the edge, restarts under traffic, traces found
 * in Jaeger, every process reached by Prometheus, everything gone afterwards.
 *
 *     node infra/compose-smoke.ts
 *
 * It has a project name and ports of its own and leaves nothing behind. Where no engine runs it says so, counts itself
 * as skipped and succeeds; where one runs, an image that is missing is a failure.
 */

import { execFile } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { isFree } from '@shop/local-stack'
import { drawTraces, type RecordedSpan, readTraces } from '@shop/telemetry/testing'

import { smokeEdge } from './edge-smoke.ts'
import { json, type Priced, until } from './outside.ts'
import { smokePrometheus } from './prometheus-smoke.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PROJECT = `shop-smoke-${process.pid}`
const ADMIN_TOKEN = randomBytes(32).toString('hex')
const CUSTOMER_SECRET = randomBytes(32).toString('hex')
const START_LIMIT_S = 180
/** Two of the API, and one each of the edge, Jaeger, Postgres, Redis and Prometheus. */
const PORTS = 7
const PROPAGATION_LIMIT_MS = 2_000
const TRACE_LIMIT_MS = 10_000

const run = promisify(execFile)

// A reader that went away must not end this process before it has tidied up.
process.stdout.on('error', () => undefined)

const engine = await run('docker', ['info', '--format', '{{.ServerVersion}}']).catch(() => undefined)
if (engine === undefined) {
  console.log('compose: skipped, no Docker engine answers')
  console.log('0 passed, 0 failed, 1 skipped')
} else {
  await smoke()
  console.log('1 passed, 0 failed')
}

async function smoke(): Promise<void> {
  const api = await firstOfFree(PORTS)
  const [edge, jaeger, postgres, redis, prometheus] = [api + 2, api + 3, api + 4, api + 5, api + 6]
  const environment = {
    ...process.env,
    // As someone would run it for others: with these the API refuses the well-known token.
    NODE_ENV: 'production',
    ADMIN_TOKEN,
    // Or one in a hundred is kept, and the smoke looks for its own.
    TRACE_SAMPLE_RATIO: '1',
    CUSTOMER_TOKEN_SECRET: CUSTOMER_SECRET,
    API_PORTS: `${api}-${api + 1}`,
    EDGE_PORT: `${edge}`,
    JAEGER_PORT: `${jaeger}`,
    POSTGRES_PORT: `${postgres}`,
    PROMETHEUS_PORT: `${prometheus}`,
    REDIS_PORT: `${redis}`,
  }
  const compose = async (...args: string[]): Promise<string> => {
    const { stdout } = await run('docker', ['compose', '--project-name', PROJECT, ...args], {
      cwd: ROOT,
      env: environment,
    })
    return stdout.trim()
  }
  const down = (): Promise<string> => compose('--profile', 'observability', 'down', '--volumes', '--timeout', '15')
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void down().finally(() => process.exit(1)))
  }
  try {
    console.log(`compose: image built in ${await seconds(() => compose('build', 'api'))} s`)
    const up = ['up', '--wait', '--wait-timeout', `${START_LIMIT_S}`, '--no-build']
    console.log(`compose: healthy after ${await seconds(() => compose(...up))} s`)
    // By its name, because of its profile only Prometheus has an image everywhere that this runs.
    await compose(...up, 'prometheus')
    console.log(await compose('ps', '--all', '--format', 'table {{.Service}}\t{{.Status}}\t{{.Ports}}'))
    const replicas = [`http://127.0.0.1:${api}`, `http://127.0.0.1:${api + 1}`] as const
    await changeOnePrice(...replicas)
    const psql = (statement: string) =>
      compose('exec', '-T', 'postgres', 'psql', '-U', 'shop', '-d', 'shop', '-v', 'ON_ERROR_STOP=1', '-c', statement)
    await changeBySql(replicas, psql)
    await findTraces(`http://127.0.0.1:${jaeger}`)
    await smokeEdge({
      url: `http://127.0.0.1:${edge}`,
      adminToken: ADMIN_TOKEN,
      customerSecret: CUSTOMER_SECRET,
      psql,
      containers: async (service) => (await compose('ps', '--all', '--quiet', service)).split('\n'),
      logs: (service) => compose('logs', '--no-log-prefix', service),
    })
    await smokePrometheus(`http://127.0.0.1:${prometheus}`)
    console.log(await memory(await compose('ps', '--quiet')))
  } catch (error) {
    console.log(await compose('logs', '--tail', '30').catch(() => 'no logs'))
    throw error
  } finally {
    await down()
  }
  const left = await leftovers()
  if (left.length > 0) throw new Error(`docker compose down -v left ${left.join(', ')}`)
  console.log('compose: down, nothing left')
}

/** Read in `one`, read in `two`, change in `one`: `one` must answer the new price at once, `two` within the bound. */
async function changeOnePrice(one: string, two: string): Promise<void> {
  const [product] = (await json<{ items: { id: number }[] }>(await fetch(`${one}/products?limit=1`))).items
  if (product === undefined) throw new Error('The seed has no products')
  const read = async (url: string): Promise<{ amount: number; cache: string | null }> => {
    const response = await fetch(`${url}/products/${product.id}`)
    const { price } = await json<Priced>(response)
    return { amount: price.amount, cache: response.headers.get('cache-status') }
  }
  for (const url of [one, one, two, two])
    console.log(`compose: GET ${url}/products/${product.id}: ${show(await read(url))}`)

  const amount = (await read(one)).amount + 100
  const change = await fetch(`${one}/products/${product.id}/price`, {
    method: 'PUT',
    headers: {
      authorization: `Bearer ${ADMIN_TOKEN}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ amount, currency: 'EUR' }),
  })
  await json(change)
  const changedAt = performance.now()
  const here = await read(one)
  console.log(`compose: price changed to ${amount}, the same process answers ${show(here)}`)
  if (here.amount !== amount) throw new Error('The process that changed the price answers the old one')
  await until(
    async () => (await read(two)).amount === amount,
    PROPAGATION_LIMIT_MS,
    'the other process to see the price',
  )
  console.log(`compose: the other process answers it after ${Math.round(performance.now() - changedAt)} ms`)
}

/** Nobody tells the caches of it but the worker, by way of the outbox. */
async function changeBySql(replicas: readonly string[], psql: (statement: string) => Promise<string>): Promise<void> {
  const id = 1
  const amounts = () =>
    Promise.all(replicas.map(async (url) => (await json<Priced>(await fetch(`${url}/products/${id}`))).price.amount))
  const [before = 0] = await amounts()
  const amount = before + 1
  await psql(`update prices set amount = ${amount}, compare_at = null
    where variant_id in (select id from variants where product_id = ${id})`)
  const changedAt = performance.now()
  await until(
    async () => (await amounts()).every((seen) => seen === amount),
    PROPAGATION_LIMIT_MS,
    'both processes to see a price that was changed by SQL',
  )
  console.log(
    `compose: both processes answer a price changed by SQL after ${Math.round(performance.now() - changedAt)} ms`,
  )
}

function show({ amount, cache }: { amount: number; cache: string | null }): string {
  return `${amount} (${cache})`
}

async function findTraces(jaeger: string): Promise<void> {
  const wanted: [name: string, ...spans: string[]][] = [
    ['GET /products/{id}'],
    // By the API that wrote it, in both that forget the old one, and by the worker.
    ['PUT /products/{id}/price', 'cache invalidate', 'cache apply', 'edge purge'],
  ]
  for (const [name, ...others] of wanted) {
    let found: RecordedSpan[] | undefined
    await until(
      async () => {
        const traces = await readTraces(jaeger, 'shop-api')
        found = traces.find((spans) => {
          const names = new Set(spans.map((span) => span.name))
          return (
            [name, ...others].every((one) => names.has(one)) && reached(spans, 'redis') && reached(spans, 'postgresql')
          )
        })
        return found !== undefined
      },
      TRACE_LIMIT_MS,
      `a trace of ${name} with all that it reaches in Jaeger`,
    )
    console.log(`compose: a trace in Jaeger\n${drawTraces(found ?? [], { services: true }).replaceAll(/^/gm, '    ')}`)
  }
}

function reached(spans: readonly RecordedSpan[], system: string): boolean {
  return spans.some(({ attributes }) => attributes['db.system.name'] === system)
}

async function memory(containers: string): Promise<string> {
  const format = 'table {{.Name}}\t{{.MemUsage}}'
  const { stdout } = await run('docker', ['stats', '--no-stream', '--format', format, ...containers.split('\n')])
  return stdout.trim()
}

/** Containers, volumes and networks that still carry the project's label. */
async function leftovers(): Promise<string[]> {
  const label = `label=com.docker.compose.project=${PROJECT}`
  const kinds = [
    ['ps', '--all', '--quiet'],
    ['volume', 'ls', '--quiet'],
    ['network', 'ls', '--quiet'],
  ]
  const found = await Promise.all(kinds.map((kind) => run('docker', [...kind, '--filter', label])))
  return found.flatMap(({ stdout }) => stdout.split('\n').filter(Boolean))
}

/** The first of so many free ports in a row. Below those that the system gives to others until these are used. */
async function firstOfFree(count: number): Promise<number> {
  for (;;) {
    const first = randomInt(20_000, 30_000)
    const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(first + index)))
    if (free.every(Boolean)) return first
  }
}

async function seconds(work: () => Promise<unknown>): Promise<string> {
  const startedAt = performance.now()
  await work()
  return ((performance.now() - startedAt) / 1_000).toFixed(1)
}
