/** Each kind of change and exactly the tags it writes: what is missing here is served stale, what is too much is a load. */

import { beforeEach, describe, expect, test } from 'vitest'

import { insertCustomer, insertProduct, someoneWaits, useDatabase } from './database.ts'

const database = useDatabase()

interface Told {
  readonly tags: readonly string[]
  readonly source: string
}

/** The rows that an act writes, in their order, tags sorted. Without those of searches: they are in search.test.ts. */
async function told(act: () => PromiseLike<unknown>): Promise<Told[]> {
  const { sql } = database
  const [last] = await sql<{ id: number }[]>`select coalesce(max(id), 0) as id from outbox`
  await act()
  const rows = await sql<Told[]>`select tags, source from outbox where id > ${last?.id ?? 0} order by id`
  return rows.map(({ tags, source }) => ({ tags: tags.filter((tag) => !tag.startsWith('search')).toSorted(), source }))
}

async function tagsOf(statement: string): Promise<string[][]> {
  return (await told(() => database.sql.unsafe(statement))).map(({ tags }) => [...tags])
}

/**
 * A product of two variants at 10.00 (band 10) and 20.00 in a leaf, and a leaf beside it:
 *
 *     home ── kitchen ── kettles (the product)
 *         └── garden
 */
interface Fixture {
  readonly product: number
  readonly low: number
  readonly high: number
  readonly home: number
  readonly kitchen: number
  readonly kettles: number
  readonly garden: number
}
let fixture: Fixture

beforeEach(async () => {
  const { sql } = database
  await sql`truncate products, categories cascade`
  const { id, low, high, categoryId: kettles } = await insertProduct(sql)
  const ids = await sql<{ id: number }[]>`
    insert into categories (slug, name) values ('home', 'Home'), ('kitchen', 'Kitchen'), ('garden', 'Garden') returning id`
  const [home = 0, kitchen = 0, garden = 0] = ids.map((row) => row.id)
  await sql`update categories set parent_id = ${home} where id in (${kitchen}, ${garden})`
  await sql`update categories set parent_id = ${kitchen}, slug = 'kettles', name = 'Kettles' where id = ${kettles}`
  fixture = { product: id, low, high, home, kitchen, kettles, garden }
})

/** The lists of the product: those of the whole shop and of its path, with an aspect. */
function lists(aspect = ''): string[] {
  return ['*', 'home', 'kettles', 'kitchen'].map((scope) => `list:${scope}${aspect}`)
}

/** `$name` becomes that of the fixture. */
function fill(statement: string): string {
  return statement.replaceAll(/\$(\w+)/g, (_, name: keyof Fixture) => String(fixture[name]))
}

const product = 'product:$product'
const insert = (columns: string, values: string) =>
  `insert into products (slug, name, brand, category_id${columns}) values ('new', 'New', 'Brand', $kettles${values})`

