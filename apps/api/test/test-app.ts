/**
 * A whole application without a port, a database or Redis. Each answer it gives is held against `/openapi.json`: a
 * status or a type of content that the document does not have fails the test that met it.
 */

import type { OpenAPIHono } from '@hono/zod-openapi'
import { expect } from 'vitest'

import { type AppDeps, createApp } from '../src/app.ts'
import { hashToken } from '../src/http/admin.ts'
import { MemoryCategories } from './memory-categories.ts'
import { MemoryProducts } from './memory-products.ts'
import { RecordingLog } from './recording-log.ts'

const TOKEN = 'the-token-of-the-tests'
export const ADMIN = { Authorization: `Bearer ${TOKEN}` }
export const CUSTOMER_SECRET = 'the-secret-that-signs-tokens-of-the-tests'

/** Aggregates, searches, orders and stock have no double: what they promise is what Postgres does. A test of them brings a database. */
const withoutDatabase = () => Promise.reject(new Error('This test has no database'))

export interface TestApp {
  readonly app: OpenAPIHono
  readonly log: RecordingLog
  readonly lifecycle: { draining: boolean }
  request(path: string, init?: RequestInit): Promise<Response>
  /** A request with a JSON body and the token of an administrator. */
  send(method: string, path: string, body: unknown, headers?: Record<string, string>): Promise<Response>
}

export function createTestApp(overrides: Partial<AppDeps> = {}): TestApp {
  const log = new RecordingLog()
  const lifecycle = { draining: false }
  const app = createApp({
    log,
    lifecycle,
    products: new MemoryProducts(),
    categories: new MemoryCategories(),
    aggregates: {
      facets: withoutDatabase,
      bestSellers: withoutDatabase,
      related: withoutDatabase,
      ratings: withoutDatabase,
    },
    search: { find: withoutDatabase },
    orders: { place: withoutDatabase, get: withoutDatabase },
    stock: { get: withoutDatabase },
    dependencies: [],
    adminTokenHash: hashToken(TOKEN),
    customerTokenSecret: CUSTOMER_SECRET,
    ...overrides,
  })

  async function request(path: string, init: RequestInit = {}): Promise<Response> {
    const response = await app.request(path, init)
    expectDocumented(await document(), init.method ?? 'GET', path, response)
    return response
  }

  return {
    app,
    log,
    lifecycle,
    request,
    send: (method, path, body, headers = {}) =>
      request(path, {
        method,
        headers: { 'Content-Type': 'application/json', ...ADMIN, ...headers },
        body: JSON.stringify(body),
      }),
  }
}

let documented: Promise<OpenApiDocument> | undefined

/** It depends on nothing that a test replaces, so one reading serves them all and leaves no line in their logs. */
function document(): Promise<OpenApiDocument> {
  documented ??= readOpenApi(createTestApp().app)
  return documented
}

interface OpenApiDocument {
  readonly paths: Record<string, Record<string, { responses: Record<string, { content?: Record<string, unknown> }> }>>
}

export async function readOpenApi(app: OpenAPIHono): Promise<OpenApiDocument> {
  return (await (await app.request('/openapi.json')).json()) as OpenApiDocument
}

function expectDocumented({ paths }: OpenApiDocument, method: string, path: string, response: Response): void {
  const { pathname } = new URL(path, 'http://localhost')
  const route = Object.keys(paths).find((template) =>
    new RegExp(`^${template.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`).test(pathname),
  )
  const operation = route === undefined ? undefined : paths[route]?.[method.toLowerCase()]
  if (operation === undefined) return
  const documented = operation.responses[response.status]
  expect(documented, `${method} ${route} answers ${response.status}, which /openapi.json does not have`).toBeDefined()
  const type = response.headers.get('Content-Type')?.split(';')[0]
  expect(type === undefined ? [] : [type]).toEqual(Object.keys(documented?.content ?? {}))
}
