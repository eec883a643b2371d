/** The schedule of the views and their refresh, over a real database. */

import { refreshView, type Sql } from '@shop/db'
import { afterAll, afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'

import type { WorkerEvent } from '../src/events.ts'
import { startRefreshing } from '../src/refresh.ts'
import { type ScheduledView, type ViewSchedule, viewSchedule } from '../src/view-schedule.ts'
import { createDatabase } from './database.ts'
import { World } from './world.ts'

const database = await createDatabase()
afterAll(() => database.close())
const { sql } = database

const HOUR = 3_600_000
const facets: ScheduledView = {
  name: 'category_facets',
  intervalMs: HOUR,
  debounceMs: 0,
  dueBy: ['products', 'categories'],
}
const bestSellers: ScheduledView = { name: 'best_sellers_7', intervalMs: HOUR, debounceMs: 0, dueBy: ['seed'] }

let brands = 0

beforeEach(async () => {
  await sql`truncate outbox`
  await sql`update view_refreshes set refreshed_at = clock_timestamp(), duration_ms = 0`
})

/** Another brand each time, so that the view becomes another. */
async function write(tx: Sql = sql): Promise<void> {
  await tx`update products set brand = ${`Brand ${++brands}`} where id = 1 and status = 'active'`
}

async function relay(): Promise<void> {
  await sql`update outbox set relayed_at = now() where relayed_at is null`
}

async function dueNames(schedule: ViewSchedule): Promise<string[]> {
  return (await schedule.due()).map(({ view }) => view.name)
}

/** After what has been written by now, beyond the margin of the schedule. */
async function refreshAfterAWhile(): Promise<void> {
  await sql`select pg_sleep(0.1)`
  await refreshView(sql, 'category_facets')
}

describe('the schedule', () => {
  test('a view that is young, and of whose sources nothing was written, is not due', async () => {
    await refreshAfterAWhile()
    expect(await dueNames(viewSchedule(sql, [facets, bestSellers]))).toEqual([])
  })

  test('one that is older than its interval is due, with its age', async () => {
    await sql`update view_refreshes set refreshed_at = now() - interval '2 hours' where view = 'category_facets'`
    const [due] = await viewSchedule(sql, [facets, bestSellers]).due()
    expect(due?.view.name).toBe('category_facets')
    expect(due?.ageMs).toBeGreaterThan(2 * HOUR - 1) // The instant is kept to the nearest millisecond.
  })

  test('one that was never refreshed is due', async () => {
    await sql.begin(async (tx) => {
      await tx`delete from view_refreshes where view = 'category_facets'`
      expect(await dueNames(viewSchedule(tx as unknown as Sql, [facets]))).toEqual(['category_facets'])
      await tx`insert into view_refreshes (view, refreshed_at, duration_ms, changed) values ('category_facets', now(), 0, 0)`
    })
  })

  test('a write makes those due that it concerns, whether it was relayed or not, and a refresh ends that', async () => {
    const schedule = viewSchedule(sql, [facets, bestSellers])
    await refreshAfterAWhile()
    expect(await dueNames(schedule)).toEqual([])
    await write()
    expect(await dueNames(schedule)).toEqual(['category_facets'])
    await relay()
    expect(await dueNames(schedule)).toEqual(['category_facets'])
    await refreshAfterAWhile()
    expect(await dueNames(schedule)).toEqual([])
  })

  test('a write that was relayed before this process looked for the first time counts', async () => {
    await refreshAfterAWhile()
    await write()
    await relay()
    expect(await dueNames(viewSchedule(sql, [facets]))).toEqual(['category_facets'])
  })

  // T1: row written ─────────────────────── commit ── relayed
  //                     refresh, sees nothing
  test('a write of a transaction that was open across a refresh is not missed', async () => {
    const schedule = viewSchedule(sql, [facets])
    await sql.begin(async (tx) => {
      await write(tx as unknown as Sql)
      await refreshAfterAWhile()
      expect(await dueNames(schedule)).toEqual([])
    })
    await relay()
    expect(await dueNames(schedule)).toEqual(['category_facets'])
  })

  test('a row whose mark is a moment older than the refresh counts as unseen, one that is much older as seen', async () => {
    await write()
    const relayedBefore = (ms: number) => sql`
      update outbox set relayed_at = (select refreshed_at from view_refreshes where view = 'category_facets')
        - ${ms} * interval '1 ms'`
    await relayedBefore(1_000)
    expect(await dueNames(viewSchedule(sql, [facets]))).toEqual([])
    await relayedBefore(10)
    expect(await dueNames(viewSchedule(sql, [facets]))).toEqual(['category_facets'])
  })

  test('the debounce counts from the first write, and those that follow put it off no further', async () => {
    const schedule = viewSchedule(sql, [{ ...facets, debounceMs: 3_000 }])
    await refreshAfterAWhile()
    await write()
    expect(await dueNames(schedule)).toEqual([])
    const beganAt = performance.now()
    await expect
      .poll(
        async () => {
          await write()
          return dueNames(schedule)
        },
        { timeout: 10_000, interval: 20 },
      )
      .toEqual(['category_facets'])
    expect(performance.now() - beganAt).toBeGreaterThan(2_500)
  })
})

describe('the refresh', () => {
  const events: WorkerEvent[] = []
  afterEach(() => void events.splice(0))

  function refreshing(): void {
    const job = startRefreshing({ sql, emit: (event) => events.push(event), views: [facets] })
    onTestFinished(() => job.stop())
  }

  const ofType = (type: WorkerEvent['type']) => events.filter((event) => event.type === type)

  test('of a view that changed writes the tags of what did into the outbox', async () => {
    await write()
    refreshing()
    await expect.poll(() => ofType('refreshed').length, { timeout: 20_000 }).toBeGreaterThan(0)
    expect(ofType('refreshed')[0]).toMatchObject({ view: 'category_facets', durationMs: expect.any(Number) })
    const rows = await sql<{ tags: string[] }[]>`select tags from outbox where source = 'category_facets'`
    expect(rows.flatMap(({ tags }) => tags)).toEqual(expect.arrayContaining([expect.stringMatching(/^facets:/)]))
  })

  test('by several at once is done by one of them', async () => {
    await refreshAfterAWhile()
    await write()
    for (let refresher = 0; refresher < 3; refresher++) refreshing()
    await expect.poll(() => ofType('refreshed').length, { timeout: 20_000 }).toBe(1)
    // Until the next one is done, each of them has had its turn at the first.
    await write()
    await expect.poll(() => ofType('refreshed').length, { timeout: 20_000 }).toBeGreaterThan(1)
    expect(ofType('refreshed')).toHaveLength(2)
  })

  test('by who found it due before another had refreshed it is not done again', async () => {
    await refreshAfterAWhile()
    await write()
    const [due] = await viewSchedule(sql, [facets]).due()
    expect((await refreshView(sql, 'category_facets', { ifBegunAt: due?.begunAt })).type).toBe('refreshed')
    expect((await refreshView(sql, 'category_facets', { ifBegunAt: due?.begunAt })).type).toBe('busy')
  })

  test('that fails is told with the age, leaves the old rows, and is tried again', async () => {
    const rows = async () => (await sql`select category_id, products from category_facets order by 1`).length
    const before = await rows()
    // Without a unique index nothing can be refreshed concurrently.
    await sql`drop index category_facets_category`
    await sql`drop index category_facets_slug`
    await write()
    refreshing()
    await expect.poll(() => ofType('refresh-failed').length, { timeout: 20_000 }).toBeGreaterThan(0)
    expect(ofType('refresh-failed')[0]).toMatchObject({
      view: 'category_facets',
      failures: 1,
      ageMs: expect.any(Number),
      error: expect.any(Error),
    })
    expect(await rows()).toBe(before)

    await sql`create unique index category_facets_category on category_facets (category_id)`
    await sql`create unique index category_facets_slug on category_facets (slug)`
    await expect.poll(() => ofType('refreshed').length, { timeout: 20_000 }).toBeGreaterThan(0)
  })
})

test('a worker refreshes what is due, and its relay carries the tags to the caches', async () => {
  const world = await World.open(database)
  await write()
  await sql`update view_refreshes set refreshed_at = now() - interval '1 day' where view = 'category_facets'`
  const worker = await world.worker()
  await expect
    .poll(() => worker.said('view refreshed').map(({ view }) => view), { timeout: 20_000 })
    .toContain('category_facets')
  expect(await sql`select from outbox where source = 'category_facets'`).not.toHaveLength(0)
  await world.allRelayed()
})
