/** The views: as true as the query they stand for, refreshed by one at a time, and told to the caches row by row. */

import { getViewName } from 'drizzle-orm'
import { getMaterializedViewConfig } from 'drizzle-orm/pg-core'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import * as shop from '../src/index.ts'
import { refreshView, seed, VIEWS, type ViewName, viewAges } from '../src/index.ts'
import { createDatabase, insertCustomer, useDatabase } from './database.ts'

const database = useDatabase()
const names = VIEWS.map(({ name }) => name)

beforeAll(async () => {
  await seed(database.url, { size: 'tiny' })
})

beforeEach(() => database.sql`delete from outbox`)

interface Told {
  readonly tags: readonly string[]
  readonly source: string
}

async function toldBy(view: ViewName): Promise<readonly Told[]> {
  return [...(await database.sql<Told[]>`select tags, source from outbox where source = ${view} order by id`)]
}

async function contents(view: ViewName, definition = false): Promise<string> {
  const { sql } = database
  const [row] = await sql<{ definition: string }[]>`
    select pg_get_viewdef(${view}::regclass) as definition`
  const from = definition ? `(${row?.definition.replace(/;$/, '')})` : view
  const [hash] = await sql.unsafe<{ hash: string }[]>(
    `select md5(string_agg(r::text, '|' order by r::text)) as hash from (select * from ${from} d) r`,
  )
  return hash?.hash ?? ''
}

describe('a migrated and seeded database', () => {
  test.each(names)('has rows in %s, and they are those of the query', async (view) => {
    const [row] = await database.sql<{ count: number }[]>`select count(*) from ${database.sql(view)}`
    expect(row?.count).toBeGreaterThan(30)
    expect(await contents(view)).toBe(await contents(view, true))
  })

  test('knows the age of every view, and of no other', async () => {
    const ages = await viewAges(database.sql)
    expect(ages.map(({ view }) => view)).toEqual(names.toSorted())
    for (const { ageMs, error, failedAt } of ages) {
      expect(ageMs).toBeGreaterThanOrEqual(0)
      expect({ error, failedAt }).toEqual({ error: null, failedAt: null })
    }
  })

  test('has a unique index on the key of each view', async () => {
    const rows = await database.sql<{ view: string; key: string }[]>`
      select c.relname as view, min(a.attname) as key
        from pg_index i join pg_class c on c.oid = i.indrelid
          join pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey)
        where c.relkind = 'm' and i.indisunique and i.indpred is null
        group by c.relname, i.indexrelid having count(*) = 1`
    for (const { name, key } of VIEWS) expect(rows).toContainEqual({ view: name, key })
  })

  test('has the columns that drizzle reads', async () => {
    const declared = [
      ...[shop.categoryFacets, shop.categoryCounts, shop.bestSellers7, shop.bestSellers30],
      ...[shop.productRatings, shop.boughtTogether],
    ]
    expect(declared.map(getViewName).toSorted()).toEqual(names.toSorted())
    for (const view of declared) {
      const { name, selectedFields } = getMaterializedViewConfig(view)
      const rows = await database.sql<{ column: string }[]>`
        select attname as column from pg_attribute where attrelid = ${name}::regclass and attnum > 0 order by attnum`
      const columns = Object.values(selectedFields as Record<string, { readonly name: string }>)
      expect(columns.map((column) => column.name)).toEqual(rows.map(({ column }) => column))
      expect(await database.db.select().from(view).limit(1)).toHaveLength(1)
    }
  })

  test('told everything once, when it was seeded', async () => {
    const url = await createDatabase()
    await seed(url, { size: 'tiny' })
    const { sql, close } = shop.connect({ url, max: 1 })
    expect([...(await sql`select tags, source, relayed_at from outbox`)]).toEqual([
      {
        tags: ['products', 'lists', 'categories', 'counts', 'facets', 'ratings', 'related', 'best-sellers'],
        source: 'seed',
        relayed_at: null,
      },
    ])
    await close()
  })
})