describe('a change of products', () => {
  const atLow = 'where variant_id = $low'
  test.each<[fact: string, statement: string, tags: string[]]>([
    ['a new name', `update products set name = 'New' where id = $product`, [product]],
    ['a raised version', 'update products set version = version + 1 where id = $product', [product]],
    ['another price in its band', `update prices set amount = 1001 ${atLow}`, [...lists(':price:10'), product]],
    [
      'another price in another band',
      `update prices set amount = 300 ${atLow}`,
      [...lists(':price:10'), ...lists(':price:9'), product],
    ],
    [
      'a price of nothing',
      `update prices set amount = 0 ${atLow}`,
      [...lists(':price:0'), ...lists(':price:10'), product],
    ],
    [
      'a price of a variant that is not the cheapest',
      'update prices set amount = 2500 where variant_id = $high',
      [product],
    ],
    ['a price before the reduction', `update prices set compare_at = 1500 ${atLow}`, [product]],
    ['a variant that sells out, not the last', 'update stock set quantity = 0 where variant_id = $low', [product]],
    [
      'the last variant that sells out',
      'update stock set quantity = 0 where variant_id in ($low, $high)',
      [...lists(':stock'), product],
    ],
    ['the stock that goes', 'delete from stock where variant_id in ($low, $high)', [...lists(':stock'), product]],
    ['a new variant', `insert into variants (product_id, sku, title) values ($product, 'NEW', 'New')`, [product]],
    [
      'the cheapest variant that goes',
      'delete from variants where id = $low',
      [...lists(':price:10'), ...lists(':price:11'), product],
    ],
    ['the last of it', `update products set status = 'archived' where id = $product`, [...lists(), product]],
    [
      'another category',
      'update products set category_id = $garden where id = $product',
      [...lists(), 'list:garden', product],
    ],
    [
      'another category and another name and status at once',
      `update products set category_id = $garden, name = 'New', status = 'archived' where id = $product`,
      [...lists(), product],
    ],
    ['a delete', 'delete from products where id = $product', [...lists(), product]],
  ])('%s', async (_fact, statement, tags) => {
    expect(await tagsOf(fill(statement))).toEqual([tags.map(fill).toSorted()])
  })

  test.each([
    ['a price set to what it is', 'update prices set amount = amount'],
    ['a quantity that does not flip', 'update stock set quantity = quantity - 1'],
    ['a delivery of what is in stock', 'update stock set quantity = 500'],
    ['popularity', 'update products set popularity = popularity + 1'],
    ['a name set to what it is', 'update products set name = name'],
    ['no row at all', `update products set name = 'New' where false`],
    ['a delete of none', 'delete from products where false'],
    ['a category set to what it is', 'update categories set name = name, slug = slug'],
    ['a customer', `insert into customers (email, name) values ('a@example.com', 'A')`],
  ])('%s writes nothing', async (_fact, statement) => {
    expect(await tagsOf(statement)).toEqual([])
  })

  test('a new product tells its id if it is archived, and its lists as well if it is active', async () => {
    const ids = async () => (await database.sql<{ id: number }[]>`select max(id) as id from products`)[0]?.id
    const archived = await tagsOf(fill(insert('', '')))
    expect(archived).toEqual([[`product:${await ids()}`]])
    await database.sql`delete from products where slug = 'new'`
    const active = await tagsOf(fill(insert(', status, price_amount, currency', `, 'active', 100, 'EUR'`)))
    expect(active).toEqual([[...lists(), `product:${await ids()}`]])
  })

  test('an archived product tells no list, whatever changes', async () => {
    await database.sql`update products set status = 'archived'`
    for (const statement of [
      'update prices set amount = 5 where variant_id = $low',
      'update stock set quantity = 0',
      'update products set category_id = $garden',
      'delete from products',
    ]) {
      expect(await tagsOf(fill(statement))).toEqual([[fill(product)]])
    }
  })

  test('a review tells the lists that are sorted by ratings, if the average moves', async () => {
    const { sql } = database
    const customers = [await insertCustomer(sql), await insertCustomer(sql)]
    const review = (rating: number) =>
      `insert into reviews (product_id, customer_id, rating, title) values ($product, ${customers.shift()}, ${rating}, 't')`
    expect(await tagsOf(fill(review(4)))).toEqual([[...lists(':rating'), fill(product)]])
    expect(await tagsOf(fill(review(4)))).toEqual([[fill(product)]])
  })

  test('all that one statement changes is in one row', async () => {
    const { sql } = database
    const other = await insertProduct(sql)
    await sql`update categories set slug = 'others' where id = ${other.categoryId}`
    const [row, ...more] = await told(() => sql`update prices set amount = amount + 1024`)
    expect(more).toEqual([])
    expect(row).toEqual({
      source: 'products',
      tags: [
        ...[...lists(':price:10'), ...lists(':price:11'), 'list:others:price:10', 'list:others:price:11'],
        ...[fill(product), `product:${other.id}`],
      ].toSorted(),
    })
  })

  test('a stock that many products share in one statement is one row', async () => {
    await insertProduct(database.sql)
    expect(await tagsOf('update stock set quantity = 0')).toHaveLength(1)
    expect(await tagsOf('delete from stock')).toEqual([])
    expect(await tagsOf('insert into stock select id, 1 from variants')).toHaveLength(1)
  })

  test('an insert that becomes an update tells what it did', async () => {
    const statement = fill(`${insert('', '').replace(`'new'`, '(select slug from products where id = $product)')}
      on conflict (slug) do update set name = excluded.name`)
    expect(await tagsOf(statement)).toEqual([[fill(product)]])
  })

  test('an id stays, because the old and the new row are found by it', async () => {
    await expect(database.sql`update products set id = default`).rejects.toMatchObject({
      constraint_name: 'products_stay',
    })
  })

  test('an order writes nothing, unless it takes the last', async () => {
    const { sql } = database
    const customer = await insertCustomer(sql)
    const order = (quantity: number) =>
      told(() =>
        sql.begin(async (tx) => {
          await tx`update stock set quantity = quantity - ${quantity} where variant_id = ${fixture.low}`
          await tx`delete from stock where variant_id = ${fixture.high}`
          const [placed] = await tx<{ id: string }[]>`
            insert into orders (customer_id, idempotency_key, currency, items_amount, total_amount)
            values (${customer}, ${`order-${quantity}`}, 'EUR', ${quantity * 1000}, ${quantity * 1000}) returning id`
          await tx`insert into order_lines (order_id, position, variant_id, quantity, unit_amount)
            values (${placed?.id ?? ''}, 1, ${fixture.low}, ${quantity}, 1000)`
        }),
      )
    await sql`update stock set quantity = 0 where variant_id = ${fixture.high}`
    expect(await order(1)).toEqual([])
    expect(await order(2)).toEqual([{ source: 'products', tags: [...lists(':stock'), fill(product)] }])
  })
})

