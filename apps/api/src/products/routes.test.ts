import { describe, expect, test } from 'vitest'

import { fixtureId } from '../../test/fixture.ts'
import { ADMIN, createTestApp } from '../../test/test-app.ts'
import type { Problem } from '../http/problem.ts'
import { entityTagOf } from './representation.ts'
import { Product, ProductBatch, ProductPage } from './schema.ts'

const kettle = fixtureId('kettle-steel')
const archived = fixtureId('walkman')

async function problemOf(response: Response): Promise<Problem> {
  expect(response.headers.get('Content-Type')).toBe('application/problem+json')
  expect(response.headers.get('Cache-Control')).toBe('no-store')
  const problem = (await response.json()) as Problem
  expect(problem.status).toBe(response.status)
  expect(problem.requestId).toBe(response.headers.get('X-Request-Id'))
  return problem
}

async function slugsOf(response: Response): Promise<readonly string[]> {
  expect(response.status).toBe(200)
  return ProductPage.strict()
    .parse(await response.json())
    .items.map(({ slug }) => slug)
}

describe('GET /products/{id}', () => {
  test('gives the product, its entity tag, and leave to keep it if it asks again before each use', async () => {
    const response = await createTestApp().request(`/products/${kettle}`)
    expect(response.status).toBe(200)
    expect(response.headers.get('Cache-Control')).toBe('public, no-cache')
    const product = Product.strict().parse(await response.json())
    expect(response.headers.get('ETag')).toBe(entityTagOf(product))
    expect(product).toMatchObject({
      id: kettle,
      slug: 'kettle-steel',
      category: { slug: 'kettles', name: 'Kettles' },
      price: { amount: 2999, currency: 'EUR' },
      inStock: true,
      rating: { average: 4.5, count: 2 },
      variants: [{ sku: 'KS-1' }, { sku: 'KS-2', inStock: false }],
      version: 1,
    })
  })

  test('the version a client has is answered 304 without a body', async () => {
    const { request } = createTestApp()
    const etag = (await request(`/products/${kettle}`)).headers.get('ETag') ?? ''
    const response = await request(`/products/${kettle}`, { headers: { 'If-None-Match': `"other", W/${etag}` } })
    expect(response.status).toBe(304)
    expect(response.headers.get('ETag')).toBe(etag)
    expect(await response.text()).toBe('')
  })

  test('a version a client no longer has right is answered with the product', async () => {
    const response = await createTestApp().request(`/products/${kettle}`, { headers: { 'If-None-Match': '"other"' } })
    expect(response.status).toBe(200)
  })

  test.each([4711, archived])('product %d is not found', async (id) => {
    const response = await createTestApp().request(`/products/${id}`)
    expect(response.status).toBe(404)
    expect((await problemOf(response)).type).toBe('/problems/not-found')
  })

  test.each(['0', '-1', '1.5', 'abc', '01', '1e3', '99999999999999999999', '%00', '9999999999999999'])(
    'the id %s is not valid',
    async (id) => {
      const response = await createTestApp().request(`/products/${id}`)
      expect(response.status).toBe(400)
      expect((await problemOf(response)).errors).toEqual([{ parameter: 'id', detail: expect.any(String) }])
    },
  )

  test('an unknown parameter is refused by name', async () => {
    const response = await createTestApp().request(`/products/${kettle}?fields=name`)
    expect(response.status).toBe(400)
    expect((await problemOf(response)).errors).toEqual([
      { parameter: 'fields', detail: 'This route has no such parameter.' },
    ])
  })

  test('HEAD is GET without the body', async () => {
    const { app, request } = createTestApp()
    const response = await app.request(`/products/${kettle}`, { method: 'HEAD' })
    expect(response.status).toBe(200)
    expect(response.headers.get('ETag')).toBe((await request(`/products/${kettle}`)).headers.get('ETag'))
    expect(await response.text()).toBe('')
  })
})

