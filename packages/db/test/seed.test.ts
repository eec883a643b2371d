/** The tiny seed: the same rows everywhere, whole or not at all, and true to what the triggers would have written. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { beforeAll, describe, expect, test } from 'vitest'

import { connect, migrate, type SeedProgress, type SeedResult, seed } from '../src/index.ts'
import { createDatabase, useDatabase } from './database.ts'

const database = useDatabase()
const progress: SeedProgress[] = []
let result: SeedResult

const TABLES = [
  'categories',
  'products',
  'variants',
  'prices',
  'stock',
  'customers',
  'reviews',
  'orders',
  'order_lines',
]

beforeAll(async () => {
  result = await seed(database.url, { size: 'tiny', report: (step) => progress.push(step) })
})

/** A hash over all rows of each table, whatever order they lie in. */
async function contentHashes(url: string): Promise<Record<string, string>> {
  const { sql, close } = connect({ url, max: 1 })
  const hashes: Record<string, string> = {}
  for (const table of TABLES) {
    const [row] = await sql<{ hash: string }[]>`
      select md5(string_agg(md5(t::text), '' order by md5(t::text) collate "C")) as hash from ${sql(table)} t`
    hashes[table] = row?.hash ?? ''
  }
  await close()
  return hashes
}

/** How many rows a query finds that should not be there. */
async function count(query: string): Promise<number> {
  const [row] = await database.sql.unsafe<{ count: number }[]>(`select count(*) from (${query}) wrong`)
  return row?.count ?? -1
}

describe('the same rows', () => {
  // A new hash means that every seeded database differs from those made before: raise SEED_VERSION with it.
  test('on every machine', async () => {
    expect(await contentHashes(database.url)).toEqual(HASHES)
  })

  test('in another database', async () => {
    const url = await createDatabase()
    await seed(url, { size: 'tiny' })
    expect(await contentHashes(url)).toEqual(await contentHashes(database.url))
  })

  test('as many as the size says', async () => {
    expect(result).toEqual({
      size: 'tiny',
      seeded: true,
      counts: {
        ...{ categories: 36, products: 500, customers: 1_000, reviews: 5_000, orders: 3_000, order_lines: 10_000 },
        ...{ variants: VARIANTS, prices: VARIANTS, stock: VARIANTS },
      },
    })
  })
})

describe('once', () => {
  test('a second seed of the same size changes nothing', async () => {
    const { sql } = database
    const state = () => sql`select c.relname, c.relfilenode, s.n_tup_ins, s.n_tup_upd, s.n_tup_del
      from pg_class c join pg_stat_user_tables s on s.relid = c.oid order by 1`
    const before = await state()
    const again = await seed(database.url, { size: 'tiny', report: () => expect.unreachable('nothing is written') })
    expect(again).toEqual({ ...result, seeded: false })
    expect([...(await state())]).toEqual([...before])
  })

  test('two at once: one writes, the other finds it written', async () => {
    const url = await createDatabase()
    const results = await Promise.all([seed(url, { size: 'tiny' }), seed(url, { size: 'tiny' })])
    expect(results.map(({ seeded }) => seeded).toSorted()).toEqual([false, true])
    expect(await contentHashes(url)).toEqual(HASHES)
  })

  test('another size is refused, and the message says what to do', async () => {
    await expect(seed(database.url, { size: 'demo' })).rejects.toMatchObject({
      code: 'SEED_OTHER_SEED',
      message: expect.stringMatching(/"tiny".*"demo".*npm run reset/),
    })
  })

  test('another version of the same size is refused', async () => {
    const url = await createDatabase()
    const { sql, close } = connect({ url, max: 1 })
    await sql`insert into seed_runs (size, version) values ('tiny', 0)`
    await expect(seed(url, { size: 'tiny' })).rejects.toMatchObject({ code: 'SEED_OTHER_SEED' })
    await close()
  })

  test('rows of somebody else are refused and kept', async () => {
    const url = await createDatabase()
    const { sql, close } = connect({ url, max: 1 })
    await sql`insert into categories (slug, name) values ('mine', 'Mine')`
    await expect(seed(url, { size: 'tiny' })).rejects.toMatchObject({ code: 'SEED_OTHER_ROWS' })
    expect((await sql`select slug from categories`)[0]).toEqual({ slug: 'mine' })
    await close()
  })

  test('a database without tables is told to migrate', async () => {
    const url = await createDatabase({ migrated: false })
    await expect(seed(url, { size: 'tiny' })).rejects.toMatchObject({ code: 'SEED_NOT_MIGRATED' })
    await migrate(url)
    expect(await seed(url, { size: 'tiny' })).toMatchObject({ seeded: true })
  })
})

