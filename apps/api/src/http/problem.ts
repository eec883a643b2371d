/**
 * Problem documents (RFC 9457): every answer of this API that is not a success.
 *
 * `PROBLEMS` is the one table from code to status. The code is the contract: it is the last part of `type`, which is
 * an address of this API that explains the problem and its cure. Handlers throw what the small functions below make;
 * `failure.ts` turns it into an answer. No detail repeats what the client sent.
 */

import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

interface ProblemKind {
  readonly status: ContentfulStatusCode
  readonly title: string
  /** Who can mend it and how; shown at the address in `type`. */
  readonly cure: string
}

export const PROBLEMS = {
  'invalid-request': {
    status: 400,
    title: 'The request is not valid.',
    cure: 'Each member of `errors` names a query parameter, a header or a body field (as a JSON pointer) and says what is expected of it. /openapi.json lists what each route accepts.',
  },
  unauthorized: {
    status: 401,
    title: 'This needs the token of an administrator.',
    cure: 'Send `Authorization: Bearer <token>` with the token this server was started with (ADMIN_TOKEN). `npm start` prints the one used in development.',
  },
  'customer-unauthorized': {
    status: 401,
    title: 'This needs the token of a customer.',
    cure: 'Send `Authorization: Bearer <token>` with a token that has not expired. To try it out, `npm run token -- --customer 42` makes one for customer 42.',
  },
  'not-found': {
    status: 404,
    title: 'There is nothing here.',
    cure: 'Check the path and the id. An archived product is not found either.',
  },
  'cache-off': {
    status: 404,
    title: 'This server runs without its cache.',
    cure: 'Start it with CACHE=on, or ask a server that has one. Every read goes to the database meanwhile.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'This path does not answer to that method.',
    cure: 'The `Allow` header lists the methods it does answer to.',
  },
  'insufficient-stock': {
    status: 409,
    title: 'There is not enough left.',
    cure: 'Each member of `errors` points to a line and says how much of its variant is left. Nothing was sold: order at most that, or leave the line out.',
  },
  'version-mismatch': {
    status: 412,
    title: 'The product has changed since you read it.',
    cure: 'Read it again, look at what changed, and repeat the write with the new ETag in `If-Match`.',
  },
  'body-too-large': {
    status: 413,
    title: 'The body is too large.',
    cure: 'Send at most 100 KB.',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'The body has a type this route does not read.',
    cure: 'Send JSON with `Content-Type: application/json`.',
  },
  'currency-mismatch': {
    status: 422,
    title: 'The product is sold in another currency.',
    cure: 'Send the price in the currency of the product. A product never changes its currency by a change of price.',
  },
  'unknown-reference': {
    status: 422,
    title: 'The body names something that does not exist.',
    cure: 'Each member of `errors` points to the field: a category that does not exist, a SKU that is not of this product, a cached resource that is not declared, or a variant that is not for sale.',
  },
  'mixed-currencies': {
    status: 422,
    title: 'The lines are sold in different currencies.',
    cure: 'An order has one currency. Place an order for each.',
  },
  'idempotency-key-reused': {
    status: 422,
    title: 'This Idempotency-Key has placed another order.',
    cure: 'Use a new key for a new order. To repeat an attempt, send the same body as the first time.',
  },
  'too-many-requests': {
    status: 429,
    title: 'You have sent too many requests.',
    cure: 'Try again after the time in `Retry-After`. `RateLimit-Policy` says how many requests you have (q) in each window of so many seconds (w), `RateLimit` how many are left (r).',
  },
  internal: {
    status: 500,
    title: 'The server failed.',
    cure: 'It is not the fault of the request. The log has a line with the same request id that says what happened.',
  },
  unavailable: {
    status: 503,
    title: 'The database does not answer at the moment.',
    cure: 'Try again after the time in `Retry-After`. /readyz says what is down.',
  },
} as const satisfies Record<string, ProblemKind>

export type ProblemCode = keyof typeof PROBLEMS

/** One thing wrong with the request: where (a body field by JSON pointer, or a parameter by name) and what was expected. */
export type RequestError =
  | { readonly pointer: string; readonly detail: string }
  | { readonly parameter: string; readonly detail: string }
  /** What is left of the variant of a line. */
  | { readonly pointer: string; readonly detail: string; readonly variantId: number; readonly left: number }

interface ProblemOptions {
  readonly errors?: readonly RequestError[]
  readonly headers?: Readonly<Record<string, string>>
}

