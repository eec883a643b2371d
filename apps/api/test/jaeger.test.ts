/**
 * One cold read and one price change, from two API processes to a real Jaeger and back through its query API: HTTP, cache,
 * Redis and SQL under one parent, and the memory of the other process too. Skipped where there is no Jaeger.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connect, migrate, seed } from '@shop/db'
import { startRedis, temporaryDirectory } from '@shop/local-stack'
import { drawTraces, findJaeger, type RecordedSpan, startJaeger } from '@shop/telemetry/testing'
import { expect, inject, onTestFinished, test } from 'vitest'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const ADMIN_TOKEN = 'the-token-of-this-test'

const binary = findJaeger()
if (binary === undefined) console.log('skipped: no Jaeger. Put `jaeger` on the PATH or name it in JAEGER.')

test.skipIf(binary === undefined)(
  'a cold read is one trace of HTTP, cache, Redis and SQL, and a price change one through both processes',
  { timeout: 60_000 },
  async () => {
    const jaeger = await startJaeger(binary ?? '')
    onTestFinished(() => jaeger.stop())
    const databaseUrl = await seededDatabase()
    const product = await anyProduct(databaseUrl)
    const environment = {
      DATABASE_URL: databaseUrl,
      REDIS_URL: await emptyRedis(),
      OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.endpoint,
    }
    const api = await startApi(environment)
    const other = await startApi({ ...environment, OTEL_SERVICE_NAME: 'shop-api-2' })

    const read = await fetch(`${api.url}/products/${product}`)
    expect(read.status).toBe(200)
    const change = await fetch(`${api.url}/products/${product}/price`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ amount: 123_457, currency: 'EUR' }),
    })
    expect(change.status).toBe(200)
    await Promise.all([api.stop(), other.stop()])

    const cold = await jaeger.find('shop-api', (spans) => spans.some(({ name }) => name === 'GET /products/{id}'))
    console.log(`\n${drawTraces(cold)}\n`)
    const request = only(cold, 'GET /products/{id}')
    const cacheRead = below(cold, request, isCache('get'))
    below(cold, cacheRead, isRedis)
    below(cold, below(cold, cacheRead, isCache('load')), isSql)

    const isApplied = (spans: readonly RecordedSpan[]) =>
      spans.some(({ service, name }) => service === 'shop-api-2' && name === 'cache apply')
    const changed = await jaeger.find('shop-api', isApplied)
    console.log(`\n${drawTraces(changed, { services: true })}\n`)
    const put = only(changed, 'PUT /products/{id}/price')
    below(changed, put, (span) => isSql(span) && span.attributes['db.operation.name'] === 'UPDATE')
    const invalidation = below(changed, put, isCache('invalidate'))
    below(changed, invalidation, isRedis)
    below(changed, invalidation, (span) => isCache('apply')(span) && span.service === 'shop-api-2')

    for (const spans of [cold, changed]) {
      expect(
        drawTraces(spans)
          .split('\n')
          .filter((line) => !line.startsWith(' ')),
      ).toHaveLength(1)
      expect(spans.filter(({ failed }) => failed)).toEqual([])
      expect(JSON.stringify(spans)).not.toMatch(new RegExp(`${ADMIN_TOKEN}|123457`))
    }
  },
)

const isSql = ({ attributes }: RecordedSpan): boolean => attributes['db.system.name'] === 'postgresql'
const isRedis = ({ attributes }: RecordedSpan): boolean => attributes['db.system.name'] === 'redis'
const isCache =
  (operation: string) =>
  ({ attributes }: RecordedSpan): boolean =>
    attributes['shop.cache.operation'] === operation

function only(spans: readonly RecordedSpan[], wanted: string): RecordedSpan {
  const [span, ...more] = spans.filter(({ name }) => name === wanted)
  if (span === undefined || more.length > 0) throw new Error(`Expected one ${wanted} in\n${drawTraces(spans)}`)
  return span
}

/** The first span at any depth below `ancestor` that satisfies `wanted`. */
function below(
  spans: readonly RecordedSpan[],
  ancestor: RecordedSpan,
  wanted: (span: RecordedSpan) => boolean,
): RecordedSpan {
  const found = descendants(spans, ancestor).find(wanted)
  if (found === undefined) throw new Error(`What is wanted is not below ${ancestor.name} in\n${drawTraces(spans)}`)
  return found
}

function descendants(spans: readonly RecordedSpan[], ancestor: RecordedSpan): RecordedSpan[] {
  return spans
    .filter(({ parentSpanId }) => parentSpanId === ancestor.spanId)
    .flatMap((child) => [child, ...descendants(spans, child)])
}

async function seededDatabase(): Promise<string> {
  const name = `jaeger_${process.pid}`
  const server = connect({ url: inject('postgresUrl'), max: 1 })
  await server.sql.unsafe(`create database ${name}`)
  onTestFinished(async () => {
    await server.sql.unsafe(`drop database ${name} with (force)`)
    await server.close()
  })
  const url = new URL(inject('postgresUrl'))
  url.pathname = name
  await migrate(url.href)
  await seed(url.href, { size: 'tiny' })
  return url.href
}

async function anyProduct(url: string): Promise<number> {
  const database = connect({ url, max: 1 })
  const [row] = await database.sql<{ id: number }[]>`
    select id from products where status = 'active' order by popularity desc limit 1`
  await database.close()
  if (row === undefined) throw new Error('The seed has no active product')
  return row.id
}

/** One of its own, so that the read is cold. */
async function emptyRedis(): Promise<string> {
  const directory = await temporaryDirectory('jaeger')
  const redis = await startRedis({ dir: join(directory.path, 'redis') })
  onTestFinished(() => directory.remove())
  return redis.url
}

async function startApi(environment: Record<string, string>): Promise<{ url: string; stop(): Promise<void> }> {
  const api = fork(MAIN, {
    env: { PATH: process.env.PATH, PORT: '0', ADMIN_TOKEN, WARM_LIMIT_MS: '0', ...environment },
    execArgv: [],
    silent: true,
  })
  onTestFinished(() => void api.kill('SIGKILL'))
  const url = await listening(api)
  return {
    url,
    /** Drains, so that its last spans are delivered. */
    async stop() {
      const exited = once(api, 'exit')
      api.kill('SIGTERM')
      expect(await exited).toEqual([0, null])
    },
  }
}

function listening(api: ChildProcess): Promise<string> {
  let output = ''
  api.stdout?.on('data', (chunk) => {
    output += chunk
  })
  api.stderr?.on('data', (chunk) => {
    output += chunk
  })
  return new Promise((resolve, reject) => {
    api.once('message', (message) => resolve((message as { url: string }).url))
    api.once('exit', (code) => reject(new Error(`The API ended with ${code} while starting:\n${output}`)))
  })
}