describe('GET /products', () => {
  test('lists active products, the most popular first', async () => {
    const slugs = await slugsOf(await createTestApp().request('/products'))
    expect(slugs[0]).toBe('kettle-steel')
    expect(slugs).toHaveLength(10)
    expect(slugs).not.toContain('walkman')
  })

  test.each([
    ['category=kettles', ['kettle-steel', 'kettle-tin', 'kettle-glass']],
    ['category=electronics&limit=3', ['headphones-over', 'headphones-in', 'headphones-on']],
    ['category=no-such-category', []],
    ['category=kettles&inStock=true', ['kettle-steel', 'kettle-glass']],
    ['category=kettles&inStock=false', ['kettle-steel', 'kettle-tin', 'kettle-glass']],
    ['minPrice=5000&sort=price', ['speaker', 'headphones-over', 'soundbar']],
    ['maxPrice=999&sort=-price', ['kettle-tin', 'ladle']],
    ['minPrice=4999&maxPrice=4999', ['headphones-in', 'headphones-on']],
  ])('?%s gives %j', async (query, expected) => {
    expect(await slugsOf(await createTestApp().request(`/products?${query}`))).toEqual(expected)
  })

  test('the cursor of each page leads to the next, and the last page has none', async () => {
    const { request } = createTestApp()
    const seen: string[] = []
    let path = '/products?sort=price&limit=3'
    for (let pages = 1; ; pages++) {
      const page = ProductPage.parse(await (await request(path)).json())
      seen.push(...page.items.map(({ slug }) => slug))
      if (page.nextCursor === null) {
        expect(pages).toBe(4)
        break
      }
      path = `/products?sort=price&limit=3&cursor=${page.nextCursor}`
    }
    expect(seen).toEqual(await slugsOf(await request('/products?sort=price')))
  })

  test('a full last page has no cursor', async () => {
    const page = ProductPage.parse(await (await createTestApp().request('/products?limit=10')).json())
    expect(page.items).toHaveLength(10)
    expect(page.nextCursor).toBeNull()
  })

  test('a cursor of another list is refused', async () => {
    const { request } = createTestApp()
    const { nextCursor } = ProductPage.parse(await (await request('/products?limit=1')).json())
    const response = await request(`/products?limit=1&sort=price&cursor=${nextCursor}`)
    expect(response.status).toBe(400)
    expect((await problemOf(response)).errors).toEqual([{ parameter: 'cursor', detail: expect.any(String) }])
  })

  test.each([
    ['limit=0', ['limit']],
    ['limit=101', ['limit']],
    ['limit=ten', ['limit']],
    ['limit=1&limit=2', ['limit']],
    ['sort=cheapest', ['sort']],
    ['inStock=yes', ['inStock']],
    ['minPrice=-1', ['minPrice']],
    ['minPrice=1.5', ['minPrice']],
    ['maxPrice=2147483648', ['maxPrice']],
    ['minPrice=2&maxPrice=1', ['minPrice']],
    ['category=Kettles', ['category']],
    ['category=', ['category']],
    ['cursor=nonsense', ['cursor']],
    ['page=2', ['page']],
    ['page=2&limit=0&sort=x', ['sort', 'limit', 'page']],
    ['ids=1,2&sort=price&limit=2', ['sort', 'limit']],
    ['ids=', ['ids']],
    ['ids=1,,2', ['ids']],
    ['ids=1, 2', ['ids']],
    ['ids=0', ['ids']],
  ])('?%s is refused, and names %j', async (query, parameters) => {
    const response = await createTestApp().request(`/products?${query}`)
    expect(response.status).toBe(400)
    const { errors = [] } = await problemOf(response)
    expect(errors.map((error) => 'parameter' in error && error.parameter)).toEqual(parameters)
  })

  test('limit 100 is allowed', async () => {
    expect((await createTestApp().request('/products?limit=100')).status).toBe(200)
  })
})

describe('GET /products?ids=', () => {
  test('gives whole products in the order asked for, and says which are missing', async () => {
    const response = await createTestApp().request(`/products?ids=3,4711,1,${archived}`)
    const { items, missing } = ProductBatch.strict().parse(await response.json())
    expect(items.map(({ id }) => id)).toEqual([3, 1])
    expect(items[0]?.variants).toHaveLength(1)
    expect(missing).toEqual([4711, archived])
  })

  test('an id asked for twice is answered once', async () => {
    const response = await createTestApp().request('/products?ids=1,2,1,4711,4711')
    const { items, missing } = ProductBatch.parse(await response.json())
    expect(items.map(({ id }) => id)).toEqual([1, 2])
    expect(missing).toEqual([4711])
  })

  test('a hundred ids are allowed, one more is not', async () => {
    const ids = (count: number) => Array.from({ length: count }, (_, index) => index + 1).join(',')
    expect((await createTestApp().request(`/products?ids=${ids(100)}`)).status).toBe(200)
    expect((await createTestApp().request(`/products?ids=${ids(101)}`)).status).toBe(400)
  })
})

