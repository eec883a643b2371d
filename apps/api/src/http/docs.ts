/**
 * What the API says about itself: `/openapi.json`, a page to try it at `/docs`, and a page for each problem.
 *
 * The page is Swagger UI from the npm package, served from here: it works without the internet, and its content
 * security policy lets no other origin in and no inline script run. The files are read when first asked for.
 */

import { readFile } from 'node:fs/promises'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'

import application from '../../package.json' with { type: 'json' }
import { PROBLEMS, type ProblemCode, problemResponses, routeNotFound } from './problem.ts'

export const ADMIN_SCHEME = 'admin'
export const CUSTOMER_SCHEME = 'customer'

export const CACHE_STATUS_HEADER = {
  'Cache-Status': {
    description: 'What the cache did for this answer (RFC 9211). Absent while the cache is off.',
    schema: { type: 'string', example: 'shop; hit; ttl=295' },
  },
} as const

interface DocsOptions {
  /** Where clients reach the API; absent means: where the document came from. */
  readonly publicUrl: string | undefined
}

const problemRoute = createRoute({
  method: 'get',
  path: '/problems/{code}',
  tags: ['documentation'],
  summary: 'What a problem means and how to mend it',
  request: {
    params: z.object({ code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]) }),
  },
  responses: {
    200: {
      description: 'An explanation for people.',
      content: { 'text/plain': { schema: z.string(), example: describeProblem('version-mismatch') } },
    },
    ...problemResponses('not-found'),
  },
})

/** Adds the routes to `app`. Call it last: the document lists what is registered by then. */
export function addDocs(app: OpenAPIHono, { publicUrl }: DocsOptions): void {
  app.openapi(
    problemRoute,
    (c) => c.text(describeProblem(c.req.valid('param').code), 200),
    (result) => {
      if (!result.success) throw routeNotFound()
    },
  )

  app.openAPIRegistry.registerComponent('securitySchemes', ADMIN_SCHEME, {
    type: 'http',
    scheme: 'bearer',
    description: 'The administrator token (ADMIN_TOKEN). In development: dev-admin-token.',
  })
  app.openAPIRegistry.registerComponent('securitySchemes', CUSTOMER_SCHEME, {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'A JSON Web Token of a customer, signed with CUSTOMER_TOKEN_SECRET (HS256): `sub` is the id of the customer, `exp` is required. In development `npm run token -- --customer 42` makes one.',
  })
  const document = JSON.stringify(
    app.getOpenAPI31Document({
      openapi: '3.1.0',
      info: {
        title: 'shop',
        version: application.version,
        description:
          'A catalogue of products behind a multi-tier cache. `Cache-Status` (RFC 9211) on an answer says what the cache did for it. Errors are problem documents (RFC 9457).',
        license: { name: 'MIT' },
      },
      servers: [{ url: publicUrl ?? '/' }],
      tags: [
        { name: 'products', description: 'Read products, and change them as an administrator.' },
        { name: 'categories', description: 'The tree of categories.' },
        { name: 'orders', description: 'Order as a customer. Nothing here is cached.' },
        { name: 'administration', description: 'Look at the cache, explain it, invalidate and warm it.' },
        { name: 'health', description: 'For load balancers and supervisors.' },
        { name: 'documentation', description: 'What the API says about itself.' },
      ],
    }),
  )

  app.get('/openapi.json', (c) => c.body(document, 200, { 'Content-Type': 'application/json', ...REVALIDATE }))
  app.get('/docs', (c) => c.body(PAGE, 200, { ...PAGE_HEADERS, 'Content-Type': 'text/html; charset=utf-8' }))
  app.get('/docs/start.js', (c) => c.body(START, 200, { ...PAGE_HEADERS, 'Content-Type': SCRIPT }))
  for (const [name, type] of Object.entries(ASSETS)) {
    app.get(`/docs/${name}`, async (c) => c.body(await readAsset(name), 200, { ...PAGE_HEADERS, 'Content-Type': type }))
  }
}

function describeProblem(code: ProblemCode): string {
  const { status, title, cure } = PROBLEMS[code]
  return `${code} (status ${status})\n\n${title}\n\n${cure}\n`
}

/** The folder of the package, whose other files are not served. */
const SWAGGER_UI = import.meta.resolve('swagger-ui-dist/package.json')

const SCRIPT = 'text/javascript; charset=utf-8'

const ASSETS: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': SCRIPT,
  'favicon-32x32.png': 'image/png',
}

const REVALIDATE = { 'Cache-Control': 'no-cache' } as const

const PAGE_HEADERS = {
  ...REVALIDATE,
  // Swagger UI sets style attributes and draws its icons from data: addresses.
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
} as const

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>shop API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css">
    <link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
  </head>
  <body>
    <div id="page"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`

const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#page', deepLinking: true, validatorUrl: null })\n`

const assets = new Map<string, Promise<Uint8Array<ArrayBuffer>>>()

/** Each file is read once and kept: three files, 1.7 MB in all. */
function readAsset(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const known = assets.get(name)
  if (known) return known
  const bytes = readFile(new URL(name, SWAGGER_UI)).then((file) => new Uint8Array(file))
  // A failed read is not kept: the next request tries again.
  bytes.catch(() => assets.delete(name))
  assets.set(name, bytes)
  return bytes
}
