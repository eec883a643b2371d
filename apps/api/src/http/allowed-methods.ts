/**
 * Tells a wrong method from a wrong path. A path that some route has, asked with a method that none of them has, is
 * answered 405 with `Allow` (RFC 9110 section 15.5.6); any other is 404.
 */

import type { Hono, NotFoundHandler } from 'hono'

import { methodNotAllowed, renderProblem, routeNotFound } from './problem.ts'

/** Call it when all routes are there: they are read once. */
export function answerNoRoute(app: Pick<Hono, 'routes'>): NotFoundHandler {
  const methodsOf = new Map<string, Set<string>>()
  for (const { method, path } of app.routes) {
    if (method === 'ALL') continue
    const methods = methodsOf.get(path) ?? new Set()
    methodsOf.set(path, methods.add(method))
    if (method === 'GET') methods.add('HEAD')
  }
  const patterns = [...methodsOf].map(([path, methods]) => ({
    pattern: new RegExp(`^${path.split('/').map(segmentPattern).join('/')}$`),
    methods,
  }))

  return function answerNoRoute(c) {
    const allowed = patterns.filter(({ pattern }) => pattern.test(c.req.path)).flatMap(({ methods }) => [...methods])
    const problem = allowed.length > 0 ? methodNotAllowed([...new Set(allowed)].toSorted().join(', ')) : routeNotFound()
    return renderProblem(c, problem)
  }
}

function segmentPattern(segment: string): string {
  return segment.startsWith(':') ? '[^/]+' : segment.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