describe('PUT /products/{id}/price', () => {
  test('answers with the product after the change and its new entity tag', async () => {
    const { request, send } = createTestApp()
    const response = await send('PUT', `/products/${kettle}/price`, { amount: 2500, currency: 'EUR' })
    expect(response.status).toBe(200)
    const product = Product.strict().parse(await response.json())
    expect(response.headers.get('ETag')).toBe(entityTagOf(product))
    expect(product).toMatchObject({ version: 2, price: { amount: 2500 } })
    expect(product.variants.map(({ price }) => price.amount)).toEqual([2500, 2500])
    expect(await (await request(`/products/${kettle}`)).json()).toEqual(product)
  })

  test('with a SKU only that variant changes', async () => {
    const response = await createTestApp().send('PUT', `/products/${kettle}/price`, {
      amount: 2500,
      currency: 'EUR',
      sku: 'KS-2',
    })
    const { variants, price } = Product.parse(await response.json())
    expect(variants.map((variant) => variant.price.amount)).toEqual([2999, 2500])
    expect(price.amount).toBe(2500)
  })

  test.each([
    [{ amount: -1, currency: 'EUR' }, ['/amount']],
    [{ amount: 1.5, currency: 'EUR' }, ['/amount']],
    [{ amount: 2 ** 31, currency: 'EUR' }, ['/amount']],
    [{ amount: '1', currency: 'EUR' }, ['/amount']],
    [{ amount: 1, currency: 'eur' }, ['/currency']],
    [{ amount: 1, currency: 'EUR', sku: 'ks-1' }, ['/sku']],
    [{}, ['/amount', '/currency']],
    [{ amount: 1, currency: 'EUR', discount: 1, vat: 2 }, ['/discount', '/vat']],
    [[], ['']],
    [null, ['']],
  ])('%j is refused, and points to %j', async (body, pointers) => {
    const response = await createTestApp().send('PUT', `/products/${kettle}/price`, body)
    expect(response.status).toBe(400)
    const { errors = [] } = await problemOf(response)
    expect(errors.map((error) => 'pointer' in error && error.pointer)).toEqual(pointers)
  })

  test('another currency is 422 and names the right one', async () => {
    const response = await createTestApp().send('PUT', `/products/${kettle}/price`, { amount: 1, currency: 'USD' })
    expect(response.status).toBe(422)
    expect(await problemOf(response)).toMatchObject({
      type: '/problems/currency-mismatch',
      errors: [{ pointer: '/currency', detail: 'Expected EUR.' }],
    })
  })

  test('a SKU of another product is 422', async () => {
    const response = await createTestApp().send('PUT', `/products/${kettle}/price`, {
      amount: 1,
      currency: 'EUR',
      sku: 'KG-1',
    })
    expect(response.status).toBe(422)
    expect((await problemOf(response)).type).toBe('/problems/unknown-reference')
  })

  test('a product that does not exist is 404', async () => {
    const response = await createTestApp().send('PUT', '/products/4711/price', { amount: 1, currency: 'EUR' })
    expect(response.status).toBe(404)
  })
})

describe('PATCH /products/{id}', () => {
  test('changes what is named and leaves the rest', async () => {
    const { request, send } = createTestApp()
    const response = await send('PATCH', `/products/${kettle}`, { name: ' Kettle, new ' })
    expect(response.status).toBe(200)
    expect(response.headers.get('ETag')).toBe((await request(`/products/${kettle}`)).headers.get('ETag'))
    expect(Product.strict().parse(await response.json())).toMatchObject({
      name: 'Kettle, new',
      brand: 'Nordic',
      version: 2,
    })
  })

  test('an archived product leaves every read, and a write brings it back', async () => {
    const { request, send } = createTestApp()
    const archiving = await send('PATCH', `/products/${kettle}`, { status: 'archived' })
    expect(await archiving.json()).toMatchObject({ status: 'archived' })
    expect((await request(`/products/${kettle}`)).status).toBe(404)
    expect(await slugsOf(await request('/products'))).not.toContain('kettle-steel')
    await send('PATCH', `/products/${kettle}`, { status: 'active' })
    expect((await request(`/products/${kettle}`)).status).toBe(200)
  })

  test('a category that does not exist is 422', async () => {
    const response = await createTestApp().send('PATCH', `/products/${kettle}`, { categoryId: 4711 })
    expect(response.status).toBe(422)
    expect((await problemOf(response)).errors).toEqual([{ pointer: '/categoryId', detail: expect.any(String) }])
  })

  test.each([
    [{}, ['']],
    [{ name: '' }, ['/name']],
    [{ name: '   ' }, ['/name']],
    [{ name: 'a\0b' }, ['/name']],
    [{ name: 'x'.repeat(201) }, ['/name']],
    [{ description: 'a\0b' }, ['/description']],
    [{ status: 'deleted' }, ['/status']],
    [{ categoryId: 'kettles' }, ['/categoryId']],
    [{ price: 1, version: 2 }, ['/price', '/version']],
    [{ name: null }, ['/name']],
  ])('%j is refused, and points to %j', async (body, pointers) => {
    const response = await createTestApp().send('PATCH', `/products/${kettle}`, body)
    expect(response.status).toBe(400)
    const { errors = [] } = await problemOf(response)
    expect(errors.map((error) => 'pointer' in error && error.pointer)).toEqual(pointers)
  })
})

