/** The outbox: what is open is relayed, by whoever comes first, and nothing is lost with who dies on the way. */

import { eq, sql as template } from 'drizzle-orm'
import { beforeEach, describe, expect, test } from 'vitest'

import { createClient } from '../src/connect.ts'
import {
  claimOutbox,
  claimPurges,
  connect,
  markRelayed,
  OUTBOX_KEPT_MS,
  type OutboxRow,
  outboxLag,
  ownTags,
  products,
  pruneOutbox,
  reopenOutbox,
  type Sql,
  tellEdge,
  traceOutbox,
} from '../src/index.ts'
import { insertProduct, useDatabase } from './database.ts'

const database = useDatabase()
const MINUTE = 60_000

beforeEach(() => database.sql`truncate outbox`)

/** A row with one tag, written so long ago, and relayed so long ago or open. */
async function write(
  tag: string,
  { writtenMs = 0, relayedMs }: { readonly writtenMs?: number; readonly relayedMs?: number } = {},
): Promise<number> {
  const [row] = await database.sql<{ id: number }[]>`
    insert into outbox (tags, source, created_at, relayed_at)
    values (${[tag]}, 'products', now() - ${writtenMs} * interval '1 ms',
      now() - ${relayedMs ?? null}::float8 * interval '1 ms') returning id`
  return row?.id ?? 0
}

/** Tags of open rows. */
async function open(): Promise<string[]> {
  const rows = await database.sql<{ tags: string[] }[]>`select tags from outbox where relayed_at is null order by id`
  return rows.flatMap(({ tags }) => tags)
}

/** A delivery that ends when the test says so. */
function gated(): {
  readonly deliver: (rows: readonly OutboxRow[]) => Promise<boolean>
  readonly begun: Promise<readonly OutboxRow[]>
  readonly end: (delivered: boolean) => void
} {
  const begun = Promise.withResolvers<readonly OutboxRow[]>()
  const ended = Promise.withResolvers<boolean>()
  const deliver = (rows: readonly OutboxRow[]): Promise<boolean> => {
    begun.resolve(rows)
    return ended.promise
  }
  return { deliver, begun: begun.promise, end: ended.resolve }
}

const tagsOf = (rows: readonly OutboxRow[]): string[] => rows.flatMap(({ tags }) => tags)
const accept = async () => true

describe('the writer', () => {
  test('finds what its own transaction has written, each tag once, and nothing of others', async () => {
    const { id } = await insertProduct(database.sql)
    const other = await insertProduct(database.sql)
    const own = await database.db.transaction(async (tx) => {
      await tx.execute(template`update products set slug = 'new' where id = ${id}`)
      await tx.update(products).set({ slug: 'newer' }).where(template`id = ${id}`)
      await database.sql`update products set slug = 'newest' where id = ${other.id}`
      return ownTags(tx)
    })
    expect(own.tags).toEqual([`product:${id}`])
    const rows = await database.sql<
      { id: number }[]
    >`select id from outbox where tags = ${[`product:${id}`]} order by id`
    expect(own.ids.slice(-2)).toEqual(rows.slice(-2).map((row) => row.id))
    expect(own.ids).toHaveLength(2)
  })

  test('says whose trace its rows belong to, and the next transaction of the connection says nothing', async () => {
    const { id } = await insertProduct(database.sql)
    await database.sql`truncate outbox`
    const traceParent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const single = connect({ url: database.url, max: 1 })
    for (const parent of [traceParent, undefined]) {
      await single.db.transaction(async (tx) => {
        await traceOutbox(tx, parent)
        await tx
          .update(products)
          .set({ name: `${parent}` })
          .where(eq(products.id, id))
      })
    }
    await single.close()

    let rows: readonly OutboxRow[] = []
    await claimOutbox(database.sql, { rows: 10 }, async (claimed) => {
      rows = claimed
      return true
    })
    expect([...new Set(rows.map((row) => row.traceParent))]).toEqual([traceParent, null])
  })

  test('that has written nothing has no tags, and uses up no transaction id', async () => {
    const [own, xid] = await database.db.transaction(async (tx) => [
      await ownTags(tx),
      await tx.execute(template`select pg_current_xact_id_if_assigned() as xid`),
    ])
    expect(own).toEqual({ ids: [], tags: [] })
    expect([...xid]).toEqual([{ xid: null }])
  })

  test('marks its rows, and the relay finds none', async () => {
    const ids = [await write('a'), await write('b')]
    await markRelayed(database.sql, ids)
    expect(await open()).toEqual([])
    expect(await claimOutbox(database.sql, { rows: 10 }, () => expect.unreachable('nothing is open'))).toEqual({
      rows: 0,
      relayed: false,
      more: false,
      oldestAt: undefined,
    })
  })

  test('marks nothing a second time, so that the hour begins once', async () => {
    const id = await write('a', { relayedMs: MINUTE })
    const at = () => database.sql`select relayed_at from outbox`
    const [before] = await at()
    await markRelayed(database.sql, [id])
    expect((await at())[0]).toEqual(before)
  })

  // relay:   claims ---------------------------- marks
  // writer:            markRelayed: passes over
  test('does not wait for a relay that holds its row', async () => {
    const id = await write('a')
    const relay = gated()
    const claim = claimOutbox(database.sql, { rows: 10 }, relay.deliver)
    await relay.begun
    await markRelayed(database.sql, [id])
    expect(await open()).toEqual(['a'])
    relay.end(true)
    await claim
    expect(await open()).toEqual([])
  })
})

