/** `/docs` on a seeded shop: what it fills in must work when it is sent as it is. */

import { seed } from '@shop/db'
import { afterAll, describe, expect, test } from 'vitest'

import { postgresCategories } from '../src/categories/repository.ts'
import { postgresProducts } from '../src/products/repository.ts'
import { createDatabase } from './database.ts'
import { createTestApp } from './test-app.ts'

const database = await createDatabase()
afterAll(() => database.close())
// The ids and slugs of the examples are in each size; this one is the fastest.
await seed(database.url, { size: 'tiny' })

const app = createTestApp({
  products: postgresProducts(database.db),
  categories: postgresCategories(database.db),
})

interface Parameter {
  readonly in: 'path' | 'query' | 'header'
  readonly name: string
  readonly required?: boolean
  readonly example?: unknown
  readonly schema: { readonly example?: unknown; readonly default?: unknown; readonly enum?: readonly unknown[] }
}

interface Operation {
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
    const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values.get(name)))
    const body = bodyOf(operation)
    const response = body === undefined ? await app.request(address) : await app.send(method, address, body)
    expect(response.status, await response.text()).toBe(200)
  })
})