describe('whole or not at all', () => {
  const schema = (url: string) => async (): Promise<unknown> => {
    const { sql, close } = connect({ url, max: 1 })
    const rows = await sql`
      select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint
        where connamespace = 'public'::regnamespace
      union all select indexname, indexdef from pg_indexes where schemaname = 'public'
      union all select tgname, tgenabled::text from pg_trigger where not tgisinternal
      order by 1, 2`
    await close()
    return [...rows]
  }

  test('constraints, indexes and triggers are as the migrations made them', async () => {
    expect(await schema(database.url)()).toEqual(await schema(await createDatabase())())
  })

  // COPY categories … COPY reviews, SIGKILL         the server rolls back
  test('a seed that is killed leaves an empty database that can be seeded', async () => {
    const url = await createDatabase()
    const script = `
      import { seed } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)}
      await seed(process.argv[1], { size: 'tiny', report({ table }) {
        if (table === 'reviews') process.kill(process.pid, 'SIGKILL')
      } })`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, url], { stdio: 'ignore' })
    const [, signal] = await once(child, 'exit')
    expect(signal).toBe('SIGKILL')

    const { sql, close } = connect({ url, max: 1 })
    const [row] = await sql<{ count: number }[]>`
      select (select count(*) from products) + (select count(*) from seed_runs) as count`
    expect(row?.count).toBe(0)
    await close()
    expect(await seed(url, { size: 'tiny' })).toMatchObject({ seeded: true })
    expect(await contentHashes(url)).toEqual(HASHES)
  })

  test('progress ends at the total of each table, in the order of writing', () => {
    expect(progress.filter(({ done, total }) => done === total).map(({ table }) => table)).toEqual(TABLES)
    expect(progress.every(({ done, total }) => done > 0 && done <= total)).toBe(true)
  })

  test('the planner has statistics at once', async () => {
    const [row] = await database.sql<{ count: number }[]>`select count(*) from pg_stats where tablename = 'products'`
    expect(row?.count).toBeGreaterThan(10)
  })

  test('new rows get ids after the seeded ones', async () => {
    const url = await createDatabase()
    await seed(url, { size: 'tiny' })
    const { sql, close } = connect({ url, max: 1 })
    const [category] = await sql`insert into categories (slug, name) values ('new', 'New') returning id`
    const [customer] = await sql`insert into customers (email, name) values ('new@example.com', 'New') returning id`
    expect([category, customer]).toEqual([{ id: 37 }, { id: 1_001 }])
    await close()
  })
})