describe('the relay', () => {
  test('is handed no more tags than it asked for, but one row at least, and hears that there is more', async () => {
    await database.sql`insert into outbox (tags, source) values
      (array['a', 'b', 'c'], 'products'), (array['d'], 'products'), (array['e', 'f'], 'products')`
    const handed: string[][] = []
    const claims = []
    for (let i = 0; i < 3; i++) {
      claims.push(
        await claimOutbox(database.sql, { rows: 10, tags: 2 }, async (rows) => {
          handed.push(rows.flatMap(({ tags }) => tags))
          return true
        }),
      )
    }
    expect(handed).toEqual([['a', 'b', 'c'], ['d'], ['e', 'f']])
    expect(claims.map(({ more }) => more)).toEqual([true, true, false])
  })

  test('is handed the oldest rows and marks them when they are delivered', async () => {
    await write('a', { writtenMs: 2 * MINUTE })
    await write('b')
    await write('c')
    let handed: readonly OutboxRow[] = []
    const claim = await claimOutbox(database.sql, { rows: 2 }, async (rows) => {
      handed = rows
      return true
    })
    expect(handed).toMatchObject([
      { tags: ['a'], source: 'products', id: expect.any(Number), createdAt: expect.any(Date) },
      { tags: ['b'] },
    ])
    expect(claim).toEqual({ rows: 2, relayed: true, more: true, oldestAt: handed[0]?.createdAt })
    expect(await open()).toEqual(['c'])
  })

  test('that could not deliver leaves the rows open', async () => {
    await write('a')
    expect(await claimOutbox(database.sql, { rows: 10 }, async () => false)).toMatchObject({ rows: 1, relayed: false })
    expect(await open()).toEqual(['a'])
  })

  test('that fails leaves the rows open and rejects with what failed', async () => {
    await write('a')
    const failure = new Error('Redis')
    await expect(claimOutbox(database.sql, { rows: 10 }, () => Promise.reject(failure))).rejects.toBe(failure)
    expect(await open()).toEqual(['a'])
  })

  // first:   claims a, b -------------------- marks
  // second:              claims c ----- marks
  test('never gets what another holds', async () => {
    for (const tag of ['a', 'b', 'c']) await write(tag)
    const first = gated()
    const claim = claimOutbox(database.sql, { rows: 2 }, first.deliver)
    expect(tagsOf(await first.begun)).toEqual(['a', 'b'])
    await claimOutbox(database.sql, { rows: 2 }, async (rows) => {
      expect(tagsOf(rows)).toEqual(['c'])
      return true
    })
    first.end(true)
    await claim
    expect(await open()).toEqual([])
  })

  test('of several at once each row is handed to one', async () => {
    for (let i = 0; i < 60; i++) await write(`t${i}`)
    const handed: string[] = []
    const drain = async (): Promise<void> => {
      for (;;) {
        const { rows } = await claimOutbox(database.sql, { rows: 7 }, async (rows) => {
          handed.push(...tagsOf(rows))
          return true
        })
        if (rows === 0) return
      }
    }
    await Promise.all([drain(), drain(), drain(), drain()])
    // A relay that meets only rows of others ends; what they hold is theirs to deliver.
    expect(handed.toSorted()).toEqual(Array.from({ length: 60 }, (_, i) => `t${i}`).toSorted())
    expect(await open()).toEqual([])
  })

  // first:   claims a ---- delivered ---- ╳ connection gone
  //                                            second: claims a
  test('that dies before it marked leaves the rows to the next', async () => {
    await write('a')
    const doomed: Sql = createClient(database.url, { max: 1, applicationName: 'doomed' })
    const relay = gated()
    const claim = claimOutbox(doomed, { rows: 10 }, relay.deliver).catch((error: unknown) => error)
    await relay.begun
    await database.sql`select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'doomed'`
    relay.end(true)
    expect(await claim).toBeInstanceOf(Error)
    await doomed.end({ timeout: 1 }) // The driver waits for ever for a connection that was killed at the wrong moment.
    expect(await open()).toEqual(['a'])
    expect(await claimOutbox(database.sql, { rows: 10 }, accept)).toMatchObject({ rows: 1, relayed: true })
  })

  // T1: row 1 ------------------------------------ commit
  //     T2: row 2 -- commit
  //                relay: claims 2                     relay: claims 1
  test('gets the row of a long transaction once that commits, however many newer ones it has seen', async () => {
    const { sql } = database
    let long = 0
    await sql.begin(async (tx) => {
      const [row] = await tx<{ id: number }[]>`
        insert into outbox (tags, source) values ('{long}', 'products') returning id`
      long = row?.id ?? 0
      const short = await write('short')
      expect(short).toBeGreaterThan(long)
      await claimOutbox(sql, { rows: 10 }, async (rows) => {
        expect(tagsOf(rows)).toEqual(['short'])
        return true
      })
      expect(await claimOutbox(sql, { rows: 10 }, accept)).toMatchObject({ rows: 0 })
    })
    await claimOutbox(sql, { rows: 10 }, async (rows) => {
      expect(rows).toMatchObject([{ id: long, tags: ['long'] }])
      return true
    })
  })
})