describe('what the views say', () => {
  test('counts and facets are of active products, with all that is below', async () => {
    const rows = await database.sql`
      select f.slug from category_facets f join category_counts n using (category_id)
        join categories c on c.id = f.category_id
        cross join lateral (
          select count(*) as products, count(*) filter (where in_stock) as in_stock, min(price_amount), max(price_amount)
            from products p join categories b on b.id = p.category_id
            where p.status = 'active' and (b.id = c.id or b.path like c.path || '/%')) live
        where (f.products, f.in_stock, f.min_price, f.max_price, n.products, n.in_stock) is distinct from
          (live.products, live.in_stock, live.min, live.max, live.products, live.in_stock)`
    expect([...rows]).toEqual([])
  })

  test('the parts of a facet add up, and name what a list would find', async () => {
    const facets = await database.db.select().from(shop.categoryFacets)
    for (const { products, brands, prices, ratings, minPrice, maxPrice } of facets) {
      const sum = (parts: readonly { readonly products: number }[]) =>
        parts.reduce((all, part) => all + part.products, 0)
      expect(sum(brands)).toBe(products)
      expect(sum(prices)).toBe(products)
      expect(sum(ratings)).toBeLessThanOrEqual(products)
      expect([prices.at(0)?.from, prices.at(-1)?.to]).toEqual([minPrice ?? undefined, maxPrice ?? undefined])
      expect(prices.every(({ from, to }) => from <= to)).toBe(true)
    }
  })

  test('a category without products has a row of nothing', async () => {
    await database.sql`insert into categories (slug, name) values ('empty', 'Empty')`
    await refreshView(database.sql, 'category_facets')
    const [row] = await database.sql`select * from category_facets where slug = 'empty'`
    expect(row).toMatchObject({ products: 0, in_stock: 0, min_price: null, brands: [], prices: [], ratings: [] })
    await database.sql`delete from categories where slug = 'empty'`
    await refreshView(database.sql, 'category_facets')
  })

  test('a best seller is active and was not cancelled, and ranks have no gap', async () => {
    const rows = await database.db.select().from(shop.bestSellers7)
    expect(rows.map(({ rank }) => rank).toSorted((a, b) => a - b)).toEqual(rows.map((_, i) => i + 1))
    const [first] = rows
    const live = await database.sql`
      select sum(l.quantity)::int as units, count(distinct o.id)::int as orders
        from orders o join order_lines l on l.order_id = o.id join variants v on v.id = l.variant_id
        where v.product_id = ${first?.productId ?? 0} and o.status <> 'cancelled'
          and o.created_at > (select max(created_at) from orders) - interval '7 days'`
    expect(live[0]).toEqual({ units: first?.units, orders: first?.orders })
  })

  test('ratings are those of the products', async () => {
    const rows = await database.sql`
      select p.id from products p left join product_ratings r on r.product_id = p.id
        where (p.rating_average, p.rating_count) is distinct from (r.average, coalesce(r.count, 0))
          or (select sum(n) from unnest(r.stars) n) <> r.count`
    expect([...rows]).toEqual([])
  })

  test('bought together are eight others at most, the most frequent first', async () => {
    const [row] = await database.db.select().from(shop.boughtTogether).limit(1)
    if (row === undefined) throw new Error('The view is empty')
    expect(row.others.length).toBeLessThanOrEqual(8)
    expect(row.others).not.toContain(row.productId)
    const times = await database.sql<{ times: number }[]>`
      select (select count(distinct a.order_id) from order_lines a join variants av on av.id = a.variant_id
          join order_lines b on b.order_id = a.order_id join variants bv on bv.id = b.variant_id
          join orders o on o.id = a.order_id
          where av.product_id = ${row.productId} and bv.product_id = other and o.status <> 'cancelled') as times
        from unnest(${[...row.others]}::bigint[]) with ordinality as o(other, place) order by place`
    const counted = times.map((one) => one.times)
    expect(counted).toEqual(counted.toSorted((a, b) => b - a))
  })
})