describe('a change of categories', () => {
  test.each<[fact: string, statement: string, tags: string[]]>([
    ['a new one', `insert into categories (slug, name) values ('new', 'New')`, ['categories']],
    ['one that goes', 'delete from categories where id = $garden', ['categories']],
    ['another position', 'update categories set position = 7 where id = $kitchen', ['categories']],
    ['another name', `update categories set name = 'New' where id = $kitchen`, ['categories', 'category:$kitchen']],
    [
      'another slug, which is in every path below',
      `update categories set slug = 'cuisine' where id = $kitchen`,
      ['categories', 'category:$kettles', 'category:$kitchen', 'list:cuisine', 'list:kitchen'],
    ],
    [
      'a move: what is above one of the two places gains or loses, what is above both does not',
      'update categories set parent_id = $garden where id = $kitchen',
      ['categories', 'category:$kettles', 'category:$kitchen', 'list:garden'],
    ],
    [
      'a move to the top',
      'update categories set parent_id = null where id = $kitchen',
      ['categories', 'category:$kettles', 'category:$kitchen', 'list:home'],
    ],
    [
      'a move of the whole tree at once',
      `update categories set slug = slug || '-2'`,
      [
        'categories',
        ...['category:$home', 'category:$kitchen', 'category:$kettles', 'category:$garden'],
        ...['home', 'kitchen', 'kettles', 'garden'].flatMap((slug) => [`list:${slug}`, `list:${slug}-2`]),
      ],
    ],
  ])('%s', async (_fact, statement, tags) => {
    expect(await tagsOf(fill(statement))).toEqual([tags.map(fill).toSorted()])
  })

  // T1: kitchen from home to the top ------ commit
  //    T2: a price in kettles, waits ............ reads kitchen/kettles: tells no list of home
  test('a price that changes while its category moves tells the lists of the new path', async () => {
    const { sql } = database
    let second: Promise<unknown> = Promise.resolve()
    const rows = await told(async () => {
      await sql.begin(async (tx) => {
        await tx.unsafe(fill('update categories set parent_id = null where id = $kitchen'))
        second = sql.unsafe(fill('update prices set amount = 1001 where variant_id = $low')).execute()
        await someoneWaits(sql)
      })
      await second
    })
    expect(rows.at(-1)?.tags).toEqual([
      ...['*', 'kettles', 'kitchen'].map((scope) => `list:${scope}:price:10`),
      fill(product),
    ])
  })

  // T1: a price in kettles --------------- commit
  //    T2: kitchen to the top, waits ............ its lists are told after the price is seen
  test('a category waits with its move for a price that changes in it', async () => {
    const { sql } = database
    let second: Promise<unknown> = Promise.resolve()
    const rows = await told(async () => {
      await sql.begin(async (tx) => {
        await tx.unsafe(fill('update prices set amount = 1001 where variant_id = $low'))
        second = sql.unsafe(fill('update categories set parent_id = null where id = $kitchen')).execute()
        await someoneWaits(sql)
      })
      await second
    })
    expect(rows.map(({ source }) => source)).toEqual(['products', 'categories'])
  })

  test('a new name of a category lets its products be changed', async () => {
    const { sql } = database
    await sql.begin(async (tx) => {
      await tx.unsafe(fill(`update categories set name = 'New' where id = $kettles`))
      await sql.unsafe(fill('update prices set amount = 1001 where variant_id = $low'))
    })
  })
})

