import { describe, expect, test } from 'vitest'

import application from '../package.json' with { type: 'json' }
import { MemoryProducts } from '../test/memory-products.ts'
import { createTestApp, readOpenApi } from '../test/test-app.ts'
import { PROBLEMS } from './http/problem.ts'
import { BATCH_EXAMPLE, PAGE_EXAMPLE, ProductBatch, ProductPage } from './products/schema.ts'

describe('the request id', () => {
  test('is made when the client sends none, and is another each time', async () => {
    const { request } = createTestApp()
    const ids = await Promise.all([1, 2].map(async () => (await request('/categories')).headers.get('X-Request-Id')))
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/)
    expect(ids[0]).not.toBe(ids[1])
  })

  test('of the client is kept, returned and logged', async () => {
    const { request, log } = createTestApp()
    const response = await request('/categories', { headers: { 'X-Request-Id': 'order-page-7' } })
    expect(response.headers.get('X-Request-Id')).toBe('order-page-7')
    expect(log.lines[0]?.fields.request_id).toBe('order-page-7')
  })

  test.each(['with space', 'a"b', 'x'.repeat(256)])('%j of a client is replaced', async (id) => {
    const response = await createTestApp().request('/categories', { headers: { 'X-Request-Id': id } })
    expect(response.headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/)
  })
})

describe('the log', () => {
  test('has one line of fields for a request, with the pattern of its route', async () => {
    const { request, log } = createTestApp()
    await request('/products/1')
    expect(log.lines).toEqual([
      {
        level: 'info',
        message: 'request',
        fields: {
          request_id: expect.any(String),
          method: 'GET',
          path: '/products/1',
          route: '/products/{id}',
          status: 200,
          duration_ms: expect.any(Number),
        },
      },
    ])
  })

  test('has no value of a query', async () => {
    const { request, log } = createTestApp()
    await request('/products?category=kettles')
    await request('/products?secret=hunter2')
    expect(JSON.stringify(log.lines)).not.toMatch(/kettles|hunter2/)
  })

  test('has no token', async () => {
    const { send, log } = createTestApp()
    await send('PATCH', '/products/1', { name: 'x' })
    expect(JSON.stringify(log.lines)).not.toContain('the-token-of-the-tests')
  })

  test('has no route for a path that no route has', async () => {
    const { request, log } = createTestApp()
    await request('/nowhere')
    expect(log.lines[0]?.fields).toMatchObject({ status: 404, path: '/nowhere' })
    expect(log.lines[0]?.fields).not.toHaveProperty('route')
  })

  test('has the reason of a failure and the request it belongs to', async () => {
    class FailingProducts extends MemoryProducts {
      override async get(): Promise<never> {
        throw new Error('the disk is full')
      }
    }
    const { request, log } = createTestApp({ products: new FailingProducts() })
    const response = await request('/products/1', { headers: { 'X-Request-Id': 'r-1' } })
    expect(response.status).toBe(500)
    expect(log.lines.map(({ level, fields }) => [level, fields.request_id])).toEqual([
      ['error', 'r-1'],
      ['error', 'r-1'],
    ])
    expect(JSON.stringify(log.lines[0])).toContain('the disk is full')
    expect(await response.text()).not.toContain('disk')
  })

  test('is silent about health checks', async () => {
    const { request, log } = createTestApp()
    await request('/livez')
    await request('/readyz')
    expect(log.lines).toEqual([])
  })
})

test('the root leads to the documentation', async () => {
  const response = await createTestApp().request('/')
  expect(response.status).toBe(302)
  expect(response.headers.get('Location')).toBe('/docs')
})

describe('a path or a method that is not there', () => {
  test.each(['/nowhere', '/products/1/price/2', '/products/', '/openapiXjson'])('%s is 404', async (path) => {
    const response = await createTestApp().request(path)
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ type: '/problems/not-found', status: 404 })
  })

  test.each([
    ['POST', '/products', 'GET, HEAD'],
    ['DELETE', '/products/1', 'GET, HEAD, PATCH'],
    ['GET', '/products/1/price', 'PUT'],
    ['PUT', '/categories', 'GET, HEAD'],
    ['POST', '/livez', 'GET, HEAD'],
  ])('%s %s is 405 and allows %s', async (method, path, allow) => {
    const response = await createTestApp().request(path, { method })
    expect(response.status).toBe(405)
    expect(response.headers.get('Allow')).toBe(allow)
    expect(await response.json()).toMatchObject({ type: '/problems/method-not-allowed' })
  })
})

test('while draining every answer closes its connection', async () => {
  const { request, lifecycle } = createTestApp()
  expect((await request('/categories')).headers.get('Connection')).toBeNull()
  lifecycle.draining = true
  expect((await request('/categories')).headers.get('Connection')).toBe('close')
  expect((await request('/nowhere')).headers.get('Connection')).toBe('close')
})

