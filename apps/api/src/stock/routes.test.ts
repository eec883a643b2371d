import { afterAll, beforeAll, expect, test } from 'vitest'

import { createDatabase } from '../../test/database.ts'
import { fixtureId, insertFixture } from '../../test/fixture.ts'
import { createTestApp } from '../../test/test-app.ts'
import { postgresStock } from './repository.ts'
import { ProductStock } from './schema.ts'

const database = await createDatabase()
beforeAll(() => insertFixture(database.sql))
afterAll(() => database.close())

const { request } = createTestApp({ stock: postgresStock(database.db) })
const kettle = fixtureId('kettle-steel')

test('each variant has its quantity, in the order of the product', async () => {
  const response = await request(`/products/${kettle}/stock`)
  expect(response.status).toBe(200)
  expect(response.headers.get('Cache-Control')).toBe('no-store')
  expect(ProductStock.strict().parse(await response.json())).toEqual({
    productId: kettle,
    variants: [
      { id: 1, sku: 'KS-1', quantity: 5, inStock: true },
      { id: 2, sku: 'KS-2', quantity: 0, inStock: false },
    ],
  })
})

test('a variant whose stock nobody has counted has none', async () => {
  await database.sql`delete from stock where variant_id = 3`
  const response = await request(`/products/${fixtureId('kettle-glass')}/stock`)
  expect(await response.json()).toMatchObject({ variants: [{ id: 3, quantity: 0, inStock: false }] })
})

test.each([
  ['that does not exist', 4711],
  ['that is archived', fixtureId('walkman')],
])('a product %s is not found', async (_, id) => {
  const response = await request(`/products/${id}/stock`)
  expect(response.status).toBe(404)
  expect(await response.json()).toMatchObject({ type: '/problems/not-found' })
})

test.each([
  ['/products/abc/stock', 'id'],
  [`/products/${kettle}/stock?sku=KS-1`, 'sku'],
])('%s is refused', async (path, parameter) => {
  const response = await request(path)
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ errors: [{ parameter }] })
})