describe('very many', () => {
  /** Archived products in a category each, or all in kettles. */
  const products = (count: number, category: string) =>
    database.sql.unsafe(
      fill(`insert into products (slug, name, brand, category_id)
        select 'many-' || i, 'Many', 'Brand', ${category} from generate_series(1, ${count}) i`),
    )
  const categories = (count: number) =>
    database.sql`insert into categories (slug, name) select 'c-' || i, 'C' from generate_series(1, ${count}) i`
  const activate = "price_amount = 1000, currency = 'EUR', status = 'active'"

  test('500 products are named, 501 are told by the categories they show, old and new', async () => {
    await products(499, '$kettles')
    expect((await tagsOf(`update products set name = 'New'`))[0]).toHaveLength(500)
    await database.sql.unsafe(fill(insert('', '')))
    const kettles = [[fill('category:$kettles')]]
    expect(await tagsOf(`update products set name = 'Newer'`)).toEqual(kettles)
    await database.sql`update products set status = 'archived'`
    expect(await tagsOf(fill('update products set category_id = $garden'))).toEqual([
      [fill('category:$garden'), fill('category:$kettles')].toSorted(),
    ])
    expect(await tagsOf('delete from products')).toEqual([[fill('category:$garden')]])
  })

  test('501 that appear are told to every product: an absence that is cached shows no category', async () => {
    expect((await told(() => products(501, '$kettles'))).map(({ tags }) => tags)).toEqual([[fill('category:$kettles')]])
    expect(await tagsOf(`update products set ${activate} where slug like 'many-%'`)).toEqual([[...lists(), 'products']])
  })

  test('501 categories are told to every product', async () => {
    expect(await told(() => categories(501))).toEqual([{ source: 'categories', tags: ['categories'] }])
    expect(await tagsOf(`update categories set name = 'D' where slug like 'c-%'`)).toEqual([['categories', 'products']])
    await products(501, `(select id from categories where slug = 'c-' || i)`)
    expect(await tagsOf(`update products set name = 'New' where slug like 'many-%'`)).toEqual([['products']])
  })

  test('1000 lists are named, 1001 are told as all', async () => {
    await categories(1_000)
    await products(1_000, `(select id from categories where slug = 'c-' || i)`)
    await database.sql.unsafe(`update products set ${activate} where slug like 'many-%'`)
    const flip = (count: number) =>
      tagsOf(
        `update products set in_stock = not in_stock where slug in (select 'many-' || i from generate_series(1, ${count}) i)`,
      )
    expect((await flip(999))[0]?.filter((tag) => tag.startsWith('list:'))).toHaveLength(1_000)
    expect(await flip(1_000)).toEqual([['lists', 'products']])
  })

  test('a bulk change after a single one in the same session is as quick: no plan is kept for one row', async () => {
    await products(20_000, '$kettles')
    const connection = await database.sql.reserve()
    try {
      await connection`set statement_timeout = '20s'`
      await connection.unsafe(fill(`update products set name = 'One' where id = $product`))
      await connection`update stock set quantity = quantity + 1 where variant_id = ${fixture.low}`
      // A nested loop over these takes minutes, and is ended by the timeout.
      await connection`update products set name = 'New'`
      await connection`insert into variants (product_id, sku, title) select id, 'V-' || id, 'V' from products where slug like 'many-%'`
      await connection`insert into stock select id, 1 from variants where sku like 'V-%'`
      await connection`update stock set quantity = quantity + 1`
    } finally {
      await connection`reset statement_timeout`
      connection.release()
    }
  })
})

describe('truncate', () => {
  test('of everything below products tells everything', async () => {
    const tags = ['lists', 'products']
    expect(await told(() => database.sql`truncate products cascade`)).toEqual(
      expect.arrayContaining([
        { source: 'products', tags },
        { source: 'variants', tags },
        { source: 'prices', tags },
        { source: 'stock', tags },
      ]),
    )
  })

  test('of categories tells the tree as well', async () => {
    const rows = await told(() => database.sql`truncate categories cascade`)
    expect(rows).toContainEqual({ source: 'categories', tags: ['categories', 'lists', 'products'] })
  })
})

test('a write that is rolled back leaves no row, whole or to a savepoint', async () => {
  const { sql } = database
  const rows = await told(async () => {
    await sql
      .begin(async (tx) => {
        await tx`update products set name = 'Never'`
        throw new Error('rolled back')
      })
      .catch(() => undefined)
    await sql.begin(async (tx) => {
      await tx`update products set name = 'Once'`
      await tx
        .savepoint(async (inner) => {
          await inner`update products set name = 'Never'`
          throw new Error('rolled back')
        })
        .catch(() => undefined)
    })
  })
  expect(rows).toHaveLength(1)
})

test.each([0, 1, 2, 3, 4, 1023, 1024, 2 ** 30 - 1, 2 ** 30, 2 ** 31 - 1])(
  'the price %d is in the band of its digits',
  async (amount) => {
    const [row] = await database.sql`select price_band(${amount}::int) as band`
    expect(row).toEqual({ band: 32 - Math.clz32(amount) })
  },
)