describe('/openapi.json', () => {
  interface Media {
    readonly schema?: object
    readonly example?: unknown
    readonly examples?: Readonly<Record<string, { readonly value?: unknown }>>
  }
  interface Operation {
    readonly summary?: string
    readonly security?: object[]
    readonly responses: Record<string, { description?: string; content?: Record<string, Media> }>
  }

  async function operations(): Promise<readonly (readonly [string, Operation])[]> {
    const { paths } = await readOpenApi(createTestApp().app)
    return Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => [`${method} ${path}`, operation as Operation] as const),
    )
  }

  test('has every route but those of the documentation page', async () => {
    expect((await operations()).map(([name]) => name).toSorted()).toEqual([
      'get /admin/cache',
      'get /admin/cache/{resource}',
      'get /best-sellers',
      'get /categories',
      'get /categories/{slug}',
      'get /categories/{slug}/facets',
      'get /livez',
      'get /orders/{id}',
      'get /problems/{code}',
      'get /products',
      'get /products/{id}',
      'get /products/{id}/ratings',
      'get /products/{id}/related',
      'get /products/{id}/stock',
      'get /readyz',
      'get /search',
      'patch /products/{id}',
      'post /admin/cache/invalidations',
      'post /admin/cache/warm',
      'post /orders',
      'put /products/{id}/price',
    ])
  })

  test('is of version 3.1', async () => {
    expect(await (await createTestApp().request('/openapi.json')).json()).toMatchObject({ openapi: '3.1.0' })
  })

  test('has the version of the package', async () => {
    expect(await (await createTestApp().request('/openapi.json')).json()).toMatchObject({
      info: { version: application.version },
    })
  })

  test('describes each response, with a schema and an example for its content', async () => {
    const { components } = (await readOpenApi(createTestApp().app)) as unknown as {
      components: { schemas: Record<string, { example?: unknown }> }
    }
    for (const [name, { responses, summary }] of await operations()) {
      expect(summary, name).toBeTruthy()
      for (const [status, { description, content = {} }] of Object.entries(responses)) {
        expect(description, `${name} ${status}`).toBeTruthy()
        for (const media of Object.values(content)) {
          const reference = media.schema && '$ref' in media.schema ? String(media.schema.$ref).split('/').at(-1) : ''
          const examples = Object.values(media.examples ?? {}).map(({ value }) => value)
          if (examples.length === 0) examples.push(media.example ?? components.schemas[reference ?? '']?.example)
          expect(media.schema, `${name} ${status}`).toBeDefined()
          for (const example of examples) expect(example, `${name} ${status}`).toBeDefined()
        }
      }
    }
  })

  test('has examples that its own schemas accept', () => {
    for (const [schema, example] of [
      [ProductPage, PAGE_EXAMPLE],
      [ProductBatch, BATCH_EXAMPLE],
    ] as const) {
      expect(schema.strict().safeParse(example).error).toBeUndefined()
    }
  })

  test('says which routes need the token, and that they may refuse it', async () => {
    const secured = (await operations()).filter(([, { security }]) => security !== undefined)
    expect(secured.map(([name]) => name)).toEqual([
      'patch /products/{id}',
      'put /products/{id}/price',
      'post /orders',
      'get /orders/{id}',
      'get /admin/cache',
      'get /admin/cache/{resource}',
      'post /admin/cache/invalidations',
      'post /admin/cache/warm',
    ])
    for (const [, { responses }] of secured) expect(Object.keys(responses)).toContain('401')
  })

  test('refers only to schemas that it has', async () => {
    const text = await (await createTestApp().request('/openapi.json')).text()
    const document = JSON.parse(text)
    const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1] ?? '')
    expect(references.length).toBeGreaterThan(0)
    for (const name of references) expect(document.components.schemas).toHaveProperty(name)
  })

  test('names the address it is reached at', async () => {
    const { servers } = (await readOpenApi(createTestApp({ publicUrl: 'https://shop.example.com' }).app)) as never
    expect(servers).toEqual([{ url: 'https://shop.example.com' }])
  })
})

describe('/docs', () => {
  test('loads nothing from another origin and runs no inline script', async () => {
    const { request } = createTestApp()
    const response = await request('/docs')
    const page = await response.text()
    expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)/)
    const policy = response.headers.get('Content-Security-Policy')
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self';")
  })

  test('every file the page names is served', async () => {
    const { request } = createTestApp()
    const page = await (await request('/docs')).text()
    const files = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '')
    expect(files).toHaveLength(4)
    for (const file of files) {
      const response = await request(file)
      expect([file, response.status]).toEqual([file, 200])
      expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(50)
    }
  })

  test('no other file of the package is', async () => {
    expect((await createTestApp().request('/docs/package.json')).status).toBe(404)
    expect((await createTestApp().request('/docs/..%2fpackage.json')).status).toBe(404)
  })
})

describe('/problems', () => {
  test.each(Object.keys(PROBLEMS))('explains %s and its cure', async (code) => {
    const response = await createTestApp().request(`/problems/${code}`)
    expect(response.status).toBe(200)
    expect(await response.text()).toContain(PROBLEMS[code as keyof typeof PROBLEMS].cure)
  })

  test('of no known code is 404', async () => {
    expect((await createTestApp().request('/problems/nonsense')).status).toBe(404)
  })
})