describe('the purger', () => {
  const LIMITS = { rows: 10, tags: 100, settledAfterMs: MINUTE }

  /** What is due, claimed and delivered: the tags, each with whether it was told before. */
  async function purge(sql: Sql = database.sql): Promise<[tag: string, again: boolean][]> {
    let told: [string, boolean][] = []
    await claimPurges(sql, LIMITS, async (rows) => {
      told = rows.flatMap(({ tags, again }) => tags.map((tag): [string, boolean] => [tag, again]))
    })
    return told
  }

  async function purges(): Promise<Record<string, number>> {
    const rows = await database.sql<{ tag: string; purges: number }[]>`select tags[1] as tag, purges from outbox`
    return Object.fromEntries(rows.map(({ tag, purges }) => [tag, purges]))
  }

  const settle = () => database.sql`update outbox set relayed_at = relayed_at - ${2 * MINUTE} * interval '1 ms'`

  // writer:  commit ────────── markRelayed
  // purger:          not due               due
  test('is handed a row when Redis has acknowledged it, and not before', async () => {
    const id = await write('a')
    expect(await purge()).toEqual([])
    await markRelayed(database.sql, [id])
    expect(await purge()).toEqual([['a', false]])
  })

  test('is handed it once more when it has settled, and then never again', async () => {
    await write('a', { relayedMs: 0 })
    expect(await purge()).toEqual([['a', false]])
    expect(await purge()).toEqual([])
    expect(await purges()).toEqual({ a: 1 })
    await settle()
    expect(await purge()).toEqual([['a', true]])
    expect(await purge()).toEqual([])
    expect(await purges()).toEqual({ a: 2 })
  })

  test('that comes when a row has settled is done with it at once', async () => {
    await write('late', { relayedMs: 2 * MINUTE })
    await write('now', { relayedMs: 0 })
    expect(await purge()).toEqual([
      ['late', false],
      ['now', false],
    ])
    expect(await purges()).toEqual({ late: 2, now: 1 })
  })

  // relay:   begins ── claims ── Redis: done ── marks
  //             └ now()                            └ from here it counts, or the second purge would come too early
  test('counts from when Redis had acknowledged, not from when the relay began', async () => {
    await write('a')
    const relay = gated()
    const claim = claimOutbox(database.sql, { rows: 10 }, relay.deliver)
    await relay.begun
    const [before] = await database.sql<{ at: Date }[]>`select clock_timestamp() as at`
    relay.end(true)
    await claim
    const [row] = await database.sql<{ relayed_at: Date }[]>`select relayed_at from outbox`
    expect(row?.relayed_at.getTime()).toBeGreaterThanOrEqual(before?.at.getTime() ?? Number.POSITIVE_INFINITY)
  })

  test('that fails or dies leaves the rows as they were', async () => {
    await write('a', { relayedMs: 0 })
    const failure = new Error('The edge is away')
    await expect(claimPurges(database.sql, LIMITS, () => Promise.reject(failure))).rejects.toBe(failure)
    expect(await purges()).toEqual({ a: 0 })

    const doomed: Sql = createClient(database.url, { max: 1, applicationName: 'doomed' })
    const begun = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<void>()
    const claim = claimPurges(doomed, LIMITS, () => {
      begun.resolve()
      return ended.promise
    }).catch((error: unknown) => error)
    await begun.promise
    await database.sql`select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'doomed'`
    ended.resolve()
    expect(await claim).toBeInstanceOf(Error)
    await doomed.end({ timeout: 1 }) // The driver waits for ever for a connection that was killed at the wrong moment.
    expect(await purge()).toEqual([['a', false]])
  })

  // first:   claims a ──────────────── tells the edge ── marks
  // second:            claims b only
  test('never gets what another holds', async () => {
    await write('a', { relayedMs: 0 })
    const begun = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<void>()
    const first = claimPurges(database.sql, LIMITS, () => {
      begun.resolve()
      return ended.promise
    })
    await begun.promise
    await write('b', { relayedMs: 0 })
    expect(await purge()).toEqual([['b', false]])
    ended.resolve()
    expect(await first).toEqual({ rows: 1, more: false })
    expect(await purges()).toEqual({ a: 1, b: 1 })
  })

  test('is handed no more rows and tags than it asked for, but one row at least, and hears that there is more', async () => {
    await database.sql`insert into outbox (tags, source, relayed_at) values
      (array['a', 'b', 'c'], 'products', now()), (array['d'], 'products', now()), (array['e', 'f'], 'products', now())`
    const handed: string[][] = []
    const claims = []
    for (let i = 0; i < 4; i++) {
      claims.push(
        await claimPurges(database.sql, { ...LIMITS, tags: 2 }, async (rows) => {
          handed.push(tagsOf(rows))
        }),
      )
    }
    expect(handed).toEqual([['a', 'b', 'c'], ['d'], ['e', 'f']])
    expect(claims).toEqual([
      { rows: 1, more: true },
      { rows: 1, more: true },
      { rows: 1, more: false },
      { rows: 0, more: false },
    ])
  })

  test('is told of an act by hand, of which the relay hears only if Redis had not', async () => {
    await tellEdge(database.sql, { tags: ['mine'], source: 'admin', relayed: true })
    await tellEdge(database.sql, { tags: ['theirs too'], source: 'admin', relayed: false })
    expect(await open()).toEqual(['theirs too'])
    expect(await purge()).toEqual([['mine', false]])
  })

  test('is not told again of what is only relayed again, after Redis has forgotten', async () => {
    await write('a', { relayedMs: 2 * MINUTE })
    expect(await purge()).toEqual([['a', false]])
    await reopenOutbox(database.sql)
    await claimOutbox(database.sql, { rows: 10 }, accept)
    expect(await purge()).toEqual([])
  })
})