describe.each([
  ['PUT', `/products/${kettle}/price`, { amount: 2500, currency: 'EUR' }],
  ['PATCH', `/products/${kettle}`, { brand: 'Southern' }],
] as const)('%s %s', (method, path, body) => {
  test.each([
    ['ETAG', 200],
    ['"other", ETAG', 200],
    ['*', 200],
    ['W/ETAG', 412],
    ['"something-else"', 412],
    ['no-quotes', 400],
  ])('with If-Match %s is %d', async (ifMatch, status) => {
    const { request, send } = createTestApp()
    const etag = (await request(`/products/${kettle}`)).headers.get('ETag') ?? ''
    const response = await send(method, path, body, { 'If-Match': ifMatch.replace('ETAG', etag) })
    expect(response.status).toBe(status)
  })

  test('a write refused for its version changes nothing and names the version there is', async () => {
    const { request, send } = createTestApp()
    const response = await send(method, path, body, { 'If-Match': '"other"' })
    expect((await problemOf(response)).type).toBe('/problems/version-mismatch')
    const now = await request(`/products/${kettle}`)
    expect(response.headers.get('ETag')).toBe(now.headers.get('ETag'))
    expect(await now.json()).toMatchObject({ version: 1, brand: 'Nordic' })
  })

  test('of two writes on one version the second is refused', async () => {
    const { request, send } = createTestApp()
    const etag = (await request(`/products/${kettle}`)).headers.get('ETag') ?? ''
    const answers = await Promise.all([1, 2].map(() => send(method, path, body, { 'If-Match': etag })))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 412])
  })

  test.each([
    ['no token', {}, 'Bearer realm="shop"'],
    ['another scheme', { Authorization: 'Basic dXNlcjpwYXNz' }, 'Bearer realm="shop"'],
    ['another token', { Authorization: 'Bearer guess' }, 'Bearer realm="shop", error="invalid_token"'],
    ['the token twice', { Authorization: `${ADMIN.Authorization}, ${ADMIN.Authorization}` }, 'Bearer realm="shop"'],
  ])('with %s is 401, even with a body that is not valid', async (_name, headers, challenge) => {
    const response = await createTestApp().request(path, {
      method,
      headers: { 'Content-Type': 'application/json', ...headers } as Record<string, string>,
      body: '{}',
    })
    expect(response.status).toBe(401)
    expect(response.headers.get('WWW-Authenticate')).toBe(challenge)
    expect((await problemOf(response)).type).toBe('/problems/unauthorized')
  })

  test('a body that is not JSON is 400', async () => {
    const response = await createTestApp().request(path, {
      method,
      headers: { ...ADMIN, 'Content-Type': 'application/json' },
      body: '{"amount":',
    })
    expect(response.status).toBe(400)
    expect((await problemOf(response)).errors).toEqual([{ pointer: '', detail: 'Expected a body that is valid JSON.' }])
  })

  test.each(['text/plain', 'application/x-www-form-urlencoded'])('a body of type %s is 415', async (type) => {
    const response = await createTestApp().request(path, {
      method,
      headers: { ...ADMIN, 'Content-Type': type },
      body: JSON.stringify(body),
    })
    expect(response.status).toBe(415)
  })

  test('no body at all is 400', async () => {
    const response = await createTestApp().request(path, { method, headers: ADMIN })
    expect(response.status).toBe(400)
  })

  test('a body of 100 KB passes the limit, one byte more is 413', async () => {
    const sized = (bytes: number) => `{"x":"${'x'.repeat(bytes - 8)}"}`
    const atLimit = await createTestApp().request(path, {
      method,
      headers: { ...ADMIN, 'Content-Type': 'application/json' },
      body: sized(102_400),
    })
    expect(atLimit.status).toBe(400)
    const past = await createTestApp().request(path, {
      method,
      headers: { ...ADMIN, 'Content-Type': 'application/json' },
      body: sized(102_401),
    })
    expect(past.status).toBe(413)
    expect((await problemOf(past)).type).toBe('/problems/body-too-large')
  })

  test('a body without a declared length is measured while it arrives', async () => {
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(50_000).fill(32)),
    })
    const response = await createTestApp().request(path, {
      method,
      headers: { ...ADMIN, 'Content-Type': 'application/json' },
      body: endless,
      duplex: 'half',
    } as RequestInit)
    expect(response.status).toBe(413)
  })
})