/** Thrown by handlers and middleware, answered as a problem document. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly code: ProblemCode
  readonly errors: readonly RequestError[]
  readonly headers: Readonly<Record<string, string>>

  constructor(code: ProblemCode, detail: string, { errors = [], headers = {} }: ProblemOptions = {}) {
    super(detail)
    this.code = code
    this.errors = errors
    this.headers = headers
  }
}

export function invalidRequest(errors: readonly RequestError[]): ProblemError {
  return new ProblemError('invalid-request', 'See `errors` for what to change.', { errors })
}

export function unauthorized(challenge: string): ProblemError {
  return new ProblemError('unauthorized', 'The token is missing or is not the right one.', {
    headers: { 'WWW-Authenticate': challenge },
  })
}

export function customerUnauthorized(challenge: string): ProblemError {
  return new ProblemError('customer-unauthorized', 'The token is missing, has expired or is not a good one.', {
    headers: { 'WWW-Authenticate': challenge },
  })
}

export function productNotFound(): ProblemError {
  return new ProblemError('not-found', 'There is no product with this id.')
}

export function categoryNotFound(): ProblemError {
  return new ProblemError('not-found', 'There is no category with this slug.')
}

export function orderNotFound(): ProblemError {
  return new ProblemError('not-found', 'You have no order with this id.')
}

export function cachedResourceNotFound(): ProblemError {
  return new ProblemError('not-found', 'There is no cached resource with this name. GET /admin/cache lists them.')
}

export function cacheOff(): ProblemError {
  return new ProblemError('cache-off', 'The cache is switched off, so there is nothing to administer.')
}

export function routeNotFound(): ProblemError {
  return new ProblemError('not-found', 'There is no route with this path. /docs lists them.')
}

export function methodNotAllowed(allow: string): ProblemError {
  return new ProblemError('method-not-allowed', `This path answers to ${allow}.`, { headers: { Allow: allow } })
}

/** `etag` is that of the product as it is, so that a client sees at once whether it has read it since. */
export function versionMismatch(etag: string): ProblemError {
  return new ProblemError('version-mismatch', 'The product is not what `If-Match` names any more.', {
    headers: { ETag: etag },
  })
}

export function bodyTooLarge(): ProblemError {
  // The rest of the body is not read, so the connection cannot be used again.
  return new ProblemError('body-too-large', 'A body may have 100 KB.', { headers: { Connection: 'close' } })
}

export function unsupportedMediaType(): ProblemError {
  return new ProblemError('unsupported-media-type', 'This route reads application/json.')
}

export function currencyMismatch(currency: string): ProblemError {
  return new ProblemError('currency-mismatch', `This product is sold in ${currency}.`, {
    errors: [{ pointer: '/currency', detail: `Expected ${currency}.` }],
  })
}

export function unknownSku(): ProblemError {
  return new ProblemError('unknown-reference', 'The SKU is not of this product.', {
    errors: [{ pointer: '/sku', detail: 'Expected the SKU of a variant of this product.' }],
  })
}

export function unknownCategory(): ProblemError {
  return new ProblemError('unknown-reference', 'The category does not exist.', {
    errors: [{ pointer: '/categoryId', detail: 'Expected the id of a category.' }],
  })
}

export function unknownCachedResource(): ProblemError {
  return new ProblemError('unknown-reference', 'The cached resource is not declared.', {
    errors: [
      { pointer: '/resource', detail: 'Expected the name of a declared resource. GET /admin/cache lists them.' },
    ],
  })
}

/** Lines are counted from 0. */
export function insufficientStock(
  shortages: readonly { readonly line: number; readonly variantId: number; readonly left: number }[],
): ProblemError {
  return new ProblemError('insufficient-stock', 'Nothing was sold: not everything that was ordered is there.', {
    errors: shortages.map(({ line, variantId, left }) => ({
      pointer: `/lines/${line}/quantity`,
      detail: left === 0 ? 'Sold out.' : `At most ${left}.`,
      variantId,
      left,
    })),
  })
}

/** Lines are counted from 0. */
export function unknownVariants(lines: readonly number[]): ProblemError {
  return new ProblemError('unknown-reference', 'Not every variant that was ordered is for sale.', {
    errors: lines.map((line) => ({
      pointer: `/lines/${line}/variantId`,
      detail: 'Expected the id of a variant of a product that is for sale.',
    })),
  })
}

export function mixedCurrencies(): ProblemError {
  return new ProblemError('mixed-currencies', 'An order has one currency, and these lines have more.', {
    errors: [{ pointer: '/lines', detail: 'Expected variants that are sold in one currency.' }],
  })
}

export function idempotencyKeyReused(): ProblemError {
  return new ProblemError('idempotency-key-reused', 'You have placed an order with this key and other lines.', {
    errors: [{ parameter: 'Idempotency-Key', detail: 'Expected a key that has placed no other order.' }],
  })
}

export function tooManyRequests(retryAfterS: number): ProblemError {
  return new ProblemError('too-many-requests', 'Nothing was done. The next window begins soon.', {
    headers: { 'Retry-After': `${retryAfterS}` },
  })
}

export function internal(): ProblemError {
  return new ProblemError('internal', 'Something failed that should not. The request id finds it in the log.')
}

export function unavailable(): ProblemError {
  return new ProblemError('unavailable', 'What this request needs could not be read in time.', {
    headers: { 'Retry-After': '1' },
  })
}