describe('consistent', () => {
  test.each([
    [
      'derived prices, currency and stock are what the triggers derive',
      `select p.id from products p
       left join lateral (
         select pr.amount, pr.compare_at, pr.currency from variants v join prices pr on pr.variant_id = v.id
         where v.product_id = p.id order by pr.amount, v.position, v.id limit 1) low on true
       left join lateral (
         select bool_or(s.quantity > 0) as available from variants v join stock s on s.variant_id = v.id
         where v.product_id = p.id) goods on true
       where (p.price_amount, p.price_compare_at, p.currency, p.in_stock)
         is distinct from (low.amount, low.compare_at, low.currency, goods.available)`,
    ],
    [
      'ratings agree with the reviews',
      `select p.id from products p left join reviews r on r.product_id = p.id group by p.id
       having (p.rating_average, p.rating_count::bigint) is distinct from (round(avg(r.rating), 2), count(r.id))`,
    ],
    [
      'order totals add up',
      `select o.id from orders o left join order_lines l on l.order_id = o.id group by o.id
       having o.items_amount is distinct from sum(l.line_amount) or o.total_amount <> o.items_amount + o.shipping_amount`,
    ],
    [
      'order lines have the price of their day',
      `select 1 from order_lines l join orders o on o.id = l.order_id join prices p on p.variant_id = l.variant_id
       where l.unit_amount <> case when o.created_at < p.updated_at then coalesce(p.compare_at, p.amount) else p.amount end`,
    ],
    [
      'nothing is ordered or reviewed before it exists, nor by somebody who does not',
      `select 1 from order_lines l join orders o on o.id = l.order_id join variants v on v.id = l.variant_id
         join products p on p.id = v.product_id join customers c on c.id = o.customer_id
         where o.created_at < p.created_at or o.created_at < c.created_at
       union all
       select 1 from reviews r join products p on p.id = r.product_id join customers c on c.id = r.customer_id
         where r.created_at < p.created_at or r.created_at < c.created_at`,
    ],
    [
      'paths are those of the tree',
      `with recursive tree as (
         select id, slug as path from categories where parent_id is null
         union all select c.id, t.path || '/' || c.slug from categories c join tree t on c.parent_id = t.id)
       select 1 from categories c left join tree t using (id) where c.path is distinct from t.path`,
    ],
    ['products are in leaves only', 'select 1 from products p join categories c on c.parent_id = p.category_id'],
    [
      'every variant has a price and a stock',
      'select id from variants v full join prices p on p.variant_id = v.id full join stock s on s.variant_id = v.id where v.id is null or p.amount is null or s.quantity is null',
    ],
    [
      'slugs end in the model, which names the variants',
      `select 1 from products p join variants v on v.product_id = p.id where not starts_with(v.sku, upper(right(p.slug, 7)))`,
    ],
    [
      'nothing happens after the base date',
      `select 1 from products where updated_at > '2026-11-01' union all select 1 from orders where created_at > '2026-11-01'`,
    ],
  ])('%s', async (_fact, wrong) => {
    expect(await count(wrong)).toBe(0)
  })

  test('the triggers, asked to derive everything again, change nothing but versions', async () => {
    const columns = `id, price_amount, price_compare_at, currency, in_stock, rating_average, rating_count`
    const derived = () => database.sql.unsafe(`select ${columns} from products order by id`)
    const before = [...(await derived())]
    const rolledBack = new Error('rolled back')
    await database.sql
      .begin(async (tx) => {
        await tx`select products_derive(array_agg(id)), products_derive_rating(array_agg(id)) from products`
        expect([...(await tx.unsafe(`select ${columns} from products order by id`))]).toEqual(before)
        throw rolledBack
      })
      .catch((error: unknown) => expect(error).toBe(rolledBack))
  })
})

const VARIANTS = 1_463

const HASHES: Readonly<Record<string, string>> = {
  categories: '31f41c69f8a8e6f4773d23158534ce0d',
  customers: '40093a27cfe807ecb84246bfd55a3e3d',
  order_lines: '4ffcf8299eb74e11665267bddcefa945',
  orders: '2612ae92984386d70a051b6bd00a845b',
  prices: 'b9cfc9d3b9b700807518146ae9bcef5e',
  products: '4f8fc98d39c36e4f7b57c345325e004f',
  reviews: '4380d7ca8167675d6f127286cbe8212d',
  stock: '9ef4607afcc425070733248cb09d7e54',
  variants: '510cd9602713d02d5945c771bc59ae35',
}
