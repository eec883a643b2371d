/** `/docs` on a seeded shop: what it fills in must work when it is sent as it is. */

import { createCache } from '@shop/cache'
import { seed } from '@shop/db'
import { afterAll, describe, expect, test } from 'vitest'

import { postgresAggregates } from '../src/aggregates/repository.ts'
import { postgresCategories } from '../src/categories/repository.ts'
import { postgresOrders } from '../src/orders/repository.ts'
import { cachedProducts } from '../src/products/cached-repository.ts'
import { postgresProducts } from '../src/products/repository.ts'
import { postgresSearch } from '../src/search/repository.ts'
import { postgresStock } from '../src/stock/repository.ts'
import { createDatabase } from './database.ts'
import { asCustomer } from './ordering.ts'
import { RecordingLog } from './recording-log.ts'
import { ADMIN, createTestApp } from './test-app.ts'

const database = await createDatabase()
afterAll(() => database.close())
// The ids and slugs of the examples are in each size; this one is the fastest.
await seed(database.url, { size: 'tiny' })

// In memory: what `/admin/cache` is about.
const cache = createCache({ name: 'documentation' })
afterAll(() => cache.close())

const app = createTestApp({
  cache,
  products: cachedProducts(postgresProducts(database.db), cache, { log: new RecordingLog(), loadTimeout: 5000 }),
  categories: postgresCategories(database.db),
  aggregates: postgresAggregates(database.db),
  search: postgresSearch(database.db),
  orders: postgresOrders(database.db),
  stock: postgresStock(database.db),
})

interface Parameter {
  readonly in: 'path' | 'query' | 'header'
  readonly name: string
  readonly required?: boolean
  readonly example?: unknown
  readonly schema: { readonly example?: unknown; readonly default?: unknown; readonly enum?: readonly unknown[] }
}

interface Operation {
  readonly responses: Readonly<Record<string, unknown>>
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Record<string, { readonly schema: { readonly $ref: string } }> }
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, { readonly example?: unknown }>> }
}

const { paths, components } = (await (await app.request('/openapi.json')).json()) as OpenApi

const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => [method.toUpperCase(), path, operation] as const),
)

/** As Swagger UI does it: the example, else the default, and the first choice where one must be made. */
function filledIn({ example, required, schema }: Parameter): unknown {
  return example ?? schema.example ?? schema.default ?? (required ? schema.enum?.[0] : undefined)
}

function bodyOf({ requestBody }: Operation): unknown {
  const reference = requestBody?.content['application/json']?.schema.$ref.split('/').at(-1) ?? ''
  return components.schemas[reference]?.example
}

/** The one id without an example, because each shop makes its own: of the order that the example of `POST /orders` placed. */
let orderId: string | undefined

describe.each(operations)('%s %s', (method, path, operation) => {
  const { parameters = [] } = operation

  test('has nothing filled in that may be left out', () => {
    const optional = parameters.filter(({ required }) => !required)
    expect(optional.map((parameter) => [parameter.name, filledIn(parameter)])).toEqual(
      optional.map(({ name }) => [name, undefined]),
    )
  })

  test('succeeds with what is filled in', async () => {
    const values = new Map(parameters.map((parameter) => [parameter.name, filledIn(parameter)]))
    const query = new URLSearchParams()
    for (const parameter of parameters.filter((parameter) => parameter.in === 'query')) {
      for (const value of [filledIn(parameter) ?? []].flat()) query.append(parameter.name, String(value))
    }
    const address = `${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values.get(name) ?? orderId))}?${query}`
    const body = bodyOf(operation)
    const headers: Record<string, string> = path.startsWith('/orders') ? await asCustomer(42) : ADMIN
    for (const { in: place, name, required } of parameters) {
      if (place === 'header' && required) headers[name] = String(values.get(name))
    }
    const response =
      body === undefined ? await app.request(address, { headers }) : await app.send(method, address, body, headers)
    const text = await response.text()
    expect(
      Object.keys(operation.responses).filter((status) => status < '300'),
      text,
    ).toContain(`${response.status}`)
    if (path === '/orders') orderId = JSON.parse(text).id
  })
})
