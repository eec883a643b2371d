import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { describeStatement } from './statement.ts'

/** What takes this long does not end. */
const HUNG_MS = 25_000

test.each([
  ['select "id", "name" from "products" where "id" = $1', 'SELECT products', 'products'],
  ['select * from products p join prices x on x.variant_id = p.id', 'SELECT products prices', undefined],
  ['SELECT 1', 'SELECT', undefined],
  ['insert into "orders" ("id", "total") values ($1, $2)', 'INSERT orders', 'orders'],
  ['insert into orders(id) values ($1) on conflict (id) do update set id = $1', 'INSERT orders', 'orders'],
  ['insert into archive select * from orders', 'INSERT archive orders', undefined],
  ['update "prices" set "amount" = $1 where "variant_id" = $2', 'UPDATE prices', 'prices'],
  ['delete from only public.reviews where id = $1', 'DELETE public.reviews', 'public.reviews'],
  ['with recent as (select * from orders) select * from recent', 'SELECT orders', 'orders'],
  [
    'with gone as materialized (delete from stock returning *) insert into log select * from gone',
    'INSERT stock log',
    undefined,
  ],
  [
    'with "placed" as (insert into orders (id) values ($1) returning *), "sold" as (update stock s set n = 1 from placed) select * from placed join "orders" on true',
    'INSERT orders stock',
    undefined,
  ],
  ['select * from (select * from products) q for update skip locked', 'SELECT products', 'products'],
  ['select extract(epoch from updated_at) from products', 'SELECT products', 'products'],
  ['select a is distinct from b from products', 'SELECT products', 'products'],
  ['select * from unnest($1::int[])', 'SELECT', undefined],
  ['copy products (id) from stdin', 'COPY products', 'products'],
  ['begin', 'BEGIN', undefined],
  ['savepoint s1', 'SAVEPOINT', undefined],
  ['', 'QUERY', undefined],
])('%s is summarised as %s', (statement, summary, table) => {
  expect(describeStatement(statement)).toMatchObject({ summary, table })
})

test.each([
  [`select * from p where name = 'O''Brien' and x = 42`, 'select * from p where name = ? and x = ?'],
  [`select E'it\\'s' , 1.5e-3, -7, 0x1F, 1_000`, 'select ? , ?, -?, ?, ?'],
  ['select $$se cret$$, $tag$se $$ cret$tag$', 'select ?, ?'],
  [`select "a'b" from t1 where c2 = $1 -- secret 'x'\n and d = $12`, `select "a'b" from t1 where c2 = $1 and d = $12`],
  ['select /* secret 7 */ 1', 'select ?'],
  [`select 'never closed 42`, 'select ?'],
  [`select '{"a": 1}'::jsonb, B'101', U&'d\\0061t'`, 'select ?::jsonb, B?, U&?'],
])('%s loses its literals', (statement, text) => {
  expect(describeStatement(statement).text).toBe(text)
})

test('a statement is described by at most 4096 characters, a summary by at most 255', () => {
  const tables = Array.from({ length: 400 }, (_, index) => `join table_${index} on true`).join(' ')
  const { text, summary } = describeStatement(`select * from a ${tables}`)
  expect(text).toHaveLength(4_096)
  expect(summary).toHaveLength(255)
})

test('what a statement is called does not depend on how many were described before it', () => {
  for (let index = 0; index < 1_200; index++) describeStatement(`select ${'x'.repeat(index)} from t`)
  expect(describeStatement('select x from t')).toMatchObject({ summary: 'SELECT t', table: 't' })
})

// In a process that can be ended: an expression that tries all pairs of a million characters would hold this one for good.
test('a statement of a megabyte is described', async () => {
  const script = `
    const { describeStatement } = await import(${JSON.stringify(new URL('./statement.ts', import.meta.url).href)})
    const values = Array.from({ length: 100_000 }, (_, n) => '(' + n + ", 'v')").join(',')
    console.log(describeStatement('insert into t values ' + values).summary)`
  const node = ['--input-type=module', '--eval', script]
  const { stdout } = await promisify(execFile)(process.execPath, node, { timeout: HUNG_MS })
  expect(stdout).toBe('INSERT t\n')
})