describe('an hour', () => {
  test('after it was relayed a row goes; an open one stays, however old', async () => {
    await write('old', { relayedMs: OUTBOX_KEPT_MS + MINUTE })
    await write('young', { relayedMs: OUTBOX_KEPT_MS - MINUTE })
    await write('open', { writtenMs: 2 * OUTBOX_KEPT_MS })
    expect(await pruneOutbox(database.sql)).toBe(1)
    const rows = await database.sql<{ tags: string[] }[]>`select tags from outbox order by id`
    expect(rows.flatMap(({ tags }) => tags)).toEqual(['young', 'open'])
    expect(await pruneOutbox(database.sql, { olderThanMs: MINUTE })).toBe(1)
  })

  test('is opened again in a whole, and nothing before it', async () => {
    await write('old', { relayedMs: OUTBOX_KEPT_MS + MINUTE })
    await write('a', { relayedMs: OUTBOX_KEPT_MS - MINUTE })
    await write('b', { relayedMs: 0 })
    await write('open')
    expect(await reopenOutbox(database.sql, { withinMs: 10 * MINUTE })).toBe(1)
    expect(await open()).toEqual(['b', 'open'])
    expect(await reopenOutbox(database.sql)).toBe(1)
    expect(await open()).toEqual(['a', 'b', 'open'])
  })

  test('may have more rows than one statement takes', async () => {
    await database.sql`
      insert into outbox (tags, source, relayed_at)
      select '{many}', 'products', now() - interval '1 minute' from generate_series(1, 12001)`
    expect(await reopenOutbox(database.sql)).toBe(12_001)
    await database.sql`update outbox set relayed_at = now() - interval '2 hours'`
    expect(await pruneOutbox(database.sql)).toBe(12_001)
  })
})