const RequestErrorSchema = z
  .union([
    z.object({ pointer: z.string(), detail: z.string(), variantId: z.number().int(), left: z.number().int() }),
    z.object({ pointer: z.string(), detail: z.string() }),
    z.object({ parameter: z.string(), detail: z.string() }),
  ])
  .openapi('RequestError', { example: { parameter: 'limit', detail: 'Expected a whole number from 1 to 100.' } })

const ProblemSchema = z
  .object({
    type: z
      .string()
      .openapi({ description: 'An address that explains the problem. Its last part is the stable code.' }),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    requestId: z
      .string()
      .openapi({ description: 'The same as the X-Request-Id header; finds the request in the log.' }),
    errors: z.array(RequestErrorSchema).optional(),
  })
  .openapi('Problem')

export type Problem = z.infer<typeof ProblemSchema>

function toDocument(error: ProblemError, requestId: string): Problem {
  const { status, title } = PROBLEMS[error.code]
  return {
    type: `/problems/${error.code}`,
    title,
    status,
    detail: error.message,
    requestId,
    ...(error.errors.length > 0 && { errors: [...error.errors] }),
  }
}

export function renderProblem(c: Context, error: ProblemError): Response {
  return c.body(JSON.stringify(toDocument(error, c.get('requestId') ?? '')), PROBLEMS[error.code].status, {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
    ...error.headers,
  })
}

const EXAMPLES: Record<ProblemCode, ProblemError> = {
  'invalid-request': invalidRequest([{ parameter: 'limit', detail: 'Expected a whole number from 1 to 100.' }]),
  unauthorized: unauthorized('Bearer realm="shop"'),
  'customer-unauthorized': customerUnauthorized('Bearer realm="shop"'),
  'not-found': productNotFound(),
  'cache-off': cacheOff(),
  'method-not-allowed': methodNotAllowed('GET'),
  'insufficient-stock': insufficientStock([{ line: 0, variantId: 136, left: 1 }]),
  'version-mismatch': versionMismatch('"f8HkGzzpMVBcRz6Tq0vYQA"'),
  'body-too-large': bodyTooLarge(),
  'unsupported-media-type': unsupportedMediaType(),
  'currency-mismatch': currencyMismatch('EUR'),
  'unknown-reference': unknownSku(),
  'mixed-currencies': mixedCurrencies(),
  'idempotency-key-reused': idempotencyKeyReused(),
  'too-many-requests': tooManyRequests(7),
  internal: internal(),
  unavailable: unavailable(),
}

const EXAMPLE_REQUEST_ID = '8d5f0f3c-6a43-4f0e-9d53-6c1d6a5f1b0e'

/** What a route with a body, a token or neither can always answer, beside its own problems. */
export const READ_PROBLEMS = ['invalid-request', 'internal', 'unavailable'] as const satisfies readonly ProblemCode[]
export const ADMIN_PROBLEMS = [
  ...READ_PROBLEMS,
  'unauthorized',
  'too-many-requests',
] as const satisfies readonly ProblemCode[]
export const WRITE_PROBLEMS = [
  ...ADMIN_PROBLEMS,
  'body-too-large',
  'unsupported-media-type',
] as const satisfies readonly ProblemCode[]
/** Of a route of a customer. */
export const CUSTOMER_PROBLEMS = [
  ...READ_PROBLEMS,
  'customer-unauthorized',
  'too-many-requests',
] as const satisfies readonly ProblemCode[]

interface ProblemResponse {
  description: string
  headers?: Record<string, { schema: { type: 'string'; example: string } }>
  content: {
    'application/problem+json': {
      schema: typeof ProblemSchema
      examples: Record<string, { summary: string; value: Problem }>
    }
  }
}

type StatusOf<C extends ProblemCode> = (typeof PROBLEMS)[C]['status']

/** The OpenAPI responses of these problems, by status, with an example of each. */
export function problemResponses<C extends ProblemCode>(...codes: readonly C[]): Record<StatusOf<C>, ProblemResponse> {
  const responses: Record<number, ProblemResponse> = {}
  for (const code of codes) {
    const { status, title } = PROBLEMS[code]
    const headers = Object.entries(EXAMPLES[code].headers).filter(([name]) => name !== 'Connection')
    const examples = responses[status]?.content['application/problem+json'].examples ?? {}
    examples[code] = { summary: title, value: toDocument(EXAMPLES[code], EXAMPLE_REQUEST_ID) }
    responses[status] = {
      description: Object.values(examples)
        .map((example) => example.summary)
        .join(' Or: '),
      ...(headers.length > 0 && { headers: Object.fromEntries(headers.map(headerOf)) }),
      content: { 'application/problem+json': { schema: ProblemSchema, examples } },
    }
  }
  return responses as Record<StatusOf<C>, ProblemResponse>
}

function headerOf([name, example]: [string, string]): [string, { schema: { type: 'string'; example: string } }] {
  return [name, { schema: { type: 'string', example } }]
}