describe('a refresh', () => {
  test.each(names)('of %s that finds nothing new tells nothing, and is dated', async (view) => {
    const ageOf = async () => (await viewAges(database.sql)).find((age) => age.view === view)?.ageMs ?? 0
    const before = await ageOf()
    expect(await refreshView(database.sql, view)).toMatchObject({ type: 'refreshed', changed: 0, tags: [] })
    expect(await toldBy(view)).toEqual([])
    expect(await ageOf()).toBeLessThan(before)
  })

  test('tells the categories on the path of what was sold out, and no other', async () => {
    const { sql } = database
    const [product] = await sql<{ id: number; path: string }[]>`
      select p.id, c.path from products p join categories c on c.id = p.category_id
        where p.status = 'active' and p.in_stock order by p.id limit 1`
    await sql`update stock set quantity = 0 where variant_id in (select id from variants where product_id = ${product?.id ?? 0})`
    const tags = product?.path.split('/').map((slug) => `facets:${slug}`)
    const refresh = await refreshView(sql, 'category_facets')
    expect(refresh).toMatchObject({ changed: 3, tags: tags?.toSorted() })
    expect(await toldBy('category_facets')).toEqual([{ source: 'category_facets', tags: tags?.toSorted() }])
    expect(await refreshView(sql, 'category_counts')).toMatchObject({ changed: 3, tags: ['counts'] })
  })

  test('tells it in the trace that it was given', async () => {
    const { sql } = database
    const traceParent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    await sql`update products set brand = 'Another' where id = (select min(id) from products where status = 'active')`
    await refreshView(sql, 'category_facets', { traceParent })
    const rows = await sql`select trace_parent from outbox where source = 'category_facets'`
    expect(rows).toEqual([{ trace_parent: traceParent }])
  })

  test('tells both slugs of a category that was renamed', async () => {
    const { sql } = database
    const [category] = await sql<{ id: number; slug: string }[]>`
      select id, slug from categories where parent_id is not null order by id limit 1`
    await sql`update categories set slug = 'renamed' where id = ${category?.id ?? 0}`
    expect(await refreshView(sql, 'category_facets')).toMatchObject({
      changed: 1,
      tags: [`facets:${category?.slug}`, 'facets:renamed'].toSorted(),
    })
  })

  test('tells the products that were reviewed, also the first time and the last', async () => {
    const { sql } = database
    const [product] = await sql<{ id: number }[]>`
      select id from products p where not exists (select from reviews r where r.product_id = p.id) limit 1`
    const id = product?.id ?? 0
    const customer = await insertCustomer(sql)
    const change = { changed: 1, tags: [`ratings:${id}`] }
    await sql`insert into reviews (product_id, customer_id, rating, title) values (${id}, ${customer}, 5, 't')`
    expect(await refreshView(sql, 'product_ratings')).toMatchObject(change)
    await sql`delete from reviews where product_id = ${id}`
    expect(await refreshView(sql, 'product_ratings')).toMatchObject(change)
  })

  test('tells the wide tag when more rows changed than it may name', async () => {
    await database.sql`update products set brand = 'Brand' where id <= 10`
    const refresh = await refreshView(database.sql, 'category_facets', { limit: 2 })
    expect(refresh).toMatchObject({ tags: ['facets'] })
    expect(await toldBy('category_facets')).toHaveLength(1)
  })

  test('of best sellers tells their one tag', async () => {
    await database.sql`update products set status = 'archived' where id = (select product_id from best_sellers_7 where rank = 1)`
    expect(await refreshView(database.sql, 'best_sellers_7')).toMatchObject({ tags: ['best-sellers'] })
  })

  // first:    holds the lock --------------------- ends
  // second:            busy
  test('does nothing while another is at work on the view', async () => {
    const { sql } = database
    await sql.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(7316003, hashtext('category_facets'))`
      expect(await refreshView(sql, 'category_facets')).toEqual({ type: 'busy' })
      expect(await refreshView(sql, 'category_counts')).toMatchObject({ type: 'refreshed' })
    })
    expect(await refreshView(sql, 'category_facets')).toMatchObject({ type: 'refreshed' })
  })

  test('of several at once works once for each change', async () => {
    await database.sql`update products set brand = 'Other' where id <= 5`
    const refreshes = await Promise.all(Array.from({ length: 4 }, () => refreshView(database.sql, 'category_facets')))
    const changed = refreshes.filter((refresh) => refresh.type === 'refreshed' && refresh.changed > 0)
    expect(changed).toHaveLength(1)
    expect(await toldBy('category_facets')).toHaveLength(1)
  })

  // reader:   select ------ select ------------- select
  // refresh:      old rows           commit           new rows
  test('keeps no reader waiting', async () => {
    const { sql } = database
    await sql.begin(async (tx) => {
      await tx`select count(*) from category_counts`
      // This reader's lock stands until its transaction ends.
      expect(await refreshView(sql, 'category_counts')).toMatchObject({ type: 'refreshed' })
    })
  })
})

describe('a refresh that fails', () => {
  afterEach(async () => {
    await database.sql.unsafe(PRICE_BAND)
    await refreshView(database.sql, 'category_facets')
  })

  const PRICE_BAND = `create or replace function price_band(amount integer) returns integer
    language sql immutable strict parallel safe as $$ select length(ltrim(amount::bit(32)::text, '0')) $$`

  test('keeps the old rows, says since when and why, and rejects', async () => {
    const { sql } = database
    const before = await contents('category_facets')
    await sql`update products set brand = 'Unseen' where id <= 5`
    await sql.unsafe(`create or replace function price_band(amount integer) returns integer language plpgsql immutable strict
      as $$ begin raise exception 'out of order: %', repeat('x', 1000); end $$`)
    await expect(refreshView(sql, 'category_facets')).rejects.toThrow('out of order')
    expect(await contents('category_facets')).toBe(before)
    expect(await toldBy('category_facets')).toEqual([])
    const failed = (await viewAges(sql)).find(({ view }) => view === 'category_facets')
    expect(failed).toMatchObject({ failedAt: expect.any(Date), error: expect.stringMatching(/^out of order: x+$/) })
    expect(failed?.error).toHaveLength(200)

    await sql.unsafe(PRICE_BAND)
    expect(await refreshView(sql, 'category_facets')).toMatchObject({ type: 'refreshed' })
    expect((await viewAges(sql)).find(({ view }) => view === 'category_facets')).toMatchObject({
      failedAt: null,
      error: null,
    })
  })

  test('because it takes too long is ended by the database', async () => {
    await expect(refreshView(database.sql, 'bought_together', { timeoutMs: 1 })).rejects.toMatchObject({
      code: '57014',
    })
    expect((await viewAges(database.sql)).find(({ view }) => view === 'bought_together')?.error).toContain('timeout')
    expect(await refreshView(database.sql, 'bought_together')).toMatchObject({ type: 'refreshed' })
  })

  test('leaves the timeout of the connection as it was', async () => {
    const connection = await database.sql.reserve()
    const [before] = await connection`show statement_timeout`
    connection.release()
    await refreshView(database.sql, 'category_counts', { timeoutMs: 60_000 })
    const shown = await Promise.all(Array.from({ length: 10 }, () => database.sql`show statement_timeout`))
    for (const [after] of shown) expect(after).toEqual(before)
  })
})

test('each view is due in bounded time, and by what changes it', () => {
  expect(new Set(names).size).toBe(names.length)
  for (const { intervalMs, debounceMs } of VIEWS) {
    expect(intervalMs).toBeLessThanOrEqual(60 * 60_000)
    expect(debounceMs).toBeLessThan(intervalMs)
  }
})
