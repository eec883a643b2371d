/** The demo seed: as large as promised, skewed as shops are, and every list of it comes straight from an index. */

import { beforeAll, describe, expect, test } from 'vitest'

import { type SeedResult, seed } from '../src/index.ts'
import { useDatabase } from './database.ts'

const database = useDatabase()
let result: SeedResult

beforeAll(async () => {
  result = await seed(database.url, { size: 'demo' })
})

async function value(query: string): Promise<number> {
  const [row] = await database.sql.unsafe<Record<string, unknown>[]>(query)
  return Number(Object.values(row ?? {})[0])
}

test('it has the promised size', () => {
  expect(result.counts).toMatchObject({
    ...{ categories: 300, products: 10_000, customers: 20_000 },
    ...{ reviews: 100_000, orders: 60_000, order_lines: 200_000 },
  })
})

describe('skewed', () => {
  /** Order lines per product, in the order of popularity. */
  const sold = `(select p.id, p.popularity, count(l.*) as lines,
    row_number() over (order by p.popularity desc) as rank
    from products p join variants v on v.product_id = p.id left join order_lines l on l.variant_id = v.id group by p.id)`

  test('popularity falls by Zipf: rank 16 has an eighth of rank 1', async () => {
    const ratio = await value(
      `select max(popularity) filter (where rank = 1) / max(popularity) filter (where rank = 16) from ${sold} s`,
    )
    expect(ratio).toBe(8)
  })

  test('what is popular is what is ordered: each twentieth of the products sells more than the next', async () => {
    const order = `(select rank() over (order by popularity) as wanted, rank() over (order by lines) as bought from ${sold} s)`
    expect(await value(`select corr(popularity, lines) from ${sold} s`)).toBeGreaterThan(0.98)
    expect(await value(`select corr(wanted, bought) from ${order} o`)).toBeGreaterThan(0.93)
    const rows = await database.sql.unsafe<{ lines: number }[]>(
      `select sum(lines)::int as lines from ${sold} s group by (rank - 1) / 500 order by min(rank)`,
    )
    const twentieths = rows.map(({ lines }) => lines)
    expect(twentieths).toHaveLength(20)
    expect(twentieths).toEqual(twentieths.toSorted((x, y) => y - x))
  })

  test('a tenth of the products makes half of the order lines', async () => {
    const share = await value(`select sum(lines) filter (where rank <= 1000) / sum(lines) from ${sold} s`)
    expect(share).toBeGreaterThan(0.45)
    expect(share).toBeLessThan(0.7)
  })

  test('prices are log-normal within a category, and end as prices do', async () => {
    const spread = await value(`
      select avg(deviation) from (
        select stddev(ln(price_amount)) as deviation from products group by category_id having count(*) > 20) s`)
    expect(spread).toBeGreaterThan(0.35)
    expect(spread).toBeLessThan(0.6)
    expect(
      await value('select avg(price_amount) / percentile_cont(0.5) within group (order by price_amount) from products'),
    ).toBeGreaterThan(1.8)
    expect(await value('select count(*) from prices where amount % 100 not in (99, 95, 50, 0)')).toBe(0)
    expect(await value('select avg((amount % 100 = 99)::int) from prices')).toBeGreaterThan(0.5)
  })

  test('stock has a long tail, and some is sold out', async () => {
    expect(await value('select avg((quantity = 0)::int) from stock')).toBeCloseTo(0.115, 2)
    expect(await value('select avg((not in_stock)::int) from products')).toBeCloseTo(0.065, 1)
    expect(
      await value('select avg(quantity) / percentile_cont(0.5) within group (order by quantity) from stock'),
    ).toBeGreaterThan(1.5)
  })

  test('most reviews are good, some products have none, the hottest have many', async () => {
    const share = (rating: number) => value(`select avg((rating = ${rating})::int) from reviews`)
    expect(await share(5)).toBeGreaterThan(await share(4))
    expect(await share(4)).toBeGreaterThan(await share(3))
    expect(await share(1)).toBeGreaterThan(0.04)
    expect(await value('select avg((rating_count = 0)::int) from products')).toBeCloseTo(0.18, 1)
    expect(await value('select max(rating_count) from products')).toBeGreaterThan(1_000)
  })

  test('some products are reduced and some archived', async () => {
    expect(await value('select avg((price_compare_at is not null)::int) from products')).toBeCloseTo(0.18, 1)
    expect(await value(`select avg((status = 'archived')::int) from products`)).toBeCloseTo(0.03, 2)
  })
})

describe('a list', () => {
  /** Each order, the row after which its next page begins, and the index without and with a category. */
  const ORDERS = [
    ['popularity desc, id desc', '(popularity, id) < (0.01, 500)', 'popular'],
    ['created_at desc, id desc', `(created_at, id) < ('2026-01-01', 500)`, 'newest'],
    ['price_amount, id', '(price_amount, id) > (4000, 500)', 'price'],
    ['price_amount desc, id desc', '(price_amount, id) < (9000, 500)', 'price'],
    ['rating_score desc, id desc', '(rating_score, id) < (4.5, 500)', 'rating'],
  ] as const

  interface Plan {
    readonly 'Node Type': string
    readonly 'Index Name'?: string
    readonly 'Actual Rows': number
    readonly 'Actual Loops': number
    readonly Plans?: readonly Plan[]
  }

  async function explain(
    condition: string,
    order: string,
  ): Promise<{ nodes: string[]; indexes: string[]; rows: number }> {
    const [row] = await database.sql.unsafe<{ 'QUERY PLAN': [{ Plan: Plan }] }[]>(
      `explain (analyze, timing off, format json)
       select id from products where status = 'active' and ${condition} order by ${order} limit 24`,
    )
    const flatten = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(flatten)]
    const all = row ? flatten(row['QUERY PLAN'][0].Plan) : []
    return {
      nodes: all.map((node) => node['Node Type']),
      indexes: all.flatMap((node) => node['Index Name'] ?? []),
      rows: Math.max(...all.map((node) => node['Actual Rows'] * node['Actual Loops'])),
    }
  }

  describe.each(ORDERS)('by %s', (order, after, name) => {
    test.each([
      ['first page', 'true', `products_${name}`],
      ['next page', after, `products_${name}`],
      [
        'in stock, in a price range',
        `in_stock and price_amount between 2000 and 20000 and ${after}`,
        `products_${name}`,
      ],
      ['one category', 'category_id = 5', `products_category_${name}`],
      ['one category, next page', `category_id = 5 and ${after}`, `products_category_${name}`],
    ])('%s: read from its index in order, nothing sorted', async (_which, condition, index) => {
      const { nodes, indexes } = await explain(condition, order)
      expect(indexes).toEqual([index])
      expect(nodes).not.toContain('Sort')
      expect(nodes).not.toContain('Seq Scan')
    })

    // The planner walks the whole order or gathers the few categories, whichever is less; both read a fraction.
    test.each(['electronics', 'electronics/audio'])(
      '%s and everything below: no walk over all products',
      async (path) => {
        const below = `category_id in (select id from categories where path = '${path}' or path like '${path}/%')`
        const { indexes, rows } = await explain(`${below} and ${after}`, order)
        expect(indexes.some((index) => index === `products_${name}` || index === `products_category_${name}`)).toBe(
          true,
        )
        expect(rows).toBeLessThan(2_500)
      },
    )
  })

  test('finds a slug by its index', async () => {
    const { indexes } = await explain(`slug = 'absent'`, 'id')
    expect(indexes).toEqual(['products_slug_unique'])
  })
})
