/** What finds a product, what of it counts more, and which searches are told of a change: one too few is served stale. */

import { beforeEach, describe, expect, test } from 'vitest'

import { insertProduct, useDatabase } from './database.ts'

const database = useDatabase()

const NAME = 'Over-Ear Headphones ZZ-1616'
const BRAND = "Auralis & Sons'"
const DESCRIPTION = 'Kettles of steel: see shop.example/kettles, <b>3.5 mm</b>, café-proof.'

let product: number

beforeEach(async () => {
  const { sql } = database
  await sql`truncate products, categories cascade`
  product = (await insertProduct(sql)).id
  await sql`update products set name = ${NAME}, brand = ${BRAND}, description = ${DESCRIPTION}`
})

describe('a product is found', () => {
  const finds = async (asked: string) =>
    (await database.sql`select from products where search @@ search_query(${asked})`).length > 0

  test.each([
    ['by a word of its name', 'headphones'],
    ['in another form', 'headphone'],
    ['by words in any order', 'headphones ear'],
    ['by a model as one writes it', 'zz 1616'],
    ['by the beginning of the last word', 'auralis hea'],
    ['by its brand', 'sons'],
    ['by its description', 'kettle'],
    ['by what is an address, a tag and a number to the parser', 'shop example b 3 5 mm'],
    ['by letters that are not of the alphabet', 'café'],
    ['by words that follow each other', '"ear headphones"'],
    ['by one of two', 'teapot or kettle'],
  ])('%s: %s', async (_fact, asked) => {
    expect(await finds(asked)).toBe(true)
  })

  test.each([
    ['by one word too many', 'headphones teapot'],
    ['by the middle of a word', 'phones'],
    ['by the beginning of a word that is not the last', 'head ear'],
    ['by fewer than three letters of a word', 'he'],
    ['by words in the wrong order, in quotes', '"headphones ear"'],
    ['by nothing', ''],
    ['by what is in every text', 'the of'],
  ])('not %s: %s', async (_fact, asked) => {
    expect(await finds(asked)).toBe(false)
  })
})

test('a word in the name counts more than in the brand, and there more than in the description', async () => {
  const [ranks] = await database.sql`select search_rank(search, 'headphones') as name,
    search_rank(search, 'auralis') as brand, search_rank(search, 'kettle') as description from products`
  expect(ranks?.name).toBeGreaterThan(ranks?.brand)
  expect(ranks?.brand).toBeGreaterThan(ranks?.description)
})

test('a word as it was asked for counts more than one that begins so', async () => {
  const [ranks] = await database.sql`
    select search_rank(search_words('Ears', '', ''), 'ears') as ears, search_rank(search_words('Earbuds', '', ''), 'ears') as buds`
  expect(ranks?.ears).toBeGreaterThan(ranks?.buds)
})

describe('the tags of what is asked', () => {
  test.each([
    ['steel kettles', ['search:ke', 'search:st']],
    ['dying', ['search:di']],
    ['1616 zz', ['search:16', 'search:zz']],
    ['éclair', ['search:_c']],
    ['a', []],
    ['the', []],
  ])('%s', async (asked, tags) => {
    const [row] = await database.sql`select search_tags(${asked}) as tags`
    expect(row?.tags).toEqual(tags)
  })
})

describe('told to searches', () => {
  const NAMED = ['search:16', 'search:ea', 'search:he', 'search:zz']
  const OTHERS = ['search:au', 'search:so'] // Of the brand.
  const DESCRIBED = ['search:3', 'search:5', 'search:b', 'search:ca', 'search:ex', 'search:ke', 'search:mm']
  const MORE = ['search:pr', 'search:se', 'search:sh', 'search:st']
  const ALL = [...NAMED, ...OTHERS, ...DESCRIBED, ...MORE].toSorted()

  async function told(statement: string): Promise<readonly string[]> {
    const { sql } = database
    await sql`delete from outbox`
    await sql.unsafe(statement)
    const rows = await sql<{ tags: string[] }[]>`select tags from outbox`
    return rows.flatMap(({ tags }) => tags.filter((tag) => tag.startsWith('search'))).toSorted()
  }

  test.each([
    ['an archived product', `update products set status = 'archived'`],
    ['a delete', 'delete from products'],
  ])('%s: each word it had', async (_fact, statement) => {
    expect(await told(statement)).toEqual(ALL)
  })

  test('a product that comes back: each word it has', async () => {
    await told(`update products set status = 'archived'`)
    expect(await told(`update products set status = 'active'`)).toEqual(ALL)
  })

  test('an active product from the start: each word it has', async () => {
    const insert = `insert into products (slug, name, brand, category_id, status, price_amount, currency)
      select 'pot', 'Teapot', 'Nordic', category_id, 'active', 100, 'EUR' from products`
    expect(await told(insert)).toEqual(['search:no', 'search:te'])
  })

  test.each([
    ['another name', `name = 'Lamp'`, 'search:la'],
    ['another brand', `brand = 'Lumenar'`, 'search:lu'],
    ['another description', `description = 'Yellow'`, 'search:ye'],
  ])('%s: each word it had and has', async (_fact, change, tag) => {
    expect(await told(`update products set ${change}`)).toEqual([...ALL, tag].toSorted())
  })

  test.each([
    ['a price', 'update prices set amount = 1'],
    ['what sells out', 'update stock set quantity = 0'],
    ['popularity', 'update products set popularity = 7'],
    ['another slug', `update products set slug = 'other'`],
    ['a name set to what it is', 'update products set name = name'],
    ['a name in other letters', 'update products set name = upper(name)'],
    ['another name of the category', `update categories set name = 'Other'`],
    [
      'an archived product that comes',
      `insert into products (slug, name, brand, category_id)
      select 'pot', 'Teapot', 'Nordic', category_id from products`,
    ],
  ])('%s: nothing', async (_fact, statement) => {
    expect(await told(statement)).toEqual([])
  })

  test('an archived product that gets another name: nothing', async () => {
    await told(`update products set status = 'archived'`)
    expect(await told(`update products set name = 'Lamp'`)).toEqual([])
  })

  test('the words of 1 000 products are named, those of more are told to all, and a product that changes has two', async () => {
    const insert = (slug: string, count: number) => `insert into products
      (slug, name, brand, category_id, status, price_amount, currency) select '${slug}-' || i, 'Lamp', 'Lumenar',
      (select category_id from products where id = ${product}), 'active', 100, 'EUR' from generate_series(1, ${count}) i`
    expect(await told(insert('few', 1_000))).toEqual(['search:la', 'search:lu'])
    expect(await told(insert('many', 1_001))).toEqual(['search'])
    const rename = (slugs: string, name: string) =>
      `update products set name = '${name}' where slug in (select '${slugs}-' || i from generate_series(1, 501) i)`
    expect(await told(`${rename('few', 'Desk')} and slug <> 'few-1'`)).toEqual(['search:de', 'search:la', 'search:lu'])
    expect(await told(rename('many', 'Desk'))).toEqual(['search'])
    expect(await told('delete from products')).toEqual(['search'])
  })
})