describe('the lag', () => {
  test('is nothing when nothing is open', async () => {
    await write('a', { writtenMs: MINUTE, relayedMs: 0 })
    expect(await outboxLag(database.sql)).toEqual({ open: 0, ageMs: 0 })
  })

  test('counts open rows and the age of the oldest', async () => {
    await write('a', { writtenMs: MINUTE })
    await write('b')
    const { open, ageMs } = await outboxLag(database.sql)
    expect(open).toBe(2)
    expect(ageMs).toBeGreaterThan(MINUTE - 1) // The instant is kept to the nearest millisecond.
    expect(ageMs).toBeLessThan(2 * MINUTE)
  })
})

test('claiming, pruning, purging and the writer find their rows by an index', async () => {
  const { sql } = database
  await sql`
    insert into outbox (tags, source, relayed_at)
    select '{a}', 'products', case when i % 100 > 0 then now() end from generate_series(1, 20000) i`
  await sql`analyze outbox`
  const indexOf = async (query: string): Promise<string> => {
    const rows = await sql.unsafe<{ 'QUERY PLAN': string }[]>(`explain ${query}`)
    return rows.map((row) => row['QUERY PLAN']).join('\n')
  }
  expect(await indexOf('select id from outbox where relayed_at is null order by id limit 10 for update')).toContain(
    'outbox_open',
  )
  expect(
    await indexOf(`select id from outbox where relayed_at < now() - interval '1 hour' order by relayed_at limit 10`),
  ).toContain('outbox_relayed')
  expect(await indexOf('select id from outbox where xid = pg_current_xact_id_if_assigned()')).toContain(
    'outbox_transaction',
  )
  await sql`update outbox set purges = 2 where id % 100 > 0`
  await sql`analyze outbox`
  expect(
    await indexOf(`select id from outbox where relayed_at is not null and purges < 2
      and (purges = 0 or relayed_at <= now() - 1000 * interval '1 ms') order by id limit 10 for update skip locked`),
  ).toContain('outbox_unpurged')
})
