/** What the jobs leave in a trace, in memory, over a real database: their results, and whose trace they continue. */

import { createCache } from '@shop/cache'
import { otel } from '@shop/cache/otel'
import { ManualClock, RedisDouble } from '@shop/cache/testing'
import { connect, VIEWS } from '@shop/db'
import { activeTraceParent, continueTrace, traceQuery } from '@shop/telemetry'
import { drawTraces, type RecordedSpan, type Recording, recordSpans } from '@shop/telemetry/testing'
import { afterAll, afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'

import { startAudit } from '../src/audit.ts'
import type { Emit, WorkerEvent } from '../src/events.ts'
import type { Job } from '../src/job.ts'
import { startPruning } from '../src/prune.ts'
import { startRefreshing } from '../src/refresh.ts'
import { startRelay } from '../src/relay.ts'
import { startFading } from '../src/traffic.ts'
import { createDatabase } from './database.ts'

const database = await createDatabase()
const traced = connect({ url: database.url, max: 1, hook: traceQuery })
afterAll(() => Promise.all([database.close(), traced.close()]))
const { sql } = database

let recording: Recording
beforeEach(async () => {
  await sql`truncate outbox`
  recording = recordSpans()
})
afterEach(() => recording.stop())

/** Runs a job until it has told one of these, and stops it. */
async function until<T extends WorkerEvent['type']>(
  wanted: T,
  start: (emit: Emit) => Job,
): Promise<Extract<WorkerEvent, { type: T }>> {
  const told = Promise.withResolvers<Extract<WorkerEvent, { type: T }>>()
  const job = start((event) => {
    if (event.type === wanted) told.resolve(event as Extract<WorkerEvent, { type: T }>)
  })
  const event = await told.promise
  await job.stop()
  return event
}

function relayed(): Promise<unknown> {
  const cache = createCache({ name: 'traces', hooks: otel() })
  onTestFinished(() => cache.close())
  return until('relayed', (emit) => startRelay({ sql: traced.sql, cache, emit, intervalMs: 5 }))
}

/** A row as a traced writer leaves it: the column says whose it is by itself. */
function writeIn(trace: string, tags: readonly string[]): Promise<void> {
  return continueTrace([], trace, {}, async () => {
    await sql.begin(async (tx) => {
      await tx`select set_config('shop.traceparent', ${activeTraceParent() ?? ''}, true)`
      await tx`insert into outbox (tags, source) values (${[...tags]}, 'products')`
    })
  })
}

function only(name: string): RecordedSpan {
  const [span, ...more] = recording.spans().filter((one) => one.name === name)
  if (span === undefined || more.length > 0)
    throw new Error(`Expected one ${name} in\n${drawTraces(recording.spans())}`)
  return span
}

describe('the relay', () => {
  test('continues the trace of the row, and what it does to the cache is part of that', async () => {
    await writeIn('change', ['product:1', 'products'])
    await relayed()
    expect(drawTraces(recording.spans())).toBe('change\n  outbox relay\n    cache invalidate')
    expect(only('outbox relay').attributes).toEqual({
      'shop.outbox.rows': 1,
      'shop.outbox.tags': 2,
      'shop.outbox.lag': expect.closeTo(0, -1),
    })
  })

  test('of rows of several traces begins its own, with a link to each', async () => {
    await writeIn('one', ['product:1'])
    await writeIn('two', ['product:1', 'product:2'])
    await relayed()
    expect(drawTraces(recording.spans())).toBe('one\ntwo\noutbox relay ~ one ~ two\n  cache invalidate')
    expect(only('outbox relay').attributes).toMatchObject({ 'shop.outbox.rows': 2, 'shop.outbox.tags': 2 })
  })

  test('of what psql wrote begins a trace', async () => {
    await sql`insert into outbox (tags, source) values ('{product:1}', 'products')`
    await relayed()
    expect(drawTraces(recording.spans())).toBe('outbox relay\n  cache invalidate')
  })

  test('that finds nothing leaves nothing', async () => {
    const cache = createCache({ name: 'traces', hooks: otel() })
    onTestFinished(() => cache.close())
    // One turn has ended when the job has: stopping waits for it.
    await startRelay({ sql: traced.sql, cache, emit: () => undefined, intervalMs: 5 }).stop()
    expect(recording.spans()).toEqual([])
  })

  test('whose tags nobody acknowledges fails in the trace of the row, which stays open', async () => {
    await writeIn('change', ['product:1'])
    const [redis, clock] = [new RedisDouble(), new ManualClock()]
    const cache = createCache({ name: 'traces', redis: redis.open, clock, hooks: otel() })
    onTestFinished(() => cache.close())
    await clock.advance(100)
    for (const process of redis.processes) process.denied.add('invalidate')
    await until('relay-failed', (emit) => startRelay({ sql: traced.sql, cache, emit, intervalMs: 5 }))
    expect(drawTraces(recording.spans())).toBe('change\n  outbox relay !\n    cache invalidate')
    expect(only('outbox relay').attributes['error.type']).toBe('NotAcknowledged')
    expect(only('cache invalidate').attributes['shop.cache.acknowledged']).toBe(false)
    expect(await sql`select from outbox where relayed_at is null`).toHaveLength(1)
  })

  test('that opens rows again says how many', async () => {
    await sql`insert into outbox (tags, source, relayed_at) values ('{product:1}', 'products', now())`
    const cache = createCache({ name: 'traces', hooks: otel() })
    onTestFinished(() => cache.close())
    await until('relayed', (emit) => {
      const relay = startRelay({ sql: traced.sql, cache, emit, intervalMs: 5 })
      relay.replay()
      return relay
    })
    expect(only('outbox reopen').attributes).toEqual({ 'shop.outbox.rows': 1 })
  })
})

describe('a job', () => {
  test('that refreshes a view says what came of it, and what it writes goes on in its trace', async () => {
    const views = VIEWS.filter(({ name }) => name === 'category_facets')
    await sql`update products set brand = 'Another' where id = (select min(id) from products where status = 'active')`
    await sql`truncate outbox`
    await sql`update view_refreshes set refreshed_at = now() - interval '1 day'`
    await until('refreshed', (emit) => startRefreshing({ sql: traced.sql, emit, views }))
    await relayed()

    const refresh = only('view refresh')
    expect(refresh.attributes).toEqual({
      'shop.view.name': 'category_facets',
      'shop.view.outcome': 'refreshed',
      'shop.view.changed': expect.any(Number),
      'shop.outbox.tags': expect.any(Number),
    })
    expect(refresh.attributes['shop.view.changed']).toBeGreaterThan(0)
    expect(only('outbox relay').parentSpanId).toBe(refresh.spanId)
  })

  test('that could not refresh a view is failed, by the name of the error', async () => {
    await sql`update view_refreshes set refreshed_at = now() - interval '1 day'`
    const views = [{ name: 'no_such_view' as never, intervalMs: 1, debounceMs: 0, dueBy: [] }]
    await until('refresh-failed', (emit) => startRefreshing({ sql: traced.sql, emit, views }))
    expect(only('view refresh')).toMatchObject({ failed: true, parentSpanId: undefined })
  })

  test('that prunes says how many rows went', async () => {
    await sql`insert into outbox (tags, source, relayed_at) values ('{a}', 'products', now() - interval '2 hours')`
    await until('pruned', (emit) => startPruning({ sql: traced.sql, emit }))
    expect(drawTraces(recording.spans())).toBe('outbox prune\n  DELETE outbox')
    expect(only('outbox prune').attributes).toEqual({ 'shop.outbox.rows': 1 })
  })

  test('that halves traffic says how much was halved and forgotten', async () => {
    await sql`delete from product_traffic`
    await sql`insert into product_traffic values (1, 100, now() - interval '11 min'), (2, 1, now() - interval '11 min')`
    await until('traffic-faded', (emit) => startFading({ sql: traced.sql, emit }))
    expect(only('traffic fade').attributes).toEqual({ 'shop.traffic.halved': 2, 'shop.traffic.forgotten': 1 })
  })

  test('that audits says what it compared, and that nobody answered', async () => {
    await sql`insert into outbox (tags, source, relayed_at) select array['product:' || min(id)], 'products', now() from products`
    const urls = ['http://127.0.0.1:9']
    await until('audited', (emit) => startAudit({ sql: traced.sql, urls, emit }))
    expect(only('audit').attributes).toEqual({
      'shop.audit.age': 1,
      'shop.audit.products': 1,
      'shop.audit.differences': 0,
      'shop.audit.unanswered': 1,
    })
  })
})
